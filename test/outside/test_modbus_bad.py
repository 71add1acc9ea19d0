# SPDX-License-Identifier: Apache-2.0
"""A Modbus device that misbehaves: its points say so, nobody else waits, the gap is recorded."""

import concurrent.futures
import datetime
import socket
import sys
import threading
import time

import kt
import peers
from kt import case, equal, once

SCAN = 200


class World:
    """Devices of one program, each with points NAME-T, NAME-W, NAME-KG and L-NAME."""

    def __init__(self, *names, words=()):
        self.devices = {name: peers.Modbus() for name in names}
        links, points = [], []
        for name, d in self.devices.items():
            d.inputs[:3] = [20, 20, 150]
            links.append({"id": name, "kind": "modbus", "host": "127.0.0.1", "port": d.port, "unit": 1,
                          "timeout_ms": 500, "scan_ms": SCAN})
            points += [kt.point(f"{name}-T", "ch4.face", "P1-face", link=name, address="i0:u16*0.01"),
                       kt.point(f"{name}-W", "wind.face", "P1-face", link=name,
                                address="i2:u16*0.01|i100"),
                       kt.point(f"{name}-KG", "switch.power", "P1-return", link=name, address="c0",
                                serves="P1-face;P1-return"),
                       kt.point(f"L-{name}", "self.link", "mine", address=name)]
        self.program = kt.Program(kt.make_site(points, links=links), *words)
        self.eye = self.program.user("eye-of-test", "dispatcher")
        for name in names:
            self.quality(f"{name}-T", "normal")

    def quality(self, name, *wanted, limit=None):
        return kt.wait_for(f"{name} is {' or '.join(wanted)}",
                           lambda: (lambda v: v if v[1] in wanted else None)(self.eye.live(name)[name]),
                           limit, 0.1)

    @staticmethod
    def eye_of(client, name):
        return client.live(name)[name][1]

    def link(self, name):
        return next(x for x in self.eye.get("/health")["links"] if x["id"] == name)

    def good_goes_on(self):
        """The device that behaves is read at its pace meanwhile."""
        good = self.devices["good"]
        start, count = time.monotonic(), good.requests
        good.wait("three more reads", lambda d: d.requests > count + 3)
        took = time.monotonic() - start
        assert took < 20, f"the good device waited {took:.1f} s"
        equal(self.eye.live("good-T")["good-T"][1], "normal")

    def gap(self, stream, name, change, limit=None):
        return stream.wait(f"the gap of {name}: {change}", lambda e, d: e == "outcome" and
                           d["type"] == "gap" and d.get("link") == name and d["change"] == change,
                           limit=limit)["data"]

    def close(self):
        self.program.stop()
        for d in self.devices.values():
            d.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def trouble(t, name, mode):
    """From misbehaving to well again."""
    device = t.devices[name]
    with t.eye.stream() as s:
        device.set_mode(mode)
        t.gap(s, name, "begin")
        t.quality(f"{name}-T", "comm-fault", "stale")
        t.eye.alarm("gas.sensor-fault", f"{name}-T")
        t.eye.alarm("core.link-down", f"L-{name}")
        t.good_goes_on()
        equal(t.link(name)["up"], False)
        assert t.link(name)["text"], "the page of links says why"
        device.set_mode(peers.OK)
        end = t.gap(s, name, "end", 60)
        assert end["to"] > end["from"] > 0, end
        t.quality(f"{name}-T", "normal")
        s.alarm("gas.sensor-fault", f"{name}-T", "clear")
        assert not [a for a in t.eye.alarms(limit=1000) if a["point"].startswith("good-") and
                    a["rule"] == "gas.sensor-fault"]


def exceptions(t, name):
    device = t.devices[name]
    device.set_mode(peers.EXCEPTION)
    t.quality(f"{name}-T", "device-fault")
    t.eye.alarm("gas.sensor-fault", f"{name}-T")
    t.good_goes_on()
    equal(t.link(name)["up"], True)
    device.set_mode(peers.OK)
    t.quality(f"{name}-T", "normal")


def vanish(t, name):
    device = t.devices[name]
    with t.eye.stream() as s:
        device.stop()
        t.gap(s, name, "begin")
        t.quality(f"{name}-T", "comm-fault", "stale")
        t.good_goes_on()
        device.start()
        t.gap(s, name, "end", 60)
        t.quality(f"{name}-T", "normal")
        gaps = [e["body"]["change"] for e in t.eye.events(type="gap", limit=1000)
                if e["body"].get("link") == name]
        equal(gaps, ["end", "begin"])


TROUBLES = {"late": (trouble, peers.LATE), "half": (trouble, peers.HALF),
            "stranger": (trouble, peers.WRONG_UNIT), "silent": (trouble, peers.SILENT),
            "hangup": (trouble, peers.CLOSE), "faulty": (exceptions,), "gone": (vanish,)}


@once
def crowd():
    """Every trouble at once, each with its own device; answers what came of each."""
    world = World("good", *TROUBLES)
    pool = concurrent.futures.ThreadPoolExecutor(len(TROUBLES))
    return {name: pool.submit(how, world, name, *more) for name, (how, *more) in TROUBLES.items()}


@case("a device that answers too late")
def _():
    crowd()["late"].result()


@case("a device that answers half")
def _():
    crowd()["half"].result()


@case("a device that answers for another unit")
def _():
    crowd()["stranger"].result()


@case("a device that is silent")
def _():
    crowd()["silent"].result()


@case("a device that hangs up")
def _():
    crowd()["hangup"].result()


@case("a device that answers with exceptions: its points are faulty, the connection stays")
def _():
    crowd()["faulty"].result()


