# SPDX-License-Identifier: Apache-2.0
"""Alarms that nobody acknowledges: rung over SIP (baresip), by text message (a modem on a
pseudo-terminal), by mail (Python's own SMTP server); and what happens when all of that fails."""

import atexit
import email
import os
import pty
import sys
import threading
import tty
import warnings

import kt
import voice_kit as vk
from kt import case, equal

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import asyncore
    import smtpd

atexit.register(vk.stop_all)
RIGHTS = ["view", "history.read", "alarm.ack", "handover", "alarm.shelve"]
PEOPLE = [{"id": "dispatcher", "places": ["mine"], "rights": RIGHTS}]
RULE = """rules:
  - id: test.hot
    title: {zh: 温度高, en: Hot}
    select: {role: temp.face}
    raise: self > 30 degC
    priority: 1
    statutory: false
    category: process
    cause: {zh: 试验, en: test}
    consequence: {zh: 试验, en: test}
    action: {zh: 试验, en: test}
    within: 1s
"""


class Modem:
    """A GSM modem on a pseudo-terminal. mode: good, refuse, no-signal, mute, slow, nonsense, endless."""

    def __init__(self, mode="good"):
        self.mode, self.sent = mode, []
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self.slave = slave
        threading.Thread(target=self.run, daemon=True).start()

    def say(self, text):
        data = text.encode()
        if self.mode == "slow":
            for b in data:
                os.write(self.master, bytes([b]))
        else:
            os.write(self.master, data)

    def run(self):
        data, pdu = b"", False
        while True:
            try:
                data += os.read(self.master, 512)
            except OSError:
                return
            while True:
                end = min((i for i in (data.find(b"\r"), data.find(b"\x1a"), data.find(b"\x1b")) if i >= 0), default=-1)
                if end < 0:
                    break
                line, data = data[:end].decode("ascii", "replace"), data[end + 1:]
                pdu = self.answer(line, pdu)

    def answer(self, line, pdu):
        if self.mode == "mute":
            return False
        while self.mode == "endless":
            self.say("\r\nRING\r\n" * 20)
        if self.mode == "nonsense":
            self.say("\x00\xff+CSQ:,,,\r\n+CREG\r\nRING\r\n+CMGS:x\r\nERROR\r\n")
            return False
        if pdu:
            if self.mode == "refuse":
                self.say("\r\n+CMS ERROR: 500\r\n")
            else:
                self.sent.append(line)
                self.say(f"\r\n+CMTI: \"SM\",1\r\n\r\n+CMGS: {len(self.sent)}\r\n\r\nOK\r\n")
            return False
        if line.startswith("AT+CMGS="):
            self.say("\r\n> ")
            return True
        self.say({"AT+CPIN?": "\r\n+CPIN: READY\r\n", "AT+CREG?": "\r\n+CREG: 0,1\r\n",
                  "AT+CSQ": "\r\n+CSQ: 99,99\r\n" if self.mode == "no-signal" else "\r\n+CSQ: 20,99\r\n"}.get(line, "") + "\r\nOK\r\n")
        return False

    def texts(self):
        """Texts by number, parts put together (TS 23.040)."""
        got = {}
        for pdu in self.sent:
            o = bytes.fromhex(pdu)
            first, digits = o[1], o[3]
            n = (digits + 1) // 2
            number = "".join(f"{b & 15:x}{b >> 4:x}" for b in o[5:5 + n])[:digits]
            at = 5 + n
            equal(o[at + 1], 8, "coding")
            body = o[at + 4:at + 4 + o[at + 3]]
            got[number] = got.get(number, "") + (body[6:] if first & 0x40 else body).decode("utf-16-be")
        return got


class Mailbox(smtpd.SMTPServer):
    def __init__(self):
        self.got, self.map = [], {}
        super().__init__(("127.0.0.1", 0), None, map=self.map)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=lambda: asyncore.loop(0.1, map=self.map), daemon=True).start()

    def process_message(self, peer, mailfrom, rcpttos, data, **kwargs):
        self.got.append((mailfrom, rcpttos, email.message_from_bytes(data)))


