# SPDX-License-Identifier: Apache-2.0
"""Fixed plant: the main fans, changed over and reversed, against the PLC of the simulated mine."""

import re
import sys

import kt
import peers
from kt import case, equal
from mine import Mine

SLOW = 60  # seconds of waiting; the plant runs faster than its clock


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
    return ports[p["link"]], int(p["address"][1:])


@case("the main fans change over without a stop of the air; the twin follows; the PLC refuses what would stop it")
def _():
    with Mine("calm", 10) as m:
        shows(m, ZF_1=1, ZF_2=0, ZFK_1=1, ZFK_2=0, ZF_YK=1)
        refused = m.op.refused("output.command", "KT_ESTATE", output="ZFM-1", value=1, reason="x")
        assert "不能关主通风机蝶阀" in refused.text, refused.text
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


if __name__ == "__main__":
    sys.exit(kt.main())
