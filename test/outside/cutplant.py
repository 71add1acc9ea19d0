# SPDX-License-Identifier: Apache-2.0
"""A small plant for tests of cuts: a substation over Modbus with two switches, their feed states
and methane sensors, and one sensor that is pushed."""

import kt
import peers

SCAN_MS = 200


class Plant:
    """face: T1 (input 0), T2 (input 1), TP (pushed), switch KG1 (coil 0), feed KD1 (discrete 0).
    heading: TH (input 2), switch KG2 (coil 1, two persons), feed KD2 (discrete 1), local fan power
    JD (coil 2), feed KDJ (discrete 2), fan running JT (discrete 3)."""

    def __init__(self, more_points=(), rules=None, limits=None, more_links=(), prepare=None, **more):
        self.device = peers.Modbus()
        d = self.device
        d.discretes[:4] = [1, 1, 1, 1]
        d.feeds = {0: (0, 0.05), 1: (1, 0.05), 2: (2, 0.05)}
        d.inputs[:3] = [20, 20, 20]
        sub = {"link": "sub"}
        points = [
            kt.point("T1", "ch4.face", "P1-face", address="i0:u16*0.01", **sub),
            kt.point("T2", "ch4.face-return", "P1-return", address="i1:u16*0.01", **sub),
            kt.point("TP", "ch4.face", "P1-face", link="push"),
            kt.point("TH", "ch4.heading", "H1-heading", address="i2:u16*0.01", **sub),
            kt.point("KD1", "feed.state", "P1-return", address="d0", **sub),
            kt.point("KD2", "feed.state", "H1-heading", address="d1", **sub),
            kt.point("KDJ", "feed.state", "H1-heading", address="d2", **sub),
            kt.point("JT", "fan.local.run", "H1-heading", address="d3", **sub),
            kt.point("KG1", "switch.power", "P1-return", address="c0", feed="KD1",
                     serves="P1-face;P1-return", **sub),
            kt.point("KG2", "switch.power", "H1-heading", address="c1", feed="KD2",
                     serves="H1-heading;H1-return", two_person="yes", **sub),
            kt.point("JD", "fan.local.power", "H1-heading", address="c2", feed="KDJ", **sub),
            kt.point("link-sub", "self.link", "mine", address="sub"),
        ] + list(more_points)
        link = {"id": "sub", "kind": "modbus", "host": "127.0.0.1", "port": d.port, "unit": 1,
                "timeout_ms": 500, "scan_ms": SCAN_MS}
        self.site = kt.make_site(points, links=[link, *more_links], rules=rules, limits=limits, **more)
        if prepare:
            prepare(self.site)
        self.program = kt.Program(self.site)
        self.keeper = kt.Keeper(self.program, {"TP": 0.2})
        self.op = self.program.user("operator-1", "dispatcher")
        self.second = self.program.user("operator-2", "dispatcher")
        self.settle()

    def settle(self):
        """Values have come and the outputs are read."""
        def ready():
            live = self.op.live("T1", "KD1", "KG1", "KG2", "TP")
            read = [self.op.output(o) for o in ("KG1", "KG2", "JD")]
            return live["T1"][1] == "normal" and live["KD1"][1] == "normal" and \
                not [o for o in read if o["unread"] or o["value"] is None]
        kt.wait_for("the plant is read", ready)

    def login_again(self):
        self.op = self.program.login("operator-1", self.op.password)
        self.second = self.program.login("operator-2", self.second.password)

    def scans(self, n=3):
        """Let the device be read some more times."""
        start = self.device.requests
        self.device.wait(f"{n} scans", lambda d: d.requests > start + 3 * n)

    def output(self, name, what, fits, limit=None):
        return kt.wait_for(f"{name} {what}",
                           lambda: (lambda o: o if fits(o) else None)(self.op.output(name)), limit)

    def close_switch(self, name="KG1"):
        return self.op.ask("output.command", output=name, value=1, reason="checked")["result"]

    def cut(self, methane=160):
        """T1 over the cut value; wait until the cut is proved."""
        with self.op.stream() as s:
            self.device.set_input(0, methane)
            s.command("KG1", "proved", 0)
        self.output("KG1", "is shown as cut", lambda o: o["latched_by"] and o["feed"] == 0)

    def push(self, value, quality="normal"):
        self.keeper.put("TP", (value, quality))

    def restore(self):
        self.output("KG1", "latched", lambda o: o["latched_by"])
        self.device.set_input(0, 20)
        self.output("KG1", "unlatched", lambda o: not o["latched_by"])

    def stop(self):
        self.keeper.stop()
        self.program.stop()
        self.device.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
