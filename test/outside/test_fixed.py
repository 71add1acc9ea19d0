# SPDX-License-Identifier: Apache-2.0
"""Fixed plant: the main fans, changed over and reversed, against the PLC of the simulated mine."""

import re
import sys

import kt
import peers
from kt import case, equal
from mine import Mine

SLOW = 120  # seconds of waiting; the plant runs faster than its clock


def begin(m, sequence, *subjects, **recipe):
    return m.op.ask("sequence.start", sequence=sequence, subjects=list(subjects), recipe=recipe)["result"]["run"]


def run_of(m, run):
    return next(r for r in m.op.get("/sequences")["runs"] if r["run"] == run)


def wait_state(m, run, state):
    try:
        return kt.wait_for(f"run {run} is {state}", lambda: r if (r := run_of(m, run))["state"] == state else None, SLOW, 0.1)
    except AssertionError:
        kt.note(str(run_of(m, run)))
        raise


def shows(m, **values):
    def look():
        live = m.op.live(*[k.replace("_", "-") for k in values])
        return all(list(live[k.replace("_", "-")][:2]) == [v, "normal"] for k, v in values.items())
    kt.wait_for(str(values), look, SLOW, 0.1)


def airway(m, wid):
    return next(x for x in m.op.get("/vent")["items"] if x["id"] == wid)


def port_of(m, point):
    p = next(x for x in m.op.get("/points", limit=100000)["items"] if x["id"] == point)
    ports = {x: int(n) for x, n in re.findall(r"{id: (\w+), kind: modbus, host: [\d.]+, port: (\d+)", m.site.read("site.yaml"))}
    return ports[p["link"]], int(re.match(r"[a-z](\d+)", p["address"])[1])


@case("the main fans change over without a stop of the air; the twin follows; the PLC refuses what would stop it")
def _():
    with Mine("calm", 10) as m:
        shows(m, ZF_1=1, ZF_2=0, ZFK_1=1, ZFK_2=0, ZF_YK=1)
        refused = m.op.refused("output.command", "KT_ESTATE", output="ZFM-1", value=1, reason="x")
        assert "不能关主通风机蝶阀" in refused.zh, refused.zh
        equal(peers.write_coil(*port_of(m, "ZFM-1"), 1), 3, "the PLC refuses it, too")
        equal(peers.write_coil(*port_of(m, "ZFR-1"), 1), 3, "a fan that turns is not turned round")
        run = begin(m, "fan.to-backup", "ZFQ-2", both=2)
        wait_state(m, run, "waiting")
        m.program.user("engineer-1", "ventilation-engineer").ask("sequence.confirm", run=run)
        wait_state(m, run, "done")
        shows(m, ZF_1=0, ZF_2=1, ZFK_1=0, ZFK_2=1)
        kt.wait_for("the twin's air goes through fan 2", lambda: abs(airway(m, "FAN-2").get("flow") or 0) > 60 and abs(airway(m, "FAN-1")["flow"] or 0) < 10, SLOW, 0.2)
        lows = [a for a in m.op.get("/alarms")["items"] if a["rule"] == "core.main-fan-stopped"]
        equal(lows, [], "the air never stood")


