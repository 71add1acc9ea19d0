# SPDX-License-Identifier: Apache-2.0
"""Phones and speakers over SIP: baresip as desk, phone and speakers, SIPp as peers that behave badly."""

import atexit
import socket
import sys
import time

import kt
import voice_kit as vk
from kt import case, equal, once

atexit.register(vk.stop_all)
RIGHTS = ["view", "history.read", "alarm.ack", "call", "call.hear", "broadcast", "drill"]
KEEPER = RIGHTS + ["export", "personal.erase"]
PEOPLE = [{"id": "dispatcher", "places": ["mine"], "rights": RIGHTS},
          {"id": "heading", "places": ["H1"], "rights": RIGHTS},
          {"id": "keeper", "places": ["mine"], "rights": KEEPER},
          {"id": "watcher", "places": ["mine"], "rights": ["view", "history.read"]}]


class World:
    """A program with real peers. devices: (id, role, place, uri)."""

    def __init__(self, devices, people=PEOPLE, points=(), sip=None, **more):
        link = {"id": "sip", "kind": "sip", "host": "127.0.0.1", "port": vk.udp_port(), "probe_s": 2, **(sip or {})}
        rows = [kt.point(i, f"voice.{r}", p, link="sip", address=u) for i, r, p, u in devices]
        links, clock = more.pop("links", []), more.pop("clock", None)
        self.site = kt.make_site(rows + list(points), packs=("core", "gas", "voice"), people=people,
                                 links=[link] + links, **more)
        self.program = kt.Program(self.site, *(["--sim-clock", clock.address] if clock else []))
        self.c = self.program.user("wang", "dispatcher")

    def ask(self, verb, client=None, **args):
        return (client or self.c).call("POST", "/requests", {"verb": verb, "args": args})[:2]

    def start(self, verb, **args):
        status, body = self.ask(verb, **args)
        assert status == 200, f"{verb} {args}: {status} {body}"
        return body["result"]["talk"]

    def talk(self, ident):
        return next(t for t in self.c.get("/voice")["talks"] if t["id"] == ident)

    def wait(self, ident, what, limit=60):
        """Until the talk is `what`: a state, or a test of the talk."""
        fn = what if callable(what) else lambda t: t["state"] == what
        return kt.wait_for(f"talk {ident} {what}", lambda: fn(self.talk(ident)) and self.talk(ident), limit)

    def events(self, kind, ident):
        items = self.c.get("/events?limit=500")["items"]
        found = [dict(i["body"], seq=i["seq"]) for i in items
                 if i["kind"] == "outcome" and i["body"].get("type") == kind and i["body"].get("id") == ident]
        return found[::-1]

    def recording(self, kind, ident, client=None):
        end = kt.wait_for("the end in the journal", lambda: [e for e in self.events(kind, ident) if e["change"] == "end"])
        return (client or self.c).raw("GET", f"/api/v1/recordings/{end[0]['seq']}", None, None)


@once
def world():
    vk.need("baresip", "espeak-ng")
    w = World.__new__(World)
    w.desk, w.phone = vk.Baresip("desk", hz=440), vk.Baresip("p1", hz=880)
    w.manual = vk.Baresip("p2", auto=False)
    w.third = vk.Baresip("p3", hz=1320)
    w.other_desk = vk.Baresip("desk2")
    w.speakers = [vk.Baresip(f"s{i}") for i in range(2)]
    w.__init__([("DESK", "desk", "mine", w.desk.uri), ("DESK2", "desk", "mine", w.other_desk.uri), ("PH1", "phone", "P1-face", w.phone.uri),
                ("PH2", "phone", "H1-heading", w.manual.uri),
                ("PH3", "phone", "P1-return", w.third.uri), ("S0", "speaker", "P1-face", w.speakers[0].uri),
                ("S1", "speaker", "P1-return", w.speakers[1].uri),
                ("DEAD", "speaker", "P1-intake", f"sip:x@127.0.0.1:{vk.udp_port()}")], sip={"ring_s": 8})
    return w


@case("devices that answer OPTIONS are 1, one that is not there is 0")
def probes():
    w = world()
    kt.wait_for("all were asked", lambda: all(d["answers"] != "unknown" for d in w.c.get("/voice")["devices"]))
    got = {d["id"]: d["answers"] for d in w.c.get("/voice")["devices"]}
    equal(got, {"DESK": "yes", "DESK2": "yes", "PH1": "yes", "PH2": "yes", "PH3": "yes", "S0": "yes", "S1": "yes", "DEAD": "no"})