class World:
    def __init__(self, steps, contacts, links, points=()):
        self.site = kt.make_site(
            [kt.point("T1", "temp.face", "P1-face", link="push", range_lo=0, range_hi=60),
             kt.point("WR", "voice.unreached", "mine", unit="1"), *points],
            packs=("core", "gas", "voice"), people=PEOPLE, rules=RULE, links=links,
            climb={"contacts": "secrets/contacts.csv",
                   "ladders": [{"id": "all", "priority": 1, "within": "1s", "steps": steps}]})
        self.site.write("secrets/contacts.csv", "id,phone,sms,mail\n" + contacts)
        self.program = kt.Program(self.site)
        self.c = self.program.user("wang", "dispatcher")

    def hot(self, value=40):
        self.program.samples(("T1", value))

    def events(self, kind="climb"):
        items = self.c.get("/events?limit=500")["items"]
        return [i["body"] for i in items if i["kind"] == "outcome" and i["body"].get("type") == kind][::-1]

    def wait(self, change, kind="climb", **more):
        def fn():
            return [e for e in self.events(kind) if e["change"] == change and all(e.get(k) == v for k, v in more.items())]
        return kt.wait_for(f"{kind} {change} {more}", fn, every=0.1)

    def alarm(self, rule):
        return [a for a in self.c.get("/alarms?state=active")["items"] if a["rule"] == rule]


def step(after, by, to):
    return {"after": after, "by": by, "to": to}


@case("the person on duty is rung and hears it, then a text message in Chinese, then mail; an acknowledgement ends it")
def climbs():
    vk.need("baresip", "espeak-ng")
    phone, modem, box = vk.Baresip("duty"), Modem(), Mailbox()
    w = World([step("0s", "phone", "duty"), step("1s", "sms", "chief"), step("2s", "mail", "chief"), step("1h", "mail", "chief")],
              f"li,{phone.uri},,\nchief,,+8613812345678,chief@mine.example\n",
              [{"id": "sip", "kind": "sip", "host": "127.0.0.1", "port": vk.udp_port()},
               {"id": "modem", "kind": "sms", "device": modem.path},
               {"id": "mail", "kind": "mail", "host": "127.0.0.1", "port": box.port, "tls": "none", "from": "kuangtu@mine.example"}])
    equal(w.c.call("POST", "/requests", {"verb": "handover.sign", "args": {"shift": "day", "from": "wang", "to": "li"}})[0], 200)
    w.hot()
    w.wait("step", step=1, by="phone", to="li")
    kt.wait_for("it is taken up", lambda: [x for x in w.c.get("/voice")["talks"] if x["state"] == "talking"])
    vk.press_from_elsewhere("1")
    heard = phone.heard_bytes()
    kt.wait_for("half a second of the words comes after it", lambda: phone.heard_bytes() > heard + 8000)

    def press():
        phone.press("1")
        return [e for e in w.events() if e["change"] == "reached"]
    equal([e for e in w.events() if e["change"] == "reached"], [], "a key from another address")
    kt.wait_for("key 1 is heard", press, every=0.5)
    w.wait("reached", step=1, result="heard")
    w.wait("reached", step=2, result="accepted")
    text = modem.texts()["8613812345678"]
    assert text.startswith("报警无人确认。采煤工作面，测点 T1，温度高"), text
    w.wait("reached", step=3, result="accepted")
    sender, to, message = box.got[0]
    equal((sender, to), ("kuangtu@mine.example", ["chief@mine.example"]))
    equal(message.get_payload(decode=True).decode().strip(), text.strip())
    a = w.alarm("test.hot")[0]
    equal(a["state"], "unack", "being told acknowledges nothing")
    equal(len(w.c.get("/voice")["climbs"]), 1)
    equal(w.c.call("POST", "/requests", {"verb": "alarm.ack", "args": {"alarms": [a["id"]], "note": "seen"}})[0], 200)
    kt.wait_for("the climb is over", lambda: not w.c.get("/voice")["climbs"])
    equal(w.alarm("voice.unreached"), [])
    journal = b"".join(f.read_bytes() for f in (w.site.dir / "data/journal").rglob("*") if f.is_file())
    assert b"13812345678" not in journal and b"chief@mine" not in journal, "numbers stand in the journal"