@case("reversal: refused with the explosion door open; the air of the whole mine turns, twin and all, and comes back")
def _():
    with Mine("calm", 20) as m, m.op.stream() as s:
        eng = m.program.user("engineer-1", "ventilation-engineer")
        shows(m, ZF_1=1, ZF_YK=1, ZF_FB=0)
        m.control("set ZF-FB 1")
        shows(m, ZF_FB=1)
        run = begin(m, "fan.reverse", "ZFR-1")
        eng.ask("sequence.confirm", run=run)
        held = wait_state(m, run, "held")
        equal((held["code"], held["steps"][0]["state"]), ("late", "late"))
        equal(list(m.op.live("ZF-1")["ZF-1"][:2]), [1, "normal"], "nothing was stopped")
        m.control("set ZF-FB 0")
        shows(m, ZF_FB=0)
        m.op.ask("sequence.resume", run=run)  # begun anew, so confirmed anew
        eng.ask("sequence.confirm", run=run)
        wait_state(m, run, "done")
        shows(m, ZFX_1=1, ZF_1=1)
        s.alarm("plant.fan-reversed", "ZF-Q", "raise", 0, SLOW)
        s.alarm("core.main-fan-stopped", "ZF-1", "raise", 0, SLOW)  # while it stood; nothing hides it
        back = kt.wait_for("the twin blows back", lambda: x if (x := airway(m, "FAN-1"))["fan"] == "back" and (x["flow"] or 0) < -40 else None, SLOW, 0.2)
        assert -back["flow"] > 0.4 * 161, back
        run = begin(m, "fan.forward", "ZFQ-1")
        eng.ask("sequence.confirm", run=run)
        wait_state(m, run, "done")
        shows(m, ZFX_1=0, ZF_1=1)
        kt.wait_for("and forward", lambda: (airway(m, "FAN-1")["flow"] or 0) > 100, SLOW, 0.2)


@case("pumps: started by a person through the interlocks, by level by the PLC alone; what the PLC refuses, the program says")
def _():
    with Mine("calm", 10) as m, m.op.stream() as s:
        shows(m, YK_SC1=1, GZ_SC1_2=0, ZB_SC1_1=1, ZB_SC1_3=0)
        m.control("rig PS1 fault3 1")
        shows(m, GZ_SC1_3=1)
        s.alarm("plant.pump-fault", "GZ-SC1-3", "raise", 0, SLOW)
        refused = m.op.refused("output.command", "KT_ESTATE", output="ZB-SC1-3", value=1, reason="x")
        assert "不能值班" in refused.zh, refused.zh
        equal(peers.write_coil(*port_of(m, "ZB-SC1-3"), 1), 3, "the PLC refuses it, too")
        kt.wait_for("pump 2 may be started", lambda: list(m.op.live("KB-SC1-2")["KB-SC1-2"][:2]) == [1, "normal"], SLOW, 0.1)
        run = begin(m, "pump.start", "BQ-SC1-2")
        wait_state(m, run, "done")
        shows(m, SB_SC1_2=1)
        mark = s.mark()
        wait_state(m, begin(m, "pump.stop", "BQ-SC1-2"), "done")
        for pump in (1, 2):
            m.op.ask("output.command", output=f"ZB-SC1-{pump}", value=0, reason="test")
        s.alarm("plant.pump-none-in-duty", "YK-SC1", "raise", mark, SLOW)
        sent = [e for e in s.all if e["event"] == "command" and e["data"]["value"] == 1 and e["data"]["output"].startswith("BQ-") and e["data"]["by"] != "operator-1"]
        equal(sent, [], "the program starts none by itself")


@case("the hoist is watched and cannot be commanded: no output beside it passes the check, no request reaches it, its trip is told")
def _():
    with Mine("calm", 5) as m, m.op.stream() as s:
        kt.wait_for("it moves", lambda: (m.op.live("TJ-V")["TJ-V"][0] or 0) > 1, SLOW, 0.1)
        for value in (0, 1):
            m.op.refused("output.command", "KT_EINVAL", output="TJ-V", value=value, reason="x")
        m.control("rig TJ fast 1")
        s.alarm("hoist.overspeed", "TJ-V", "raise", 0, SLOW)
        m.control("rig TJ fast 0")
        m.control("set TJ-ZL1 0")
        s.alarm("hoist.curtain-open", "TJ-ZL1", "raise", 0, SLOW)
        port = port_of(m, "TJ-GJ")[0]
        equal(peers.write_coil(port, 0, 1), 2, "its device has no coil to write")
        points = m.site.read("points.csv")
        header = points.splitlines()[0].split(",")
        row = dict.fromkeys(header, "") | {"id": "BAD-1", "name": "提升机启停", "role": "switch.power", "place": "winder-house", "link": "plc05", "address": "c40"}
        m.site.write("points.csv", points + ",".join(row[c] for c in header) + "\n")
        got = kt.kuangtu("check", str(m.site.dir), check=False)
        assert got.returncode != 0 and "watched-only" in got.stdout + got.stderr, got.stdout + got.stderr