@case("a call rings the desk, then the phone, joins them and records both")
def call():
    w = world()
    t = w.start("call.start", to="PH1")
    since = w.wait(t, "talking")["answered"]
    time.sleep(2)  # they speak
    kt.wait_for("who speaks is there", lambda: all(v == 1 and at > since for v, _, at in w.c.live("DESK", "PH1").values()))
    equal(w.ask("call.end", talk=t)[0], 200)
    talk = w.wait(t, "ended")
    equal(talk["result"], "hung-up")
    kt.wait_for("the phone has heard the desk", lambda: w.phone.sound() > 0.05)
    kt.wait_for("the desk has heard the phone", lambda: w.desk.sound() > 0.05)
    changes = [e["change"] for e in w.events("call", t)]
    equal(changes, ["start", "desk", "ringing", "talking", "end"])
    status, body, headers = w.recording("call", t)
    equal((status, headers["Content-Type"]), (200, "audio/wav"))
    left, right = vk.channels(body)
    assert vk.loudness(left) > 0.02 and vk.loudness(right) > 0.02, (vk.loudness(left), vk.loudness(right))


@case("who has not the right, or not the place, neither calls nor hears")
def rights():
    w = world()
    other, plain = w.program.user("li", "heading"), w.program.user("zhao", "watcher")
    equal(w.ask("call.start", other, to="PH1")[0], 403)
    equal(w.ask("call.start", plain, to="PH1")[0], 403)
    equal(w.ask("broadcast.start", other, place="P1", text="x")[0], 403)
    t = next(t["id"] for t in w.c.get("/voice")["talks"] if t["kind"] == "call")
    equal(w.recording("call", t, other)[0], 404)
    equal(w.recording("call", t, plain)[0], 403)
    equal(w.ask("call.start", to="S9")[0], 404)


@case("a phone that is not taken up rings, and can be hung up; nobody is called twice; two dispatchers call at once")
def ringing():
    w = world()
    t = w.start("call.start", to="PH2")
    w.wait(t, "ringing")
    equal(w.ask("call.start", to="PH2")[0], 409)
    # a second dispatcher meanwhile: the desk that is free is rung, the one in a call is not to be had
    second = w.program.user("sun", "dispatcher")
    equal(w.ask("call.start", second, to="PH1", desk="DESK")[0], 409)
    status, body = w.ask("call.start", second, to="PH1")
    equal((status, w.wait(body["result"]["talk"], "talking")["desk"]), (200, "DESK2"))
    equal(w.ask("call.end", talk=t)[0], 200)
    equal(w.wait(body["result"]["talk"], lambda x: x["state"] != "ended" and x["answered"])["by"], "sun")
    equal(w.ask("call.end", second, talk=body["result"]["talk"])[0], 200)
    talk = w.wait(t, "ended")
    assert "recording" not in talk and not talk.get("answered"), talk


@case("a call to a place: all its phones ring, who answers joins, who does not is listed; a line that dies does not hold the call")
def area():
    w = world()
    equal(w.ask("call.start", place="P1-intake")[0], 404)  # no phone is there
    equal(w.ask("call.start", w.program.user("zhou", "heading"), place="P1")[0], 403)
    status, body = w.ask("call.start", place="mine")
    equal((status, body["result"]["phones"]), (200, 3))
    t = body["result"]["talk"]
    w.wait(t, lambda x: x["at"] == {"PH1": "joined", "PH2": "asked", "PH3": "joined"})
    equal(w.ask("call.start", to="PH1")[0], 409)
    time.sleep(1)  # they speak
    w.third.freeze()  # their lines are dead: neither sound nor report; PH2 rings until its time is over
    w.phone.freeze()
    talk = w.wait(t, "ended")
    equal((talk["result"], talk["place"], talk["at"]), ("lost", "mine", {"PH1": "joined", "PH2": "silent", "PH3": "joined"}))
    w.phone.thaw()
    w.third.thaw()
    end = w.events("call", t)[-1]
    equal((end["phones"], end["joined"], end["silent"]), (3, 2, ["PH2"]))
    kt.wait_for("the third has heard the others", lambda: w.third.sound() > 0.02)
    w.area = t
    left, right = (vk.loudness(c) for c in vk.channels(w.recording("call", t)[1]))
    assert left > 0.02 and right > 0.02, (left, right)


