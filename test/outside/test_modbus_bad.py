# SPDX-License-Identifier: Apache-2.0
"""A Modbus device that misbehaves: its points say so, nobody else waits, the gap is recorded."""

import concurrent.futures
import sys
import time

import kt
import peers
from kt import case, equal, once

SCAN = 200


class World:
    """Devices of one program, each with points NAME-T, NAME-W, NAME-KG and L-NAME."""

    def __init__(self, *names):
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
        self.program = kt.Program(kt.make_site(points, links=links))
        self.eye = self.program.user("eye-of-test", "dispatcher")
        for name in names:
            self.quality(f"{name}-T", "normal")

    def quality(self, name, *wanted, limit=None):
        return kt.wait_for(f"{name} is {' or '.join(wanted)}",
                           lambda: (lambda v: v if v[1] in wanted else None)(self.eye.live(name)[name]),
                           limit, 0.1)

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


if __name__ == "__main__":
    sys.exit(kt.main())
