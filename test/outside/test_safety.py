# SPDX-License-Identifier: Apache-2.0
"""The safety rules, one named case each, as far as they can be seen from outside. Their corners are
in test_cut.py, test_alarm.py, test_replay.py and test_history.py."""

import json
import sys

import kt
import peers
from cutplant import Plant
from kt import case, equal

HEADING = [kt.point("THP", "ch4.heading", "H1-heading", link="push")]


def over(client, rule):
    return {a["point"] for a in client.alarms(limit=1000) if a["rule"] == rule}


@case("rule 1: not known is not safe")
def _():
    with Plant(more_points=HEADING + [kt.point("CO", "co.face-return", "P1-return", link="push",
                                               range_lo=0, range_hi=500)]) as p:
        p.keeper.put("THP", 0.2)
        p.push(9.0)  # beyond its range: counts as over the cut value
        p.device.wait("the cut", lambda d: d.coil_writes(0) == [0])
        equal(p.op.live("TP")["TP"][1], "over-range")
        p.push(0.1, "device-fault")
        p.op.alarm("gas.sensor-fault", "TP")
        equal(p.output("KG1", "latched", lambda o: o["latched_by"])["latched_by"], ["TP"])
        assert "TP" in over(p.op, "gas.cut"), "the alarm stays while the value is not known"
        p.keeper.put("THP", (0.2, "broken"))  # the clause cuts the heading when its chain breaks
        p.op.alarm("gas.chain-fault", "THP")
        p.device.wait("the heading is cut", lambda d: 0 in d.coil_writes(1))
        e = p.op.refused("output.command", output="KG2", value=1, reason="now")
        equal(e.status, 409)


@case("rule 2: opening is easy, closing is earned")
def _():
    with Plant() as p:
        p.op.ask("output.tag", output="KG2", reason="people at work")
        p.op.ask("output.command", output="KG2", value=0, reason="")
        p.device.wait("one person opens at once", lambda d: d.coil_writes(1) == [0])
        equal(p.op.refused("output.command", output="KG2", value=1, reason="now").status, 409)
        p.op.ask("output.untag", output="KG2", reason="done")
        equal(len(p.op.get("/tags")["items"]), 1, "an untag of a two-person output needs the second")
        p.second.ask("output.untag", output="KG2", reason="done")
        kt.wait_for("the tag is gone", lambda: not p.op.get("/tags")["items"])
        got = p.close_switch("KG2")
        equal(got["state"], "requested")
        p.scans(5)
        equal(p.device.coil_writes(1), [0])


@case("rule 3: a person gives power back; a pull-cord is reset at its place only")
def _():
    with Plant(more_points=[kt.point("JT-1", "belt.pull-cord", "P1-return", link="push")]) as p:
        p.cut()
        p.restore()
        p.scans(10)
        equal(p.device.coil_writes(0), [0])
        p.program.samples(("JT-1", 1))
        one = p.op.alarm("core.pull-cord", "JT-1")
        p.op.ask("alarm.ack", alarms=[one["id"]])
        equal(p.op.alarm("core.pull-cord", "JT-1")["state"], "ack")
        engineer = p.program.user("engineer-of-test", "engineer")
        engineer.refused("manual.set", "KT_EDENIED", point="JT-1", value=0, reason="reset it")
        equal(p.op.alarm("core.pull-cord", "JT-1")["state"], "ack")
        p.program.samples(("JT-1", 0))
        p.op.no_alarm("core.pull-cord", "JT-1")


@case("rule 4: no command outlives its expiry")
def _():
    with Plant() as p, p.op.stream() as s:
        p.op.ask("output.command", output="KG1", value=0, reason="maintenance")
        s.command("KG1", "proved", 0)
        p.output("KG1", "is shown as open", lambda o: o["value"] == 0 and o["feed"] == 0)
        p.device.set_mode(peers.SILENT)
        mark = s.mark()
        p.close_switch()
        s.wait("its end", lambda e, d: e == "command" and d["output"] == "KG1" and d["value"] == 1 and
               d["state"] in ("failed", "expired"), mark)
        p.device.set_mode(peers.OK)
        p.settle()
        p.scans(10)
        equal(p.device.coil_writes(0), [0])


@case("rule 5: the register alone proves nothing")
def _():
    with Plant() as p, p.op.stream() as s:
        p.device.feeds[0] = (0, None)
        p.op.ask("output.command", output="KG1", value=0, reason="stop")
        s.command("KG1", "readback", 0)
        s.command("KG1", "anomaly", 0)
        assert not [e for e in s.all if e["event"] == "command" and e["data"]["state"] == "proved"]
        p.op.alarm("core.feed-anomaly", "KG1")


