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


def reload(p, changes):
    """The folder changed by (file, old, new) and loaded; answers the time of the last second before."""
    at = kt.now_ms()
    kt.wait_for("the second has passed", lambda: kt.now_ms() > at + 1200)
    for name, old, new in changes:
        p.site.replace(name, old, new)
    kt.kuangtu("reload", p.site.dir, "--why", "a change")
    return at


@case("a replay over a reload runs the site of its time: limit, point, place; so does a back-test")
def _():
    with Plant(limits="limits: [{points: [TP], values: {alarm: 0.5}}]\n",
               more_points=[kt.point("T9", "ch4.face", "P1-face", link="push")]) as p:
        p.program.samples(("T9", 0.42))
        p.push(0.6)
        p.op.ask("alarm.ack", alarms=[p.op.alarm("gas.over-limit", "TP")["id"]])
        start = kt.now_ms()
        name = next(r for r in p.site.read("places.csv").splitlines() if r.startswith("P1-face,"))
        before = reload(p, [("limits/test.yaml", "0.5", "0.7"), ("places.csv", name, name.replace(
            name.split(",")[3], "又名")), ("points.csv", "T9,", "T8,")])
        p.op.no_alarm("gas.over-limit", "TP")
        p.program.samples(("T8", 0.31))
        after = kt.now_ms()
        number = {q["id"]: q["i"] for q in p.op.get("/points")["items"]}
        assert "T9" not in number

        then = past(p.op, before)
        equal(then["difference"], "")
        assert [a for a in then["alarms"] if a["point"] == "TP" and a["limit"] == 0.5], then["alarms"]
        equal(then["site"]["same"], False)
        equal(then["site"]["ended"], [number["T8"]])
        points = {q["id"]: q for q in then["site"]["points"]}
        equal(points["T9"]["i"] in number.values(), False)
        equal(points["TP"]["pack_limits"]["alarm"], 0.5)
        equal([q["name"] for q in then["site"]["places"]], [name.split(",")[3]])
        values = {i: v for i, v, _, _ in then["live"]}
        equal((values[points["T9"]["i"]], values.get(number["T8"])), (0.42, None))
        now = past(p.op, after)
        equal((now["site"]["same"], now["difference"]), (True, ""))
        equal([a for a in now["alarms"] if a["point"] == "TP"], [])
        got = kt.kuangtu("replay", p.site.dir, "--at", rfc(before))
        assert "gas.over-limit" in got.stdout and "something else" not in got.stdout, got.stdout

        with p.op.stream(path="/replay/stream", at=start, speed=10) as s:
            s.wait("its site", lambda e, d: e == "state" and not d["site"]["same"])
            s.wait("the next site", lambda e, d: e == "state" and d["site"]["same"] and
                   d["difference"] == "")
        p.program.kill9()
        p.program.start()
        p.login_again()
        again = p.op.get("/replay", at=before)
        equal((again["difference"], again["alarms"]), ("", then["alarms"]))

        engineer = p.program.user("engineer-of-test", "engineer")
        job = engineer.post("/backtest", {"from": before - 60000, "to": after + 500, "limits": []})["job"]
        done = kt.wait_for("the job", lambda: (lambda j: j if j["state"] != "running" else None)(
            engineer.get(f"/jobs/{job}")))
        equal((done["state"], done["alarms"]), ("done", done["alarms_then"]))
        mine = [i["body"] for i in done["items"] if i["body"].get("point") == "TP"]
        assert mine and mine[0]["limit"] == 0.5, mine


@case("a folder that was changed while the program was down: what was before is as it was")
def _():
    with Plant(limits="limits: [{points: [TP], values: {alarm: 0.5}}]\n") as p:
        p.push(0.6)
        p.op.ask("alarm.ack", alarms=[p.op.alarm("gas.over-limit", "TP")["id"]])
        at = kt.now_ms()
        kt.wait_for("the second has passed", lambda: kt.now_ms() > at + 1200)
        p.program.kill9()
        p.site.replace("limits/test.yaml", "0.5", "0.7")
        p.program.start()
        p.login_again()
        p.op.no_alarm("gas.over-limit", "TP")
        then = past(p.op, at)
        equal(then["difference"], "")
        assert [a for a in then["alarms"] if a["point"] == "TP" and a["limit"] == 0.5], then["alarms"]
        now = past(p.op, kt.now_ms())
        equal((now["difference"], now["site"]["same"]), ("", True))


