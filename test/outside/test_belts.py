# SPDX-License-Identifier: Apache-2.0
"""Belts under one hand: the program, the demonstration mine's PLCs, and both layers' interlocks."""

import re
import sys

import kt
import peers
from kt import case, equal
from mine import Mine

LINE = ["SG1", "INC", "BM1", "1203"]  # from the end of the coal's way to the face
BEHIND = ["BM1", "BM2", "1203", "1205", "1206", "1207Y", "1207H", "HFY"]
SLOW = 60  # seconds of waiting: the plant runs at three times its clock


def ready(m):
    """Every belt runs and its drive has been read."""
    def runs():
        live = m.op.live(*[f"PD-{b}" for b in LINE + BEHIND])
        return all(v[0] == 1 and v[1] == "normal" for v in live.values()) and \
            all(m.op.output(f"PQ-{b}")["value"] == 1 for b in LINE)
    kt.wait_for("the line runs", runs, SLOW, 0.2)


def begin(m, sequence, *belts, **recipe):
    got = m.op.ask("sequence.start", sequence=sequence, subjects=[f"PQ-{b}" for b in belts], recipe=recipe)
    return got["result"]["run"]


def run_of(m, run):
    return next(r for r in m.op.get("/sequences")["runs"] if r["run"] == run)


def wait_state(m, run, state):
    return kt.wait_for(f"run {run} is {state}",
                       lambda: r if (r := run_of(m, run))["state"] == state else None, SLOW, 0.1)


def stopped(m, belts):
    kt.wait_for("they stand", lambda: all(v[0] == 0 for v in m.op.live(*[f"PD-{b}" for b in belts]).values()), SLOW, 0.1)


def commands(stream, value, mark):
    """Outputs whose command with this value was sent, in order."""
    sent = [e["data"] for e in stream.all[mark:] if e["event"] == "command" and e["data"]["state"] == "sent"
            and e["data"]["value"] == value and e["data"]["output"].startswith("PQ-")]
    return list(dict.fromkeys(d["output"] for d in sent))


@case("forward stop with run-out, reverse-flow start with horn: the order is that of the coal")
def _():
    with Mine("calm", 3) as m, m.op.stream() as s:
        ready(m)
        coal = kt.wait_for("coal on the gate belt", lambda: m.op.live("ML-1203")["ML-1203"][0], SLOW, 0.2)
        assert coal >= 0
        mark = s.mark()
        run = begin(m, "belt.stop", "BM1", runout=2)
        wait_state(m, run, "done")
        order = commands(s, 0, mark)
        equal(sorted(order), sorted(f"PQ-{b}" for b in BEHIND))
        equal(order[-1], "PQ-BM1")
        assert order.index("PQ-HFY") < order.index("PQ-BM2"), order
        equal([m.op.live(f"PD-{b}")[f"PD-{b}"][0] for b in ("INC", "SG1")], [1, 1])

        refused = m.op.refused("output.command", "KT_ESTATE", output="PQ-1203", value=1, reason="too early")
        equal((refused.text, refused.zh), ("PQ-1203 may not be closed: the belt that it gives to is not proved running",
                                           "PQ-1203 不能合闸：下游输送机未证实运行"))

        mark = s.mark()
        run = begin(m, "belt.start", "1203", horn=6)
        done = wait_state(m, run, "done")
        equal(commands(s, 1, mark), ["PQ-BM1", "PQ-1203"])
        equal([x["state"] for x in done["steps"] if x["step"] == "run"], ["skip", "skip", "done", "done"])
        kt.wait_for("the horns are silent", lambda: all(m.op.live(f"YJ-{b}")[f"YJ-{b}"][0] == 0 for b in ("BM1", "1203")), SLOW)
        equal(m.op.live("PD-1203")["PD-1203"][0], 1)