@case("rule 6: statutory alarms stay; limits are loosened by nobody, changed by two with a reason")
def _():
    with Plant() as p:
        a, b = (p.program.user(f"engineer-{i}", "engineer") for i in (1, 2))
        p.push(1.2)
        one = p.op.alarm("gas.over-limit", "TP")
        p.op.refused("alarm.shelve", "KT_EDENIED", alarms=[one["id"]], minutes=5, reason="x")
        a.refused("alarm.oos", "KT_EDENIED", point="TP", rule="gas.over-limit", reason="x")
        p.op.refused("console.mute", console="c", seconds=600)
        p.op.ask("console.mute", console="c", seconds=120)
        p.op.refused("console.mute", console="c", seconds=120)
        a.refused("limit.propose", "KT_EDENIED", point="TP", name="alarm", value=1.1, reason="x")
        a.refused("limit.propose", point="TP", name="alarm", value=0.8)
        proposal = a.ask("limit.propose", point="T2", name="alarm", value=0.15, reason="careful")
        number = proposal["result"].get("proposal") or a.get("/proposals")["items"][0]["id"]
        a.refused("limit.approve", "KT_EDENIED", proposal=number)
        assert "T2" not in over(p.op, "gas.over-limit")
        b.ask("limit.approve", proposal=number)
        p.op.alarm("gas.over-limit", "T2")
        row = next(x for x in p.op.get("/limits")["items"] if x["point"] == "T2")
        equal([(c["name"], c["value"], c["by"], c["second"], c["reason"]) for c in row["changes"]],
              [("alarm", 0.15, "engineer-1", "engineer-2", "careful")])


@case("rule 6: a limit that the site made tighter goes back to its clause by two persons, not beyond")
def _():
    with Plant(limits="limits: [{points: [TP], values: {alarm: 0.5}}]\n") as p:
        a, b = (p.program.user(f"engineer-{i}", "engineer") for i in (1, 2))

        def row():
            return next(x for x in p.op.get("/limits")["items"] if x["point"] == "TP")
        equal((row()["pack"]["alarm"], row()["clause"]["alarm"]), (0.5, 1.0))
        p.push(0.6)
        one = p.op.alarm("gas.over-limit", "TP")
        p.op.ask("alarm.ack", alarms=[one["id"]])
        why = {"point": "TP", "name": "alarm", "reason": "the heading is done"}
        a.refused("limit.propose", "KT_EDENIED", value=1.01, **why)
        number = a.ask("limit.propose", value=1.0, **why)["result"]["proposal"]
        a.refused("limit.approve", "KT_EDENIED", proposal=number)
        b.ask("limit.approve", proposal=number)
        p.op.no_alarm("gas.over-limit", "TP")
        p.push(1.0)
        p.op.alarm("gas.over-limit", "TP")
        equal([c["value"] for c in row()["changes"] if c["in_force"]], [1.0])


@case("rule 7: no cut stops a fan, a refuge, communication or the monitoring's own supply")
def _():
    with Plant(more_points=HEADING) as p:
        p.keeper.put("THP", 1.6)
        p.device.wait("the heading is cut", lambda d: d.coil_writes(1) == [0])
        p.scans(5)
        equal(p.device.coil_writes(2), [], "the local fan runs on")
    for role in ("fan.main.power", "refuge.power", "comms.power", "monitor.power", "fan.local.power"):
        rule = ("rules:\n  - id: t.r\n    title: {zh: 甲, en: A}\n    select: {point: T-MR}\n"
                "    raise: self >= 0.5 %CH4\n    priority: 2\n    category: process\n"
                "    cause: {zh: 甲, en: A}\n    consequence: {zh: 甲, en: A}\n"
                "    action: {zh: 甲, en: A}\n    within: 2min\n    statutory: false\n"
                "    then: [{open: OUT}]\n")
        site = kt.make_site([kt.point("T-MR", "ch4.main-return", "MR", link="push"),
                             kt.point("OUT", role, "MR")], rules=rule)
        got = kt.kuangtu("check", site.dir, check=False)
        equal(got.returncode, 3, role)
        assert "protected-output" in got.stdout, got.stdout


