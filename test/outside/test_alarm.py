# SPDX-License-Identifier: Apache-2.0
"""Alarms: raise, limits at the point's resolution, acknowledge, return, stream, shelving."""

import json
import sys

import kt
from cutplant import Plant
from kt import case, equal, once

RULES = """
rules:
  - id: test.water-high
    title: {zh: 水位高, en: Water high}
    select: {role: water.level}
    raise: self >= 5.0 m
    clear: self < 4.5 m
    priority: 3
    statutory: false
    category: process
    cause: {zh: 水位过高, en: The water is high}
    consequence: {zh: 可能淹泵, en: The pump may be flooded}
    action: {zh: 开泵, en: Start a pump}
    within: 10min
  - id: test.float32
    title: {zh: 单精度比较, en: Single precision}
    select: {point: F-*}
    raise: self >= 0.7 m
    priority: 4
    statutory: false
    category: process
    cause: {zh: 比较, en: Comparison}
    consequence: {zh: 无, en: None}
    action: {zh: 无, en: None}
    within: 10min
"""
GAS = "gas.over-limit"


@once
def up():
    site = kt.make_site(
        [kt.point(f"T-{i}", "ch4.main-return", "MR", link="push") for i in range(1, 13)] +
        [kt.point(f"W-{i}", "water.level", "P1-face", link="push") for i in range(1, 5)] +
        [kt.point(f"F-{i}", "water.level", "P1-face", link="push") for i in range(1, 7)] +
        [kt.point("CO-1", "co.face-return", "P1-return", link="push", range_lo=0, range_hi=1000)],
        rules=RULES)
    p = kt.Program(site)
    p.eye = p.user("eye-of-test", "dispatcher")
    p.engineer = p.user("engineer-of-test", "engineer")
    return p


def push(name, value, *more):
    up().samples((name, value, *more))


@case("a value at the limit raises, below it clears; the alarm waits for its acknowledgement")
def _():
    p, eye = up(), up().eye
    with eye.stream() as s:
        push("T-1", 0.74)
        push("T-1", 0.75)
        raised = s.alarm(GAS, "T-1", "raise")["data"]
        equal((raised["state"], raised["priority"], raised["statutory"]), ("unack", 1, True))
        equal((raised["value"], raised["limit"], raised["unit"]), (0.75, 0.75, "%CH4"))
        assert abs(raised["raised"] - kt.now_ms()) < 60_000, "time in milliseconds"
        push("T-1", 0.9)
        push("T-1", 0.5)
        over = s.alarm(GAS, "T-1", "clear")["data"]
        equal((over["state"], over["peak"]), ("rtn", 0.9))
        eye.ask("alarm.ack", alarms=[raised["id"]], note="seen")
        done = s.alarm(GAS, "T-1", "ack")["data"]
        equal((done["state"], done["by"], done["note"]), ("normal", "eye-of-test", "seen"))
    eye.no_alarm(GAS, "T-1")
    shown = [a for a in eye.alarms(state="history") if a["point"] == "T-1"]
    equal(len(shown), 1)
    del p


@case("acknowledged while active: it stays until the value is back")
def _():
    eye = up().eye
    push("T-2", 0.8)
    one = eye.alarm(GAS, "T-2", "unack")
    eye.ask("alarm.ack", alarms=[one["id"]], note="")
    eye.alarm(GAS, "T-2", "ack")
    e = eye.refused("alarm.ack", alarms=[one["id"]])
    equal(e.status, 409)
    push("T-2", 0.1)
    eye.no_alarm(GAS, "T-2")


@case("float text around the limit is compared at the resolution of the point")
def _():
    eye = up().eye
    for i, (text, over) in enumerate((("0.75", True), ("0.7499999999999999", True),
                                      ("0.749999988079071", True), ("0.7450001", True),
                                      ("0.7449", False), ("0.74", False), ("75e-2", True),
                                      ("0.699999988", False)), 3):
        status, body = up().write(f"T-{i} value={text}")
        equal(status, 204, body)
        if over:
            eye.alarm(GAS, f"T-{i}")
    shown = {a["point"] for a in eye.alarms() if a["rule"] == GAS}
    assert "T-7" not in shown and "T-8" not in shown and "T-10" not in shown, shown
    ids = [a["id"] for a in eye.alarms() if a["rule"] == GAS]
    got = eye.ask("alarm.ack", alarms=ids)["result"]
    equal(got["done"], len(ids))
    for i in range(3, 11):
        push(f"T-{i}", 0.0)
        eye.no_alarm(GAS, f"T-{i}")