@case("a ladder that reaches nobody is an alarm about itself, and the alarm stays as it was")
def nobody():
    modem = Modem("refuse")
    w = World([step("0s", "phone", "nobody"), step("0s", "sms", "chief"), step("1s", "mail", "chief")],
              f"nobody,sip:x@127.0.0.1:{vk.udp_port()},,\nchief,,+8613812345678,chief@mine.example\n",
              [{"id": "sip", "kind": "sip", "host": "127.0.0.1", "port": vk.udp_port(), "ring_s": 2},
               {"id": "modem", "kind": "sms", "device": modem.path, "timeout_s": 3},
               {"id": "mail", "kind": "mail", "host": "127.0.0.1", "port": kt.free_port(), "tls": "none", "from": "kuangtu@mine.example"}])
    w.hot()
    w.wait("failed", step=1, result="no-answer")
    w.wait("failed", step=2, result="failed")
    w.wait("failed", step=3, result="failed")
    w.wait("nobody")
    kt.wait_for("an alarm about itself", lambda: w.alarm("voice.unreached"))
    equal(w.alarm("test.hot")[0]["state"], "unack")
    equal(len(w.events()), 7)


@case("a modem without signal, mute, slow, talking nonsense or without an end is named, and holds nothing up")
def bad_modems():
    worlds = []
    # the mute one first: its time runs out while the others begin
    for mode, text in (("mute", "does not answer"), ("endless", "does not answer"), ("no-signal", "no signal"), ("nonsense", "refuses"), ("slow", "")):
        modem = Modem(mode)
        w = World([step("0s", "sms", "chief")], "chief,,+8613812345678,\n",
                  [{"id": "modem", "kind": "sms", "device": modem.path, "timeout_s": 2}])
        w.hot()
        worlds.append((mode, text, modem, w))
    for mode, text, modem, w in worlds[::-1]:
        w.wait("reached" if mode == "slow" else "failed", step=1)
        link = next(x for x in w.c.get("/health")["links"] if x["id"] == "modem")
        assert text in link["text"], (mode, link)
        equal(link["up"], mode == "slow", mode)


@case("kuangtu check names what is wrong with phones, ladders, modem and mail")
def check():
    w = kt.make_site([kt.point("PH", "voice.phone", "mine", link="push"), kt.point("A", "voice.speaker", "mine", link="sip", address="s1")],
                     packs=("core", "gas", "voice"),
                     links=[{"id": "sip", "kind": "sip", "host": "phones.example", "user": "a b"},
                            {"id": "sip2", "kind": "sip", "host": "127.0.0.1"},
                            {"id": "modem", "kind": "sms", "device": "ttyUSB0"},
                            {"id": "mail", "kind": "mail", "host": "h", "from": "nobody", "user": "x"}],
                     climb={"contacts": "../x.csv", "ladders": [{"id": "a", "steps": [step("5s", "phone", "duty"), step("1s", "fax", "x")]}]})
    out = kt.kuangtu("check", w.dir, check=False)
    text = out.stdout + out.stderr
    for want in ("needs a link of kind sip", "sip:NAME@HOST", "own IPv4 address", "one word", "of kind sip, too",
                 "path of a serial line", "is an address", "no password_file", "leads out of the site", "fax"):
        assert want in text, (want, text)
    assert out.returncode != 0


if __name__ == "__main__":
    sys.exit(kt.main())