@case("words reach the speakers of a place; who is silent is listed; the rest is confirmed by RTCP")
def words():
    w = world()
    t = w.start("broadcast.start", place="P1", text="注意，工作面瓦斯超限，请立即撤离。")
    talk = w.wait(t, "ended")
    equal(talk["at"], {"S0": "confirmed", "S1": "confirmed", "DEAD": "silent"})
    end = w.events("broadcast", t)[-1]
    equal((end["speakers"], end["confirmed"], end["sent"], end["silent"]), (3, 2, 0, ["DEAD"]))
    for s in w.speakers:
        kt.wait_for("the speaker heard it", lambda s=s: s.sound() > 0.02)
    status, body, _ = w.recording("broadcast", t)
    equal(status, 200)
    assert vk.loudness(vk.channels(body)[0]) > 0.02


@case("who hears a recording is an event; it is erased by a person with a reason: its bytes go, the event with its hash stays")
def erased():
    w = world()
    t = w.area
    hash_of = w.events("call", t)[-1]["recording"]
    body = w.site.dir / "data/bodies" / hash_of[:2] / hash_of
    keeper = w.program.user("qian", "keeper")
    seq = w.events("call", t)[-1]["seq"]
    equal(w.c.raw("GET", f"/api/v1/recordings/{seq}?download=1", None, None)[0], 403)
    status, _, headers = keeper.raw("GET", f"/api/v1/recordings/{seq}?download=1", None, None)
    equal((status, headers["Content-Disposition"]), (200, f'attachment; filename="talk-{t}.wav"'))
    equal(w.ask("recording.erase", talk=t, reason="x")[0], 403)
    equal(w.ask("recording.erase", keeper, talk=t)[0], 400)
    assert body.exists()
    equal(w.ask("recording.erase", keeper, talk=t, reason="本人要求")[0], 200)
    kt.wait_for("its bytes are gone", lambda: not body.exists())
    equal(w.recording("call", t)[0], 404)
    assert "recording" not in w.talk(t)
    equal(w.ask("recording.erase", keeper, talk=t, reason="x")[0], 404)
    told = [(e["change"], e["by"]) for e in w.events("recording", t)]
    equal(told, [("hear", "wang"), ("export", "qian"), ("erase", "qian")])
    equal(w.events("call", t)[-1]["recording"], hash_of)
    # the past: the second in which both had joined knows the talk, and no later one
    at = w.talk(t)["answered"] + 500
    then = w.c.get(f"/replay?at={at}")["talks"]
    equal((then[-1]["id"], then[-1]["state"]), (t, "talking"))
    marks = w.c.get(f"/events?type=call,broadcast&from={at - 60000}&limit=500")["items"]
    equal({i["body"]["type"] for i in marks} - {"call", "broadcast"}, set())


@case("recordings leave by their number of megabytes and by their age, the oldest first; the chain keeps hash and reason")
def retention():
    vk.need("espeak-ng")
    clock = kt.SiteClock()
    w = World([(f"S{i}", "speaker", "P1-face", f"sip:x@127.0.0.1:{vk.udp_port()}") for i in range(2)],
              sip={"keep_days": 1, "keep_mb": 1}, clock=clock)
    talks = [w.start("broadcast.start", points=[f"S{i}"], text=text * 15) for i, text in enumerate(("一二三四五六七八九。", "九八七六五四三二一。"))]
    ends = []
    for t in talks:  # nobody answers; what was to be said is kept all the same
        equal(w.wait(t, "ended")["result"], "no-answer")
        ends.append(kt.wait_for("its end in the journal", lambda t=t: [e for e in w.events("broadcast", t) if e["change"] == "end"])[0])
    bodies = [w.site.dir / "data/bodies" / e["recording"][:2] / e["recording"] for e in ends]

    began = kt.now_ms() - 3600_000

    def told(kind, change):
        items = w.c.get("/events", type=kind, limit=50, **{"from": began, "to": kt.now_ms() + 30 * 3600_000})["items"]
        return [i["body"] for i in items[::-1] if i["body"]["change"] == change]

    def erased():
        return [(e["id"], e["why"], e["hash"]) for e in told("recording", "erase")]
    kt.wait_for("together they are too much", erased)
    first = 0 if erased()[0][0] == talks[0] else 1  # which ended first is for the speech synthesis to say
    old, new = ends[first], ends[1 - first]
    equal(erased(), [(old["id"], "quota", old["recording"])])
    kt.wait_for("the bytes of the older one are gone", lambda: not bodies[first].exists())
    assert bodies[1 - first].exists() and bodies[1 - first].stat().st_size > 300_000
    clock.ahead_ms = 25 * 3600 * 1000
    kt.wait_for("a day later the other one's are, too", lambda: not bodies[1 - first].exists())
    w.c = w.program.login("wang", w.c.password)
    equal(erased(), [(old["id"], "quota", old["recording"]), (new["id"], "days", new["recording"])])
    equal([w.c.raw("GET", f"/api/v1/recordings/{e['seq']}", None, None)[0] for e in ends], [404, 404])
    equal({e["recording"] for e in told("broadcast", "end")}, {e["recording"] for e in ends})
    w.program.stop()
    kt.kuangtu("verify", w.site.dir)


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="bad"><recv request="INVITE" crlf="true"></recv>"""
ANSWER = """<send><![CDATA[

SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]b[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:bad@[local_ip]:[local_port]>
{more}
]]></send>"""
SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 {at}
s=-
c=IN IP4 {at}
t=0 0
m=audio {port} RTP/AVP {codec}
"""