@case("a number that went through a float32 meets the limit it stands for")
def _():
    eye = up().eye
    for i, (text, over) in enumerate((("0.699999988", True), ("0.69999998807907104", True),
                                      ("0.7", True), ("0.694", False), ("0.69", False)), 1):
        equal(up().write(f"F-{i} value={text}")[0], 204)
        if over:
            eye.alarm("test.float32", f"F-{i}")
    shown = {a["point"] for a in eye.alarms() if a["rule"] == "test.float32"}
    equal(shown, {"F-1", "F-2", "F-3"})


@case("exactly at the limit in a whole unit, one below not")
def _():
    eye = up().eye
    push("CO-1", 23)
    push("CO-1", 24)
    one = eye.alarm("gas.co-over-limit", "CO-1")
    equal(one["value"], 24)
    push("CO-1", 23)
    eye.alarm("gas.co-over-limit", "CO-1", "rtn")
    eye.ask("alarm.ack", alarms=[one["id"]])
    eye.no_alarm("gas.co-over-limit", "CO-1")


@case("over-range counts as over the limit; a broken sensor clears nothing (safety rule 1)")
def _():
    eye = up().eye
    push("T-11", 9.9)  # beyond the range of 0 to 4
    one = eye.alarm(GAS, "T-11", "unack")
    equal(eye.live("T-11")["T-11"][1], "over-range")
    push("T-11", 0.1, None, "broken")
    kt.wait_for("it is broken", lambda: eye.live("T-11")["T-11"][1] == "broken")
    equal(eye.alarm(GAS, "T-11")["state"], "unack")
    push("T-11", 0.1)
    eye.alarm(GAS, "T-11", "rtn")
    eye.ask("alarm.ack", alarms=[one["id"]])
    eye.no_alarm(GAS, "T-11")


@case("hysteresis: between clear and raise nothing changes")
def _():
    eye = up().eye
    push("W-1", 5.0)
    one = eye.alarm("test.water-high", "W-1", "unack")
    push("W-1", 4.7)
    kt.wait_for("the value", lambda: eye.live("W-1")["W-1"][0] == 4.7)
    equal(eye.alarm("test.water-high", "W-1")["state"], "unack")
    push("W-1", 4.4)
    eye.alarm("test.water-high", "W-1", "rtn")
    eye.ask("alarm.ack", alarms=[one["id"]])


@case("a statutory alarm cannot be shelved, put out of service or muted long (safety rule 6)")
def _():
    p = up()
    push("T-12", 1.2)
    one = p.eye.alarm(GAS, "T-12")
    p.eye.refused("alarm.shelve", alarms=[one["id"]], minutes=10, reason="tired of it")
    p.engineer.refused("alarm.oos", point="T-12", rule=GAS, reason="tired of it")
    p.eye.refused("console.mute", console="desk-1", seconds=121)
    equal(p.eye.alarm(GAS, "T-12")["state"], "unack")
    push("T-12", 0)
    p.eye.ask("alarm.ack", alarms=[one["id"]])
    p.eye.no_alarm(GAS, "T-12")


@case("another alarm is shelved with time and reason, and comes back")
def _():
    eye = up().eye
    push("W-2", 6)
    one = eye.alarm("test.water-high", "W-2")
    eye.refused("alarm.shelve", alarms=[one["id"]], minutes=10)
    eye.refused("alarm.shelve", alarms=[one["id"]], minutes=0, reason="x")
    eye.refused("alarm.shelve", alarms=[one["id"]], minutes=10**6, reason="x")
    with eye.stream() as s:
        eye.ask("alarm.shelve", alarms=[one["id"]], minutes=10, reason="the pump is being mended")
        got = s.alarm("test.water-high", "W-2", "shelve")["data"]
        equal(got["state"], "shelved")
        assert abs(got["until"] - kt.now_ms() - 600_000) < 60_000, got
    equal([a["point"] for a in eye.alarms(state="shelved")], ["W-2"])
    assert "W-2" not in [a["point"] for a in eye.alarms()]
    eye.ask("alarm.unshelve", alarms=[one["id"]])
    eye.alarm("test.water-high", "W-2", "unack")
    push("W-2", 0)
    eye.ask("alarm.ack", alarms=[one["id"]])