@case("verify names a missing or altered body of a site; a backup has them all")
def _():
    with Plant() as p:
        reload(p, [("points.csv", "T2,", "T3,")])
        p.program.stop()
        copy = kt.temp_dir() / "copy"
        kt.kuangtu("backup", p.site.dir, copy)
        equal(len(list((copy / "data/bodies").rglob("*"))),
              len(list((p.site.dir / "data/bodies").rglob("*"))))
        bodies = [b for b in (copy / "data/bodies").rglob("*") if b.is_file()]
        one = next(b for b in bodies if b"\nT2," in b.read_bytes())
        text = one.read_bytes()
        one.write_bytes(text.replace(b"\nT2,", b"\nTX,"))
        got = kt.kuangtu("verify", copy, check=False)
        assert got.returncode != 0 and one.name in got.stderr and "points.csv" in got.stderr and \
            "altered" in got.stderr, got.stderr
        one.unlink()
        got = kt.kuangtu("verify", copy, check=False)
        assert got.returncode != 0 and one.name in got.stderr and "missing" in got.stderr, got.stderr
        one.write_bytes(text)
        kt.kuangtu("verify", copy)
        kt.kuangtu("restore", copy, kt.temp_dir() / "back")
        p.program.start()


def rfc(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


@case("events of a point are exactly its own; totals of a back-test are of what one may see")
def _():
    people = kt.PEOPLE + [{"id": "face-tester", "places": ["P1"], "rights": kt.WATCH + ["backtest"]}]
    with Plant(people=people, more_points=[kt.point("TP2", "ch4.face", "P1-face", link="push"),
                                           kt.point("THP", "ch4.heading", "H1-heading", link="push")]) as p:
        start = kt.now_ms()
        for name in ("TP", "TP2", "THP"):
            p.keeper.put(name, 1.2)
            p.op.alarm("gas.over-limit", name)
        got = p.op.events(point="TP", limit=1000)
        assert got and not [e for e in got if "TP2" in str(e["body"])], got
        for name in ("TP", "TP2", "THP"):
            p.keeper.put(name, 1.6)
            p.op.alarm("gas.cut", name)
        equal({e["body"].get("output") for e in p.op.events(point="KG1", type="command")}, {"KG1"})
        end = kt.now_ms()
        totals = {}
        for who in ("engineer", "face-tester"):
            c = p.program.user(f"{who}-1", who)
            job = c.post("/backtest", {"from": start - 1000, "to": end, "limits": []})["job"]
            done = kt.wait_for("the job", lambda: (lambda j: j if j["state"] != "running" else None)(
                c.get(f"/jobs/{job}")))
            totals[who] = done
            equal(done["alarms"] + done["cuts"], len(done["items"]))
            equal(done["alarms_then"] + done["cuts_then"], len(done["happened"]))
        assert 0 < totals["face-tester"]["alarms"] < totals["engineer"]["alarms"]


@case("now is a second that can be replayed; an alarm is never raised before its sample")
def _():
    with Plant() as p:
        sent = kt.now_ms()
        p.program.samples(("TP", 1.2))
        one = p.op.alarm("gas.over-limit", "TP")
        assert one["raised"] >= sent, (one["raised"], sent)
        now = kt.now_ms()
        got = p.op.get("/replay", at=now)
        assert sent < got["at"] <= now and got["difference"] == "", got["at"]
        try:
            p.op.get("/replay", at=now + 60000)
            assert False, "the future was shown"
        except kt.Refused as e:
            equal(e.status, 400)


@case("kuangtu replay prints the alarms of a second")
def _():
    with Plant() as p:
        p.cut()
        at = kt.now_ms()
        past(p.op, at)
        got = kt.kuangtu("replay", p.site.dir, "--at", rfc(at))
        assert "gas.cut" in got.stdout and "something else" not in got.stdout, got.stdout
        local = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at / 1000 + 5.5 * 3600))
        p.site.replace("site.yaml", "+08:00", "+05:30")
        kt.kuangtu("reload", p.site.dir)
        got = kt.kuangtu("replay", p.site.dir, "--at", local + f".{at % 1000:03d}")
        assert "gas.cut" in got.stdout and "+05:30" in got.stdout, got.stdout
        got = kt.kuangtu("query", p.site.dir, "T1", "--from", local)
        assert "+05:30" in got.stdout, got.stdout
        equal(kt.kuangtu("replay", p.site.dir, "--at", "tomorrow", check=False).returncode, 2)
        none = kt.kuangtu("replay", p.site.dir, "--at", "2001-01-01 08:00", check=False)
        equal(none.returncode, 1, none.stdout)
        assert "nothing is recorded" in none.stderr, none.stderr


if __name__ == "__main__":
    sys.exit(kt.main())