def scenario(status, more="Content-Length: 0", then="ACK"):
    wait = f'<recv request="{then}"></recv><pause milliseconds="60000"/>' if then else '<pause milliseconds="60000"/>'
    return HEAD + ANSWER.format(status=status, more=more) + wait + "</scenario>"


def bad_peers(trap):
    return {
        "RING": (scenario("180 Ringing", then=None), "silent"),
        "BUSY": (scenario("486 Busy Here"), "refused"),
        "AUTH": (scenario('401 Unauthorized', 'WWW-Authenticate: Digest realm="x", nonce="y"\nContent-Length: 0'), "refused"),
        "MOVED": (scenario("302 Moved Temporarily", f"Contact: <sip:spy@127.0.0.1:{trap}>\nContent-Length: 0"), None),
        "NOSDP": (scenario("200 OK"), "refused"),
        "BROKEN": (scenario("200 OK", "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\nm=audio oops RTP/AVP\nc=\n"), "refused"),
        "G729": (scenario("200 OK", SDP.format(at="127.0.0.1", port=20000, codec=18)), "refused"),
        "PORT0": (scenario("200 OK", SDP.format(at="127.0.0.1", port=0, codec=8)), "refused"),
        "THIRD": (scenario("200 OK", SDP.format(at="127.0.0.2", port=20000, codec=8)), "refused"),
        "LONG": (scenario("200 OK", "Content-Type: application/sdp\nContent-Length: 99999\n\nv=0\n"), None),
    }


@once
def many():
    """Fifty speakers that are spoken to while the peers that behave badly have their turn."""
    vk.need("sipp", "espeak-ng")
    port = vk.udp_port()
    text = scenario("200 OK", SDP.format(at="127.0.0.1", port=9, codec=8)).replace("</scenario>", "").replace(
        '<pause milliseconds="60000"/>', '<recv request="BYE"></recv>') + ANSWER.format(status="200 OK", more="Content-Length: 0") + "</scenario>"
    vk.Sipp(text, port)
    w = World([(f"S{i}", "speaker", "P1-face", f"sip:s{i}@127.0.0.1:{port}") for i in range(50)], sip={"probe_s": 3600})
    w.many = w.start("broadcast.start", place="P1", text="立即撤离。")
    return w


@case("fifty speakers at once: the program answers meanwhile")
def fifty():
    w = many()
    kt.wait_for("they are spoken to", lambda: "speaking" in w.talk(w.many)["at"].values())
    start = time.monotonic()
    w.talk(w.many)
    kt.note(f"while fifty are spoken to, an answer takes {(time.monotonic() - start) * 1000:.0f} ms")


