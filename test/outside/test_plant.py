# SPDX-License-Identifier: Apache-2.0
"""The program on the demonstration mine: over a thousand points of the simulated plant, on its clock."""

import re
import sys

import kt
from kt import case, equal
from mine import Mine


def the_ring_heals(m):
    """All of the network answers; a break is said and cuts nobody off; a station that is down is said."""
    def network():
        return {x["id"]: x["up"] for x in m.op.get("/health")["links"] if x["kind"] == "snmp"}

    def standing():
        return {(a["rule"], a["point"]) for a in m.op.alarms(limit=1000) if a["state"] != "rtn" and a["rule"].startswith(("net.", "base."))}
    kt.wait_for("switches, controller and data room", lambda: len(network()) == 8 and all(network().values()), 60)
    kt.wait_for("phones", lambda: (m.op.live()["SJ-3"][0] or 0) > 0 and m.op.live()["RING-1"][:2] == (1, "normal"), 60)
    equal(standing(), set())
    m.control("rig RING cut3 1")
    m.control("rig BASES off3 1")
    kt.wait_for("the break, at the ports on both sides of it", lambda: standing() == {
        ("net.ring-open", "RING-1"), ("net.port-down", "NX-SW3"), ("net.port-down", "PV-SW4"), ("base.down", "JZ-3")}, 60)
    assert all(network().values()), network()
    equal(m.op.live()["SJ-3"][0], 0)
    m.control("rig RING cut3 0")
    m.control("rig BASES off3 0")
    kt.wait_for("the ring whole again", lambda: not standing(), 60)
    m.control("rig RING cut2 1")
    m.control("rig RING cut4 1")
    kt.wait_for("two switches between two breaks", lambda: {("net.cut-off", f"KT-link-sw{i}") for i in (3, 4)} <= standing(), 90)
    equal([n for n, up in network().items() if not up], ["sw3", "sw4"])


@case("calm: every device answers, a thousand points are known, nothing statutory is raised")
def _():
    with Mine("calm", 5) as m:
        kt.wait_for("all devices", lambda: all(x["up"] for x in m.links()), 60)
        read = {p["id"] for p in m.op.get("/points", limit=100000)["items"]
                if p["link"] and p["link"].startswith(("sub", "plc", "pm"))}

        def known():
            live = m.op.live()
            return [i for i in read if live[i][1] == "normal"]
        kt.wait_for("the values", lambda: len(known()) >= len(read) * 0.99, 60)
        kt.note(f"{len(read)} points over Modbus")
        assert len(read) > 700
        bad = [(a["rule"], a["point"]) for a in m.op.alarms(limit=1000) if a["statutory"] and
               a["category"] in ("over-limit", "cut", "fan", "feed")]
        equal(bad, [])
        equal(m.op.get("/site")["clock"], "plant")
        the_ring_heals(m)


@case("gas-rise: alarm, cut, proof by the feed, and the plant's own state agree")
def _():
    with Mine("calm", 40) as m, m.op.stream(points="T1-1203") as s:
        kt.wait_for("all devices", lambda: all(x["up"] for x in m.links()), 60)
        m.control("scenario gas-rise")
        cut = s.wait("a cut", lambda e, d: e == "alarm" and d["rule"] == "gas.cut" and
                     d["change"] == "raise", limit=120)["data"]
        assert "1203" in cut["point"], cut
        range_row = next(r for r in m.op.get("/ranges")["items"] if r["point"] == cut["point"])
        switches = [x["output"] for x in range_row["switches"]]
        sent = s.wait("a command", lambda e, d: e == "command" and d["protective"] and
                      d["output"] in switches and d["state"] == "proved", limit=60)["data"]
        answer = m.control(f"state {sent['output']}")
        assert "value=0" in answer, answer
        kt.wait_for("the output is shown as dead", lambda: m.op.output(sent["output"])["feed"] == 0)
        m.control("speed 20")
        nobody_acknowledges(m, cut)


def nobody_acknowledges(m, cut):
    """The alarm climbs to the desk phone of the plant, which is taken up; it stays as it was."""
    step = kt.wait_for("its ladder's first step", lambda: [
        i["body"] for i in m.op.get("/events", type="climb", limit=50)["items"]
        if i["body"]["change"] == "step" and i["body"]["alarm"] == cut["id"]], 120)[-1]
    equal((step["ladder"], step["step"], step["by"], step["to"]), ("urgent", 1, "phone", "DESK"))
    kt.wait_for("the desk phone is taken up", lambda: int(re.search(r"calls=(\d+)", m.control("phone DESK")).group(1)) >= 1, 60)
    assert m.op.alarm(cut["rule"], cut["point"])["state"] in ("unack", "rtn")