@case("out of service by the engineer, and back")
def _():
    p = up()
    p.engineer.ask("alarm.oos", point="W-3", rule="test.water-high", reason="sensor is being moved")
    push("W-3", 6)
    kt.wait_for("it is out of service",
                lambda: [a for a in p.eye.alarms(state="oos") if a["point"] == "W-3"])
    assert "W-3" not in [a["point"] for a in p.eye.alarms()]
    p.engineer.ask("alarm.return", point="W-3", rule="test.water-high")
    one = p.eye.alarm("test.water-high", "W-3")
    push("W-3", 0)
    p.eye.ask("alarm.ack", alarms=[one["id"]])


@case("a stream that was cut goes on behind its last event without a gap")
def _():
    eye = up().eye
    with eye.stream() as s:
        push("W-4", 6)
        first = s.alarm("test.water-high", "W-4", "raise")
    push("W-4", 0)
    eye.alarm("test.water-high", "W-4", "rtn")
    eye.ask("alarm.ack", alarms=[first["data"]["id"]])
    push("W-4", 7)
    eye.alarm("test.water-high", "W-4", "unack")
    with eye.stream(last=first["id"]) as s:
        s.alarm("test.water-high", "W-4", "clear")
        s.alarm("test.water-high", "W-4", "ack")
        s.alarm("test.water-high", "W-4", "raise")
        changes = [e["data"]["change"] for e in s.all
                   if e["event"] == "alarm" and e["data"]["point"] == "W-4"]
        equal(changes, ["clear", "ack", "raise"])
        ids = s.ids()
        equal(ids, sorted(set(ids)))
        assert ids[0] > first["id"]


@case("a stream over a restart of the program goes on without a gap")
def _():
    p, eye = up(), up().eye
    push("W-4", 0)
    one = eye.alarm("test.water-high", "W-4", "rtn")
    with eye.stream() as s:
        eye.ask("alarm.ack", alarms=[one["id"]])
        last = s.alarm("test.water-high", "W-4", "ack")["id"]
    push("W-4", 8)
    eye.alarm("test.water-high", "W-4", "unack")
    p.stop()
    p.start()
    p.eye = eye = p.login("eye-of-test", eye.password)
    p.engineer = p.login("engineer-of-test", p.engineer.password)
    with eye.stream(last=last) as s:
        s.alarm("test.water-high", "W-4", "raise")
        push("W-4", 8)  # until it is heard of again the value is not known
        equal(eye.alarm("test.water-high", "W-4")["state"], "unack")


@case("values in a stream: all at the start, then what changes")
def _():
    eye = up().eye
    number = eye.get("/points/T-1")["i"]
    with eye.stream(points="T-1,T-2") as s:
        first = s.wait("values", lambda e, d: e == "live")["data"]
        equal(sorted(row[0] for row in first["p"]), sorted([number, eye.get("/points/T-2")["i"]]))
        mark = s.mark()
        push("T-3", 0.01)
        push("T-1", 0.31)
        s.wait("T-1", lambda e, d: e == "live" and [r for r in d["p"] if r[:2] == [number, 0.31]],
               mark)
        hello = s.all[0]
        equal(hello["event"], "hello")
        status, _, _ = eye.call("POST", f"/stream/{hello['data']['sid']}/points", {"points": ["T-3"]})
        equal(status, 204)
        three = eye.get("/points/T-3")["i"]
        mark = s.mark()
        push("T-3", 0.02)
        s.wait("T-3", lambda e, d: e == "live" and [r for r in d["p"] if r[:2] == [three, 0.02]], mark)
        s.wait("the clock", lambda e, d: e == "clock" and d["failed"] is False)


@case("the same request twice with one key is done once")
def _():
    eye = up().eye
    push("W-1", 6)
    one = eye.alarm("test.water-high", "W-1")
    a = eye.post("/requests", {"verb": "alarm.ack", "args": {"alarms": [one["id"]]}, "key": "k-1"})
    b = eye.post("/requests", {"verb": "alarm.ack", "args": {"alarms": [one["id"]]}, "key": "k-1"})
    equal(a["result"], b["result"])
    e = eye.refused("alarm.ack", alarms=[one["id"]])
    equal(e.status, 409)