@case("guards: somebody before the roadheader cuts it at once, one door at a time, a runaway car lowers the barrier")
def _():
    with Mine("calm", 5) as m, m.op.stream() as s:
        shows(m, FH_1207Y=1, RY_1207Y=0, DC_1_J=1)
        m.control("set RY-1207Y 1")
        trip = s.alarm("guards.person", "RY-1207Y", "raise", 0, SLOW)["data"]
        sent = s.command("JD-1207Y", "sent", 0, 0, SLOW)["data"]
        equal(sent["requested"], trip["raised"])
        assert "guards.person" in m.op.refused("output.command", "KT_ESTATE", output="JD-1207Y", value=1, reason="x").text
        a, b = "KF-FM-01A", "KF-FM-01B"
        m.op.ask("output.command", output=a, value=1, reason="through")
        kt.wait_for("door A opens", lambda: m.op.live("FM-01A")["FM-01A"][0] == 1, SLOW, 0.1)
        assert "风门A未证实关闭" in m.op.refused("output.command", "KT_ESTATE", output=b, value=1, reason="x").zh
        equal(peers.write_coil(*port_of(m, b), 1), 3)
        m.op.ask("output.command", output="DC-1", value=1, reason="a train")
        shows(m, DC_1_W=1)
        m.control("rig DCL speed 6")
        s.alarm("guards.runaway", "DC-1-V", "raise", 0, SLOW)
        shows(m, DC_1_W=0)


@case("the drill stops by itself when its link is cut, and stays so until it is enabled anew; the console stops it at once")
def _():
    with Mine("calm", 5) as m, m.op.stream() as s:
        def true(point):
            return float(m.control(f"state {point}").split("true=")[1])
        shows(m, ZK_SN=0, ZK_JT=0, ZK_SL=0)
        refused = m.op.refused("output.command", "KT_ESTATE", output="ZK-ZJ", value=1, reason="x")
        assert "未使能" in refused.zh, refused.zh
        wait_state(m, begin(m, "drill.start", "ZK-ZJ"), "done")
        kt.wait_for("it bores", lambda: true("ZK-KS") > 0.05, SLOW, 0.1)
        m.control("device plc08 vanish")
        kt.wait_for("it stands by itself", lambda: true("ZK-YX") == 0 and true("ZK-SL") == 1, SLOW, 0.05)
        at = true("ZK-KS")
        m.control("device plc08 ok")
        s.alarm("drill.lost", "ZK-SL", "raise", 0, SLOW)
        equal(true("ZK-YX"), 0, "nothing goes on by itself")
        assert true("ZK-KS") - at < 0.5
        wait_state(m, begin(m, "drill.start", "ZK-ZJ"), "done")
        mark = s.mark()
        begin(m, "drill.emergency", "ZK-SN")
        s.command("ZK-ZJ", "sent", 0, mark, SLOW)
        kt.wait_for("the console's stop", lambda: true("ZK-YX") == 0, SLOW, 0.05)
        shows(m, ZK_SN=0)


def set_to(m, output, value):
    return m.op.ask("output.command", output=output, value=value, reason="test")["result"]["command"]


def ended(m, command):
    """The command once it is over."""
    def look():
        found = [c for c in m.op.get("/commands")["items"] if c["id"] == command]
        return found[0] if found and found[0]["state"] not in ("requested", "confirmed", "sent") else None
    return kt.wait_for(f"command {command} is over", look, SLOW, 0.1)