@case("the solved airflow is what the plant's wind sensors measure, also after a door has been opened")
def _():
    with Mine("calm", 40) as m:
        def agrees(doors):
            got = m.op.get("/vent")
            by = {i["id"]: i for i in got["items"]}
            winds = [i for i in by.values() if "wind" in i]
            ok = got["state"] == "solved" and len(winds) > 50 and by["XAR120"]["doors_open"] == doors and \
                by["FAN-1"]["fan"] == "on" and \
                all(abs(i["wind"]["speed"] - i["speed"]) < 0.15 and not i["wind"]["contradicts"] for i in winds)
            return by if ok else None
        shut = kt.wait_for("all doors shut, all sensors agree", lambda: agrees(0), 60)
        m.control("door FM-01 open")
        wide = kt.wait_for("a door open, all sensors agree again", lambda: agrees(2), 60)
        assert wide["XAR120"]["flow"] > shut["XAR120"]["flow"] + 5, (wide["XAR120"], shut["XAR120"])
        equal([i["id"] for i in shut.values() if i["need"] in ("low", "high")], [])
        dust_starts_the_sprays(m)


def dust_starts_the_sprays(m):
    """At the alarm that two persons set, and the dust of the roadway settles."""
    def dust():
        return m.op.live("FC-1203-1")["FC-1203-1"][0]
    engineer, chief = m.program.user("engineer-2", "safety-engineer"), m.program.user("chief-2", "chief")
    high = kt.wait_for("the shearer raises dust", lambda: (x := dust()) > 3 and x, 180)
    asked = engineer.ask("limit.propose", point="FC-1203-1", name="alarm", value=2.5, reason="dry coal")
    assert "value=0" in m.control("state PW-1203")
    chief.ask("limit.approve", proposal=asked["result"]["proposal"])
    m.op.alarm("gas.dust-spray", "FC-1203-1", limit=180)
    kt.wait_for("the plant's sprays run", lambda: "value=1" in m.control("state PW-1203"), 180)
    kt.wait_for("the dust settles", lambda: dust() < 0.75 * high, 180)


@case("a device with bad manners delays no other, and its gap is recorded")
def _():
    with Mine("calm", 1) as m, m.op.stream(points="T1-1203") as s:
        kt.wait_for("all devices", lambda: all(x["up"] for x in m.links()), 60)
        for manner in ("half", "wrong-id", "silent", "vanish"):
            mark = s.mark()
            m.control(f"device sub01 {manner}")
            s.wait(f"the gap by {manner}", lambda e, d: e == "outcome" and d["type"] == "gap" and
                   d["link"] == "sub01" and d["change"] == "begin", mark, 40)
            others = [x for x in m.links() if x["id"] != "sub01"]
            assert all(x["up"] for x in others), [x["id"] for x in others if not x["up"]]
            m.control("device sub01 ok")
            s.wait(f"its end after {manner}", lambda e, d: e == "outcome" and d["type"] == "gap" and
                   d["link"] == "sub01" and d["change"] == "end", mark, 60)


@case("sixty times real time, or what the machine can follow: the plant waits, nothing becomes old, nothing is cut")
def _():
    with Mine("calm", 60) as m, m.op.stream() as s:
        kt.wait_for("all devices", lambda: all(x["up"] for x in m.links()), 60)
        scanned = {p["id"] for p in m.op.get("/points", limit=100000)["items"]
                   if (p["link"] or p["address"] or "").startswith(("sub", "plc", "pm"))}
        first = s.wait("the clock", lambda e, d: e == "clock" and d["rate"] > 0)
        equal(first["data"]["asked"], 60)
        mark, begin = s.mark(), first["data"]["engine"]
        last = s.wait("five minutes of the plant", lambda e, d: e == "clock" and
                      d["engine"] > begin + 300_000, mark, 120)
        kt.note(f"the plant went {last['data']['rate']} times as fast as time")
        with s.changed:
            seen = [e["data"] for e in s.all[mark:] if e["event"] in ("alarm", "command")]
        old = [(d["rule"], d["point"]) for d in seen if d.get("change") == "raise" and
               (d["rule"] in ("core.stale", "core.link-down") or d["statutory"]) and
               d["point"] in scanned]
        equal(old, [])
        equal([d for d in seen if d["type"] == "command"], [])


if __name__ == "__main__":
    sys.exit(kt.main())
