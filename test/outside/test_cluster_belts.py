# SPDX-License-Identifier: Apache-2.0
"""A belt's start on two nodes: the active one dies while its horn sounds. Real etcd, the demonstration mine's PLCs."""

import sys

import etcd_kit
import kt
from kt import case, equal
from mine import Mine
from test_belts import SLOW, begin, ready, wait_state

kt.CASES.clear()  # of the other file only its helpers


def role(node):
    try:
        return (etcd_kit.local(node).get("/health").get("cluster") or {}).get("role")
    except (OSError, ValueError, kt.Refused, AssertionError):
        return None


@case("the active node dies in the middle of a start: the other holds it, asks, and sounds the horn again; alarms and a stop go on")
def _():
    with etcd_kit.Etcd(1) as etcd, Mine("calm", 3, journal=etcd.address()) as m:
        ready(m)
        first = m.program
        second = kt.Program(etcd_kit.second(m.site), "--sim-clock", f"127.0.0.1:{m.base}", "--node", "node-b",
                            start=False)
        second.port = kt.free_port()
        try:
            second.start()
            kt.wait_for("it follows", lambda: role(second) == "follows")
            run = begin(m, "belt.emergency", "1203")
            wait_state(m, run, "done")
            alarms = {(a["rule"], a.get("point")) for a in m.op.alarms(state="active")}
            start = begin(m, "belt.start", "1203", horn=30)
            kt.wait_for("the horn", lambda: m.op.live("YJ-1203")["YJ-1203"][0] == 1, SLOW)
            stop = begin(m, "belt.stop", "BM2", runout=20)
            equal(wait_state(m, stop, "running")["state"], "running")
            there = kt.Client(second)
            there.cookies = m.op.cookies
            kt.wait_for("the follower knows who is logged in", lambda: there.call("GET", "/me")[0] == 200)
            first.kill9()
            kt.wait_for("the other is active", lambda: role(second) == "active")
            m.program, m.op = second, there
            held = wait_state(m, start, "held")
            equal(held["code"], "restart")
            kt.wait_for("the horn is silent",
                        lambda: tuple(there.live("YJ-1203")["YJ-1203"][:2]) == (0, "normal"), SLOW)
            equal(there.live("PD-1203")["PD-1203"][0], 0)
            wait_state(m, stop, "done")
            equal([there.live(f"PD-{b}")[f"PD-{b}"][0] for b in ("BM2", "HFY", "BM1", "INC")], [0, 0, 1, 1])
            known = {(a["rule"], a.get("point")) for a in there.alarms(state="active")}
            assert alarms <= known, f"alarms that the other does not know: {alarms - known}"
            with there.stream() as s:
                there.ask("sequence.resume", run=start)
                s.command("YJ-1203", "sent", 1, 0, SLOW)
            equal(there.live("PD-1203")["PD-1203"][0], 0)  # its horn comes first
        finally:
            second.stop()


if __name__ == "__main__":
    sys.exit(kt.main())
