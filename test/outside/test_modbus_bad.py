# SPDX-License-Identifier: Apache-2.0
"""A Modbus device that misbehaves: its points say so, nobody else waits, the gap is recorded."""

import sys
import time

import kt
import peers
from kt import case, equal

SCAN = 200


class Two:
    """A device that will misbehave (points B-*) and one that does not (points G-*)."""

    def __init__(self):
        self.bad, self.good = peers.Modbus(), peers.Modbus()
        self.bad.inputs[:3] = self.good.inputs[:3] = [20, 20, 150]
        links = [{"id": name, "kind": "modbus", "host": "127.0.0.1", "port": d.port, "unit": 1,
                  "timeout_ms": 500, "scan_ms": SCAN} for name, d in (("bad", self.bad),
                                                                     ("good", self.good))]
        points = []
        for head, link in (("B-", "bad"), ("G-", "good")):
            points += [kt.point(head + "T", "ch4.face", "P1-face", link=link, address="i0:u16*0.01"),
                       kt.point(head + "W", "wind.face", "P1-face", link=link,
                                address="i2:u16*0.01|i100"),
                       kt.point(head + "KG", "switch.power", "P1-return", link=link, address="c0",
                                serves="P1-face;P1-return")]
        points += [kt.point("L-bad", "self.link", "mine", address="bad"),
                   kt.point("L-good", "self.link", "mine", address="good")]
        self.program = kt.Program(kt.make_site(points, links=links))
        self.eye = self.program.user("eye-of-test", "dispatcher")
        self.quality("B-T", "normal")
        self.quality("G-T", "normal")

    def quality(self, name, *wanted, limit=None):
        return kt.wait_for(f"{name} is {' or '.join(wanted)}",
                           lambda: (lambda v: v if v[1] in wanted else None)(self.eye.live(name)[name]),
                           limit)

    def link(self, name):
        return next(x for x in self.eye.get("/health")["links"] if x["id"] == name)

    def good_goes_on(self):
        """The other device is read at its pace meanwhile."""
        start, count = time.monotonic(), self.good.requests
        self.good.wait("three more reads", lambda d: d.requests > count + 3)
        took = time.monotonic() - start
        assert took < 20, f"the good device waited {took:.1f} s"
        equal(self.eye.live("G-T")["G-T"][1], "normal")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stop()
        self.bad.stop()
        self.good.stop()


def trouble(mode):
    with Two() as t, t.eye.stream() as s:
        t.bad.set_mode(mode)
        s.wait("the gap begins", lambda e, d: e == "outcome" and d["type"] == "gap" and
               d["link"] == "bad" and d["change"] == "begin")
        t.quality("B-T", "comm-fault", "stale")
        t.eye.alarm("gas.sensor-fault", "B-T")
        t.eye.alarm("core.link-down", "L-bad")
        t.good_goes_on()
        equal(t.link("bad")["up"], False)
        assert t.link("bad")["text"], "the page of links says why"
        t.bad.set_mode(peers.OK)
        end = s.wait("the gap ends", lambda e, d: e == "outcome" and d["type"] == "gap" and
                     d["link"] == "bad" and d["change"] == "end", limit=40)["data"]
        assert end["to"] > end["from"] > 0, end
        t.quality("B-T", "normal")
        s.alarm("gas.sensor-fault", "B-T", "clear")
        assert not [a for a in t.eye.alarms(limit=1000) if a["point"].startswith("G-") and
                    a["rule"] == "gas.sensor-fault"]


@case("a device that answers too late")
def _():
    trouble(peers.LATE)


@case("a device that answers half")
def _():
    trouble(peers.HALF)


@case("a device that answers for another unit")
def _():
    trouble(peers.WRONG_UNIT)


@case("a device that is silent")
def _():
    trouble(peers.SILENT)


@case("a device that hangs up")
def _():
    trouble(peers.CLOSE)


@case("a device that answers with exceptions: its points are faulty, the connection stays")
def _():
    with Two() as t:
        t.bad.set_mode(peers.EXCEPTION)
        t.quality("B-T", "device-fault")
        t.eye.alarm("gas.sensor-fault", "B-T")
        t.good_goes_on()
        equal(t.link("bad")["up"], True)
        t.bad.set_mode(peers.OK)
        t.quality("B-T", "normal")


@case("one bad register spoils only its own point")
def _():
    with Two() as t:
        t.bad.inputs[:] = t.bad.inputs[:101]
        del t.bad.inputs[2:]
        t.quality("B-W", "device-fault")
        t.quality("B-T", "normal")


@case("a device that vanishes and comes back")
def _():
    with Two() as t, t.eye.stream() as s:
        t.bad.stop()
        s.wait("the gap begins", lambda e, d: e == "outcome" and d["type"] == "gap")
        t.quality("B-T", "comm-fault", "stale")
        t.good_goes_on()
        t.bad.start()
        s.wait("the gap ends", lambda e, d: e == "outcome" and d["type"] == "gap" and
               d["change"] == "end", limit=40)
        t.quality("B-T", "normal")
        gaps = [e["body"]["change"] for e in t.eye.events(type="gap")]
        equal(gaps, ["end", "begin"])


@case("status words: over range, sensor fault, calibrating, paused become qualities")
def _():
    with Two() as t:
        for word, wanted in ((8, "over-range"), (128, "device-fault"), (64, "paused"),
                             (16, "device-fault"), (0, "normal")):
            t.bad.set_input(100, word)
            got = kt.wait_for(f"status {word}", lambda w=wanted: (
                lambda v: v if v[1] in (w, "broken" if w == "device-fault" else w) else None)(
                    t.eye.live("B-W")["B-W"]))
            del got


@case("a command goes before the next scan of a slow device")
def _():
    with Two() as t:
        t.bad.mode_of = {4: peers.LATE}
        start = time.monotonic()
        t.eye.ask("output.command", output="G-KG", value=0, reason="stop")
        t.good.wait("the other device's command", lambda d: d.coil_writes(0) == [0])
        kt.note(f"{1000 * (time.monotonic() - start):.0f} ms beside a slow device")
        t.eye.ask("output.command", output="B-KG", value=0, reason="stop")
        t.bad.wait("the slow device's command", lambda d: 0 in d.coil_writes(0), 40)


if __name__ == "__main__":
    sys.exit(kt.main())