@case("rule 8: replay, back-test and drill have no way out; live alarms go on meanwhile")
def _():
    with Plant() as p, p.op.stream() as s:
        start = kt.now_ms() - 500
        p.cut()
        kt.wait_for("some time has passed", lambda: kt.now_ms() > start + 3000)
        engineer = p.program.user("engineer-of-test", "engineer")
        writes = list(p.device.writes)
        engineer.ask("drill.start", title="cut of the face")
        p.op.ask("output.command", output="KG2", value=0, reason="play", drill=True)
        s.wait("the drill is told", lambda e, d: e == "outcome" and d["type"] == "drill")
        s.wait("the clock says it", lambda e, d: e == "clock" and d["drill"] == "cut of the face")
        job = engineer.post("/backtest", {"from": start, "to": kt.now_ms(), "limits": []})["job"]
        kt.wait_for("the job", lambda: engineer.get(f"/jobs/{job}")["state"] == "done")
        with p.op.stream(path="/replay/stream", at=start, speed=20) as past:
            past.command("KG1", "proved", 0)
            mark = s.mark()
            p.push(1.2)
            s.alarm("gas.over-limit", "TP", "raise", mark)
        p.scans(5)
        equal(p.device.writes, writes)
        engineer.ask("drill.stop")
        p.op.refused("output.command", output="KG2", value=0, reason="play", drill=True)


@case("rule 9: time cannot hide gas")
def _():
    with Plant() as p:
        p.keeper.put("TP", None)
        p.program.samples(("TP", 0.2))
        p.program.samples(("TP", 1.8, kt.now_ms() + 86_400_000))
        p.device.wait("a value from the future counts now", lambda d: d.coil_writes(0) == [0])
        equal(p.op.live("TP")["TP"][1], "future-time")
        p.program.samples(("TP", 0.1, kt.now_ms() - 3_600_000))
        p.scans(5)
        equal(p.op.live("TP")["TP"][0], 1.8)
        equal(p.output("KG1", "latched", lambda o: o["latched_by"])["latched_by"], ["TP"])
        p.program.samples(("TP", 2.5, kt.now_ms() - 1_800_000))
        late = kt.wait_for("the late one is listed", lambda: [
            e["body"] for e in p.op.events(type="late") if e["body"].get("value") == 2.5])
        assert late


@case("rule 10: nobody invents a value")
def _():
    with Plant(more_points=[kt.point("W-1", "wind.face", "P1-face", link="push", range_lo=0,
                                     range_hi=15),
                            kt.point("N-1", "water.level", "P1-face", link="push", deadband=1.0),
                            kt.point("ENV-1", "pressure.air", "mine", link="push")],
               rules=RULE_N) as p:
        engineer = p.program.user("engineer-of-test", "engineer")
        engineer.refused("manual.set", "KT_EDENIED", point="TP", value=0.1, reason="it is broken")
        p.program.samples(("W-1", 2.0))
        engineer.ask("manual.set", point="W-1", value=2.5, reason="read on the spot")
        kt.wait_for("it is marked", lambda: p.op.live("W-1")["W-1"][:2] == (2.5, "manual"))
        status, body = p.program.write("W-1 value=1", producer="narrow")
        equal((status, body["refused"]), (400, 1))
        status, body = p.program.write("KG1 value=1\nlink-sub value=1")
        equal(status, 400)
        equal(body["written"], 0)
        for v in (4.0, 4.4, 5.01, 4.4):  # the deadband of 1 m thins what is stored, not what rules see
            p.program.samples(("N-1", v))
        p.op.alarm("test.level", "N-1")


RULE_N = """
rules:
  - id: test.level
    title: {zh: 水位, en: Level}
    select: {point: N-1}
    raise: self >= 5.0 m
    priority: 3
    statutory: false
    category: process
    cause: {zh: 高, en: High}
    consequence: {zh: 无, en: None}
    action: {zh: 无, en: None}
    within: 10min
"""


@case("rule 11: a mine commands itself: neither a producer nor a forged request moves an output")
def _():
    with Plant() as p:
        token = p.site.tokens["pusher"]
        outside = kt.Client(p.program)
        body = json.dumps({"verb": "output.command", "args": {"output": "KG1", "value": 0},
                           "by": {"user": "county", "rights": ["output.open"], "places": ["*"]}})
        for headers in ({"Authorization": f"Token {token}"}, {"Authorization": f"Bearer {token}"}, {}):
            equal(outside.raw("POST", "/api/v1/requests", body, headers)[0], 401)
        engineer = p.program.user("engineer-of-test", "engineer")
        equal(engineer.raw("POST", "/api/v1/requests", body)[0], 403)
        status, got = p.program.write("KG1 value=0\nsub value=0")
        equal((status, got["written"]), (400, 0))
        p.scans(5)
        equal(p.device.writes, [])


if __name__ == "__main__":
    sys.exit(kt.main())