@case("peers that behave badly: each call ends with its reason, nothing goes to a third address, the next call works")
def hostile():
    vk.need("sipp", "baresip", "espeak-ng")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spy:
        spy.bind(("127.0.0.1", 0))
        spy.settimeout(0.2)
        peers = bad_peers(spy.getsockname()[1])
        ports = {name: vk.udp_port() for name in peers}
        good, desk = vk.Baresip("good"), vk.udp_port()
        w = World([(name, "speaker", "P1-face", f"sip:bad@127.0.0.1:{p}") for name, p in ports.items()] +
                  [("GOOD", "speaker", "P1-return", good.uri), ("DECLINES", "desk", "mine", f"sip:bad@127.0.0.1:{desk}")], sip={"probe_s": 3600})
        # SIPp knows its scenario alone: it comes after the devices were asked
        kt.wait_for("all were asked", lambda: all(d["answers"] != "unknown" for d in w.c.get("/voice")["devices"]))
        for name, (text, _) in peers.items():
            vk.Sipp(text, ports[name])
        vk.Sipp(scenario("603 Decline"), desk)
        equal(w.wait(w.start("call.start", to="GOOD"), "ended")["result"], "desk-declined")
        talk = w.wait(w.start("broadcast.start", place="P1", text="试音。"), "ended")
        at = talk["at"]
        equal(at.pop("GOOD"), "confirmed")
        equal({k: v for k, v in at.items() if v in ("confirmed", "sent", "asked")}, {})
        for name, (_, want) in peers.items():
            assert want is None or at[name] == want, (name, at)
        try:
            equal(spy.recv(2000), b"", "a redirected call went out")
        except TimeoutError:
            pass
        # again, with all of them used up: they are silent, the good one is not
        talk = w.wait(w.start("broadcast.start", points=["GOOD", "MOVED"], text="再试。"), "ended")
        equal(talk["at"]["GOOD"], "confirmed")


@case("all fifty have been spoken to")
def fifty_over():
    talk = many().wait(many().many, "ended")
    equal(sorted(set(talk["at"].values())), ["sent"])
    kt.note(f"50 speakers in {(talk['ended'] - talk['started']) / 1000:.1f} s")


@case("an emergency takes a phone over from a call, a drill is marked in what is said; a speaker that dies meanwhile is not confirmed")
def outranks():
    w = world()
    victim = w.speakers[1]
    d = w.start("broadcast.start", points=["S1"], text="一二三四五六七八九十。" * 2)
    t = w.start("call.start", to="S0")
    w.wait(t, "talking")
    w.wait(d, lambda x: x["at"]["S1"] == "speaking")
    victim.freeze()
    equal(w.ask("drill.start", title="演练试验")[0], 200)
    b = w.start("broadcast.start", points=["S0"], text="撤离。", emergency=True)
    equal(w.wait(t, "ended")["result"], "outranked")
    talk = w.wait(b, "ended")
    equal((talk["at"]["S0"], talk["text"][:2], talk["drill"], talk["emergency"]), ("confirmed", "演练", True, True))
    equal(w.ask("drill.stop")[0], 200)
    talk = w.wait(d, "ended")
    assert talk["at"]["S1"] in ("sent", "silent"), talk
    victim.stop()


@case("a rule speaks to the speakers of the place and rings the desk as soon as its alarm is raised")
def linked():
    vk.need("baresip", "espeak-ng")
    desk, speaker = vk.Baresip("desk"), vk.Baresip("sp")
    rules = """rules:
  - id: test.gas
    title: {zh: 瓦斯超限, en: Gas}
    select: {role: temp.face}
    raise: self > 30 degC
    priority: 1
    statutory: false
    category: process
    cause: {zh: 试验, en: test}
    consequence: {zh: 试验, en: test}
    action: {zh: 试验, en: test}
    then: [{broadcast: place, text: {zh: 瓦斯超限，立即撤离。, en: Gas. Leave.}}, {call: DESK}]
"""
    w = World([("DESK", "desk", "mine", desk.uri), ("SP", "speaker", "P1-face", speaker.uri)], rules=rules,
              points=[kt.point("T1", "temp.face", "P1-face", link="push", range_lo=0, range_hi=60)])
    equal(w.ask("drill.start", title="演练试验")[0], 200)
    w.program.samples(("T1", 40))

    def both():
        got = {x["kind"]: x for x in w.c.get("/voice")["talks"]}
        return got if {"broadcast", "ring"} <= set(got) and got["broadcast"]["state"] == "ended" else None
    got = kt.wait_for("words and a call", both)
    equal((got["broadcast"]["at"], got["broadcast"]["by"]), ({"SP": "confirmed"}, "rule:test.gas"))
    assert not any("演练" in x["text"] or x.get("drill") for x in got.values()), f"real, whatever drill is under way: {got}"
    assert got["broadcast"]["emergency"] and "瓦斯超限" in got["ring"]["text"], got


if __name__ == "__main__":
    sys.exit(kt.main())