@case("set-points of the stations: written, read back, followed by the PLC's own loop; refused by limits, step, mode, PLC and right; ignored or unanswered, they are missed")
def _():
    with Mine("calm", 20) as m, m.op.stream() as s:
        names = [f"ZJ-1203-{i:02d}" for i in range(1, 41)]
        kt.wait_for("forty pressures", lambda: all(v[1] == "normal" and 15 < v[0] < 45 for v in m.op.live(*names).values()), SLOW, 0.2)
        m.op.refused("output.command", "KT_EINVAL", output="DK-1-V", value=1, reason="a truck is not driven")
        shows(m, RH_SD=4, RH_YK=1)
        port, at = port_of(m, "RH-SD")
        done = ended(m, set_to(m, "RH-SD", 4.5))
        equal((done["state"], done["value"], done["protective"], done.get("text", "")), ("readback", 4.5, False, ""))
        shows(m, RH_SD=4.5)
        kt.wait_for("the loop follows", lambda: abs((m.op.live("RH-ND")["RH-ND"][0] or 0) - 4.5) < 0.1, SLOW, 0.2)
        for value, code, why in ((5.2, "KT_EINVAL", "to 5.2 %: 3 to 5 % are allowed"), (3.8, "KT_ESTATE", "it goes by 0.5 % at most"), ("4", "KT_EINVAL", "value: a number")):
            refused = m.op.refused("output.command", code, output="RH-SD", value=value, reason="x")
            assert why in refused.text, refused.text
        equal(peers.write_float(port, at, 9), 3, "the PLC has limits of its own")
        m.program.user("engineer-1", "ventilation-engineer").refused("output.command", "KT_EDENIED", output="RH-SD", value=4.4, reason="x")
        m.control("rig RHY-1203 remote 0")
        shows(m, RH_YK=0)
        assert "就地方式" in m.op.refused("output.command", "KT_ESTATE", output="RH-SD", value=4.4, reason="x").zh
        equal(peers.write_float(port, at, 4.4), 3, "the PLC refuses it, too")
        m.control("rig RHY-1203 remote 1")
        m.control("rig RHY-1203 deaf 1")
        shows(m, RH_YK=1)
        mark = s.mark()
        failed = ended(m, set_to(m, "RH-SD", 4.2))
        equal((failed["state"], failed["text"]), ("failed", "written, but the device holds 4.5 %"))
        s.alarm("core.setpoint-differs", "RH-SD", "raise", mark, SLOW)
        equal([e["data"] for e in s.all if e["event"] == "alarm" and e["data"]["rule"] == "gas.cut"], [])
        m.control("rig RHY-1203 deaf 0")
        equal(ended(m, set_to(m, "RH-SD", 4.2))["state"], "readback")
        s.alarm("core.setpoint-differs", "RH-SD", "clear", mark, SLOW)
        equal(ended(m, set_to(m, "RH-FS", 0.25))["state"], "readback")
        m.control("rig RHY-1203 high 0.26")
        kt.wait_for("a flush is counted", lambda: (m.op.live("RH-CC")["RH-CC"][0] or 0) >= 1, SLOW, 0.1)
        # killed before the answer: the command is dead, nothing is written again, what the device took is told
        m.control("device plc07 silent")
        command = set_to(m, "RH-SD", 4.6)
        m.program.kill9()
        m.control("device plc07 ok")
        m.program.start()
        m.op = m.program.login("operator-1", m.op.password)
        over = ended(m, command)
        equal((over["state"], over["value"]), ("expired", 4.6))
        kt.wait_for("read before anything", lambda: m.op.get("/outputs/RH-SD")["value"] is not None, SLOW, 0.1)
        held = m.op.get("/outputs/RH-SD")
        assert round(held["value"], 2) in (4.2, 4.6) and held["commanded"] == 4.2 and held["command"] is None, held
        if held["value"] > 4.5:
            m.op.alarm("core.setpoint-differs", "RH-SD", None, SLOW)
        equal(ended(m, set_to(m, "RH-SD", 4.3))["state"], "readback")


if __name__ == "__main__":
    sys.exit(kt.main())