@case("every verdict that refuses says why, in JSON with a code")
def _():
    eye = up().eye
    for body in ({"verb": "no.such"}, {"verb": "alarm.ack", "args": {}}, {"args": {}},
                 {"verb": "alarm.ack", "args": {"alarms": [10**15]}}, {"verb": "site.reload"}):
        status, got, _ = eye.call("POST", "/requests", body)
        assert 400 <= status < 500, (body, status, got)
        assert got["error"]["code"].startswith("KT_") and got["error"]["text"], got
    status, got, _ = eye.call("POST", "/requests", [1, 2])
    assert 400 <= status < 500, (status, got)
    status, raw, _ = eye.raw("POST", "/api/v1/requests", b'{"verb": ')
    equal(status, 400, raw)


@case("a point's page names limits with their source, rules, and what it cuts")
def _():
    one = up().eye.get("/points/T-1")
    equal(one["pack_limits"]["alarm"], 0.75)
    equal(one["pack_limits"]["source"]["clause"], "第171条")
    assert GAS in one["rules"] and json.dumps(one)


@case("a list that is asked after the stream told of an alarm has it")
def _():
    with Plant() as p, p.op.stream() as s:
        for n in range(8):
            mark = s.mark()
            p.keeper.put("TP", 1.2 if n % 2 == 0 else 0.2)
            s.alarm("gas.over-limit", "TP", "raise" if n % 2 == 0 else "clear", mark)
            states = [a["state"] for a in p.op.alarms() if a["point"] == "TP" and
                      a["rule"] == "gas.over-limit"]
            equal(states, ["unack" if n % 2 == 0 else "rtn"])


def noon(clock):
    """Set the site's clock (+08:00) to the next noon."""
    day = 86_400_000
    now = kt.now_ms() + 8 * 3_600_000
    clock.ahead_ms = (now // day + 1) * day + day // 2 - now


@case("a sheet has each standing of an alarm with its own peak, and what stood since the day before")
def _():
    clock = kt.SiteClock()
    noon(clock)
    site = kt.make_site([kt.point(f"T-{i}", "ch4.main-return", "MR", link="push") for i in (1, 2, 3)])
    p = kt.Program(site, "--sim-clock", clock.address)
    eye = p.user("eye-of-sheet", "dispatcher")

    def sheet(kind, **query):
        return [r for r in eye.get(f"/reports/{kind}", **query)["rows"] if r[0] in ("T-1", "T-2")]

    def over(**query):
        return [r for r in sheet("alarm", **query) if "甲烷" in r[3]]
    for value in (0.9, 0.1, 0.8, 0.1):
        p.samples(("T-1", value))
    p.samples(("T-2", 0.95))
    p.samples(("T-3", 0.1, None, "broken"))
    row = kt.wait_for("its row", lambda: next((r for r in eye.get("/reports/analog")["rows"] if r[0] == "T-3"), None))
    equal(row[4:], ["", "", "", "", "", "0", "断线 1"], "a sensor that measured nothing has a row that says why")
    first = over()
    equal([(r[0], r[7]) for r in first], [("T-1", "0.90"), ("T-1", "0.80"), ("T-2", "0.95")])
    eye.ask("alarm.ack", alarms=[eye.alarm(GAS, "T-1", "rtn")["id"]], note="")
    assert all("eye-of-sheet" in r[8] for r in over()[:2]), "one acknowledgement is of both"
    equal([r[3] for r in sheet("statistics")], ["2", "1"])
    p.samples(("T-2", 0.95, None, "broken"))  # that it is broken clears nothing: two alarms stand
    day = eye.get("/alarms/kpi")["total"]
    clock.ahead_ms += 86_400_000 + 60_000
    kt.wait_for("it is the next day", lambda: "T-1" not in [r[0] for r in over()])
    stood = over()
    equal([(r[0], r[5], r[7]) for r in stood], [("T-2", "", "0.95")])
    assert "-" not in first[2][4] and "-" in stood[0][4], (first, stood)  # the day it began
    kpi = eye.get("/alarms/kpi")
    assert kpi["stale"] >= 1 and kpi["total"] < day + kpi["stale"], (day, kpi)
    hours = int(next(r for r in sheet("statistics") if r[0] == "T-2")[7].split(":")[0])
    assert 12 <= hours <= 13, hours  # since midnight, not since it began, and under both of them once


if __name__ == "__main__":
    sys.exit(kt.main())