@case("smoke in the middle, which no PLC knows of: all behind lose their command in the step of the trip")
def _():
    with Mine("calm", 3) as m, m.op.stream() as s:
        ready(m)
        mark = s.mark()
        m.control("set YW-BM1-3 1")
        trip = s.alarm("belt.smoke-stop", "YW-BM1-3", "raise", mark, SLOW)["data"]
        s.command("SS-BM1", "sent", 1, mark, SLOW)
        for belt in BEHIND:
            sent = s.command(f"PQ-{belt}", "sent", 0, mark, SLOW)["data"]
            equal(sent["requested"], trip["raised"], belt)
            by = ["rule:belt.smoke-stop"] if belt == "BM1" else ["interlock:belt.flow", "interlock:belt.way"]
            assert sent["by"] in by, (belt, sent)
        stopped(m, BEHIND)
        equal([m.op.live(f"PD-{b}")[f"PD-{b}"][0] for b in ("INC", "SG1")], [1, 1])


@case("a torn belt: program and PLC each refuse what is wrong; set right at the place, the section starts again")
def _():
    with Mine("calm", 3) as m, m.op.stream() as s:
        ready(m)
        m.control("set SL-BM1 1")
        s.alarm("belt.tear-stop", "SL-BM1", "raise", 0, SLOW)
        stopped(m, BEHIND)
        assert "belt.tear-stop" in m.op.refused("output.command", "KT_ESTATE", output="PQ-BM1", value=1, reason="x").text
        address = {p["id"]: p for p in m.op.get("/points", limit=100000)["items"]}
        ports = {x: int(n) for x, n in re.findall(r"{id: (plc\d+), kind: modbus, host: [\d.]+, port: (\d+)", m.site.read("site.yaml"))}
        for belt in ("BM1", "1203"):  # somebody writes past the program
            where = address[f"PQ-{belt}"]
            equal(peers.write_coil(ports[where["link"]], int(where["address"][1:]), 1), 3, belt)
        m.control("set SL-BM1 0")
        kt.wait_for("unlatched", lambda: not m.op.output("PQ-BM1")["latched_by"], SLOW)
        wait_state(m, begin(m, "belt.start", "1203", horn=6), "done")


@case("local mode and a pulled cord: refused in one sentence, nothing is sent; the cord is reset at its place only")
def _():
    with Mine("calm", 3) as m, m.op.stream() as s:
        ready(m)
        m.control("set JT-1205-2 1")
        s.alarm("belt.pull-cord-stop", "JT-1205-2", "raise", 0, SLOW)
        stopped(m, ["1205"])
        m.control("set YK-1206 0")
        stopped(m, ["1206"])
        mark = s.mark()
        for belt, why, zh in (("1205", "step \"Protections at rest\" at PQ-1205: a protection has acted, is not reset, or is not known",
                               "步骤“保护正常”（PQ-1205）：有保护动作、未复位或状态不明"),
                              ("1206", "step \"Remote mode\" at PQ-1206: it is not in remote mode",
                               "步骤“集控方式”（PQ-1206）：不在集控方式")):
            run = begin(m, "belt.start", belt)
            held = wait_state(m, run, "held")
            equal((held["text"], held["text_zh"]), (why, zh))
            m.op.ask("sequence.end", run=run)
        equal(commands(s, 1, mark), [])
        equal(m.op.output("PQ-1205")["latched_by"], ["JT-1205-2"])


@case("killed in the middle of a start: the run is held, nothing starts by itself, a person lets it go on with the horn again")
def _():
    with Mine("calm", 3) as m:
        ready(m)
        run = begin(m, "belt.emergency", "BM1")
        wait_state(m, run, "done")
        run = begin(m, "belt.start", "1203", horn=30)
        kt.wait_for("the horn", lambda: m.op.live("YJ-1203")["YJ-1203"][0] == 1, SLOW)
        m.program.kill9()
        m.program.start()
        m.op = m.program.login("operator-1", m.op.password)
        held = wait_state(m, run, "held")
        equal(held["code"], "restart")
        kt.wait_for("the horn is silent", lambda: tuple(m.op.live("YJ-1203")["YJ-1203"][:2]) == (0, "normal"), SLOW)
        equal(m.op.live("PD-BM1")["PD-BM1"][0], 0)
        equal([m.op.live(f"PD-{b}")[f"PD-{b}"][0] for b in ("INC", "SG1")], [1, 1])  # a restart stops no line
        with m.op.stream() as s:
            m.op.ask("sequence.resume", run=run)
            s.command("YJ-1203", "sent", 1, 0, SLOW)
            wait_state(m, run, "done")
        equal(m.op.live("PD-1203")["PD-1203"][0], 1)


if __name__ == "__main__":
    sys.exit(kt.main())
