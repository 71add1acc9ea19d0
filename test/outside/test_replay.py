# SPDX-License-Identifier: Apache-2.0
"""The past: the state at a second, played forward, back-tests; and none of it has a way out."""

import sys
import time

import kt
from cutplant import Plant
from kt import case, equal


def shape(items, *keys):
    return sorted(tuple(i.get(k) for k in keys) for i in items)


def past(eye, at):
    """The replay at a time, waited for until the program's own time has passed it."""
    kt.wait_for("the second has passed", lambda: kt.now_ms() > at + 1500)
    return eye.get("/replay", at=at)


@case("a replay shows what was: values, alarms, outputs; the recorded and the computed agree")
def _():
    with Plant() as p:
        p.cut()
        then = {"alarms": p.op.alarms(limit=1000), "outputs": p.op.get("/outputs")["items"],
                "live": p.op.live("T1", "KG1")}
        at = kt.now_ms()
        time.sleep(0.3)
        p.restore()
        p.close_switch()
        p.output("KG1", "is closed", lambda o: o["value"] == 1 and o["feed"] == 1)
        one = p.op.alarm("gas.cut", "T1")
        p.op.ask("alarm.ack", alarms=[one["id"]])
        p.op.no_alarm("gas.cut", "T1")
        got = past(p.op, at)
        equal(got["difference"], "")
        equal(shape(got["alarms"], "id", "rule", "point", "state"),
              shape(then["alarms"], "id", "rule", "point", "state"))
        equal(shape(got["outputs"], "output", "value", "feed"),
              shape(then["outputs"], "output", "value", "feed"))
        equal([o["latched_by"] for o in got["outputs"] if o["output"] == "KG1"], [["T1"]])
        number = {q["i"]: q["id"] for q in p.op.get("/points")["items"]}
        values = {number[i]: v for i, v, _, _ in got["live"]}
        equal((values["T1"], values["KG1"]), (then["live"]["T1"][0], then["live"]["KG1"][0]))


@case("a replay over restarts and kills is the same")
def _():
    with Plant() as p:
        p.cut()
        at = kt.now_ms()
        before = past(p.op, at)
        p.program.kill9()
        p.program.start()
        p.login_again()
        after = p.op.get("/replay", at=at)
        equal(after["difference"], "")
        equal(shape(after["alarms"], "id", "rule", "point", "state", "raised"),
              shape(before["alarms"], "id", "rule", "point", "state", "raised"))
        equal(after["live"], before["live"])
        equal(after["outputs"], before["outputs"])


@case("played forward, a replay tells the alarms and commands of then, and writes nothing")
def _():
    with Plant() as p:
        start = kt.now_ms() - 300
        p.cut()
        end = kt.now_ms()
        writes, events = list(p.device.writes), len(p.op.events(type="command", limit=1000))
        kt.wait_for("some time has passed", lambda: kt.now_ms() > end + 2000)
        with p.op.stream(path="/replay/stream", at=start, speed=10) as s:
            s.wait("the state", lambda e, d: e == "state" and d["seq"] > 0)
            s.alarm("gas.cut", "T1", "raise")
            s.command("KG1", "proved", 0)
            s.wait("the clock", lambda e, d: e == "clock" and d["replay"] and d["now"] > end)
        p.scans(5)
        equal(p.device.writes, writes, "a replay has no way out (safety rule 8)")
        equal(len(p.op.events(type="command", limit=1000)), events)


@case("a back-test of a tighter limit lists more alarms; nothing is sent or changed")
def _():
    with Plant() as p:
        start = kt.now_ms()
        for value in (0.3, 0.6, 0.9, 0.6, 0.3, 1.2, 0.3):
            p.push(value)
            kt.wait_for("the value", lambda v=value: p.op.live("TP")["TP"][0] == v)
        end = kt.now_ms()
        kt.wait_for("some time has passed", lambda: kt.now_ms() > end + 2000)
        engineer = p.program.user("engineer-of-test", "engineer")
        writes = list(p.device.writes)

        def run(**more):
            job = engineer.post("/backtest", {"from": start - 2000, "to": end + 1000, **more})["job"]
            done = kt.wait_for("the job", lambda: (lambda j: j if j["state"] != "running" else None)(
                engineer.get(f"/jobs/{job}")))
            equal(done["state"], "done", done.get("text"))
            return done
        same = run(limits=[])
        tighter = run(limits=[{"point": "TP", "name": "alarm", "value": 0.5}])
        equal(same["alarms"], same["alarms_then"], "the same limits raise what was raised")
        mine = [i for i in tighter["items"] if i["body"].get("rule") == "gas.over-limit" and
                i["body"]["point"] == "TP"]
        equal(len(mine), 2, str(mine))
        assert tighter["alarms"] > same["alarms"]
        equal(len([i for i in same["items"] if i["body"].get("rule") == "gas.over-limit"]), 1)
        e = None
        try:
            run(limits=[{"point": "TP", "name": "alarm", "value": 2.5}])
        except kt.Refused as refused:
            e = refused
        assert e and e.status == 400 and "loose" in e.text, e
        p.scans(3)
        equal(p.device.writes, writes)
        got = kt.kuangtu("backtest", p.site.dir, "--from", f"{rfc(start - 2000)}", "--to", f"{rfc(end)}",
                         "--limit", "TP.alarm=0.5", "--format", "json")
        assert "gas.over-limit" in got.stdout


def rfc(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


@case("kuangtu replay prints the alarms of a second")
def _():
    with Plant() as p:
        p.cut()
        at = kt.now_ms()
        past(p.op, at)
        got = kt.kuangtu("replay", p.site.dir, "--at", rfc(at))
        assert "gas.cut" in got.stdout and "something else" not in got.stdout, got.stdout
        equal(kt.kuangtu("replay", p.site.dir, "--at", "tomorrow", check=False).returncode, 2)


if __name__ == "__main__":
    sys.exit(kt.main())