@case("a device that vanishes and comes back")
def _():
    crowd()["gone"].result()


@case("one bad register spoils only its own point")
def _():
    with World("bad", "good") as t:
        t.devices["bad"].inputs[:] = t.devices["bad"].inputs[:101]
        del t.devices["bad"].inputs[2:]
        t.quality("bad-W", "device-fault")
        t.quality("bad-T", "normal")


@case("status words: over range, sensor fault, calibrating, paused become qualities")
def _():
    with World("bad", "good") as t:
        for word, wanted in ((8, "over-range"), (128, "device-fault"), (64, "paused"),
                             (16, "device-fault"), (0, "normal")):
            t.devices["bad"].set_input(100, word)
            got = kt.wait_for(f"status {word}", lambda w=wanted: (
                lambda v: v if v[1] in (w, "broken" if w == "device-fault" else w) else None)(
                    t.eye.live("bad-W")["bad-W"]))
            del got


@case("a command goes before the next scan of a slow device")
def _():
    with World("bad", "good") as t:
        t.devices["bad"].mode_of = {4: peers.LATE}
        start = time.monotonic()
        t.eye.ask("output.command", output="good-KG", value=0, reason="stop")
        t.devices["good"].wait("the other device's command", lambda d: d.coil_writes(0) == [0])
        kt.note(f"{1000 * (time.monotonic() - start):.0f} ms beside a slow device")
        t.eye.ask("output.command", output="bad-KG", value=0, reason="stop")
        t.devices["bad"].wait("the slow device's command", lambda d: 0 in d.coil_writes(0), 40)


@case("what real devices have answered, in captures: an answer to another question is no value")
def _():
    folder = kt.SHARED and kt.SHARED / "data/protocols/modbus"
    if not folder or not folder.is_dir():
        raise kt.Skip("KT_SHARED has no captures of Modbus")
    kinds = {}  # one of each unit, function and length, but what would answer our own question
    for path in sorted(folder.glob("*.pcap*")):
        for frame in peers.captured(path, 502)[1]:
            if len(frame) >= 9 and (frame[6] != 1 or frame[7] not in (1, 4)):
                kinds.setdefault((frame[6], frame[7], min(len(frame), 20)), frame)
    frames = list(kinds.values())[:18]
    assert len(frames) > 8, frames
    kt.note(f"{len(frames)} of {len(kinds)} kinds of answers")
    names = [f"c{i}" for i in range(len(frames))]  # one each: who was answered wrongly comes back ever later
    with World("good", *names) as t:
        for name, frame in zip(names, frames):
            t.devices[name].canned = [frame]
        for name in names:
            t.devices[name].wait("all of them are sent", lambda d: not d.canned)
            t.quality(f"{name}-T", "normal")
        t.good_goes_on()
        for name in names:
            values = t.eye.history(f"{name}-T")["v"]
            assert {v for v in values if v is not None} <= {0.2}, values


class Clock:
    """A plant's clock that goes as fast as the program follows: each line is answered when the engine
    is there and no link owes a scan."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.now, self.conn, self.answers = kt.now_ms() // 1000 * 1000, None, None
        threading.Thread(target=self.accept, daemon=True).start()

    def address(self):
        return "127.0.0.1:%d" % self.server.getsockname()[1]

    def accept(self):
        conn, _ = self.server.accept()
        conn.settimeout(kt.LIMIT)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = conn.makefile()
        answers.readline()
        self.conn, self.answers = conn, answers

    def pass_on(self, ms):
        kt.wait_for("the program follows the clock", lambda: self.conn)
        self.now += ms
        at = datetime.datetime.fromtimestamp(self.now / 1000, datetime.timezone.utc)
        self.conn.sendall(at.strftime("%Y-%m-%dT%H:%M:%SZ\n").encode())
        kt.equal(int(self.answers.readline()), self.now)


@case("a device that is away for thirteen hours of simulated time: the gap is recorded, nobody waits")
def _():
    clock = Clock()
    site_made = threading.Event()

    def tick():  # until the test itself lets time pass
        while not site_made.is_set():
            clock.pass_on(1000)
            time.sleep(0.01)
    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    with World("away", "good", words=("--sim-clock", clock.address())) as t:
        site_made.set()
        ticking.join()
        eye, away, good = t.program.local(), t.devices["away"], t.devices["good"]
        away.stop()
        begin, worst = clock.now, 0
        while clock.now < begin + 13 * 3600 * 1000:
            count, start = good.requests, time.monotonic()
            clock.pass_on(18_000)  # less than what makes a value stale
            worst = max(worst, time.monotonic() - start)
            good.wait("the other device is read in each of them", lambda d, c=count: d.requests > c)
        kt.note(f"thirteen hours, the longest 18 s of them took {1000 * worst:.0f} ms")
        equal(t.eye_of(eye, "away-T"), "stale")
        kt.wait_for("the other is as it was", lambda: t.eye_of(eye, "good-T") == "normal")
        away.start()
        kt.wait_for("it comes back by itself", lambda: clock.pass_on(1000) or
                    t.eye_of(eye, "away-T") == "normal", every=0)

        def gaps_of(name):
            return [e["body"] for e in eye.events(type="gap", limit=1000) if e["body"].get("link") == name]
        gaps = kt.wait_for("the end of the gap is written", lambda: (lambda g: g if len(g) > 1 else None)(gaps_of("away")))
        equal([g["change"] for g in gaps], ["end", "begin"])
        assert abs(gaps[0]["to"] - gaps[0]["from"] - 13 * 3600 * 1000) < 10 * 60_000, gaps
        equal(gaps_of("good"), [])


if __name__ == "__main__":
    sys.exit(kt.main())
