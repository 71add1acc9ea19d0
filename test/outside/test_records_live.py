# SPDX-License-Identifier: Apache-2.0
"""Fields that are shown at points: the value goes to its point with the change, and after kill -9 the
point has what the record has; cycles that come on working days alone."""

import json
import sys
import threading
import time

import kt
from kt import case, equal, once

PEOPLE = [{"id": "keeper", "places": ["mine"], "rights": ["view", "record.read", "record.write"]}]
REGISTERS = {"registers": [
    {"id": "pump", "title": {"zh": "水泵", "en": "Pumps"}, "key": "no", "everywhere": True,
     "fields": [{"id": "no", "type": "text", "title": {"zh": "编号", "en": "No."}, "required": True},
                {"id": "flow", "type": "number", "live": "W-{key}", "title": {"zh": "流量", "en": "Flow"}},
                {"id": "on", "type": "bool", "live": "K-{key}", "title": {"zh": "运行", "en": "Runs"}}]},
    {"id": "measure", "title": {"zh": "措施", "en": "Measures"}, "key": "no", "everywhere": True, "workflow": "measure",
     "fields": [{"id": "no", "type": "text", "title": {"zh": "编号", "en": "No."}, "required": True},
                {"id": "until", "type": "time", "title": {"zh": "有效至", "en": "Until"}},
                {"id": "spot", "type": "text", "title": {"zh": "地点", "en": "Spot"}},
                {"id": "active", "type": "computed", "as": "bool", "live": "M-{spot}",
                 "sql": "_state = 'approved'", "title": {"zh": "生效", "en": "In force"}}]}],
    "workflows": [{"id": "measure", "title": {"zh": "措施", "en": "Measures"}, "states": [
        {"id": "draft", "title": {"zh": "拟定", "en": "Draft"}, "kind": "start"},
        {"id": "approved", "title": {"zh": "已批准", "en": "Approved"}, "kind": "active", "fixed": True},
        {"id": "over", "title": {"zh": "已结束", "en": "Over"}, "kind": "done"}],
        "transitions": [
            {"id": "approve", "title": {"zh": "批准", "en": "Approve"}, "from": ["draft"], "to": "approved",
             "needs": ["until"], "due": {"field": "until"}},
            {"id": "lapse", "title": {"zh": "到期", "en": "Lapse"}, "from": ["approved"], "to": "over"}],
        "escalate": [{"states": ["approved"], "after": {"days": 0}, "to": "record.write", "move": "lapse",
                      "title": {"zh": "到期失效", "en": "Lapsed"}}]}]}


class World:
    def __init__(self):
        self.site = kt.make_site([kt.point("W-1", "wind.face", "P1-face", link="push"),
                                  kt.point("K-1", "door.state", "P1-face", link="push"),
                                  kt.point("M-1", "door.state", "P1-face", link="push")], people=PEOPLE)
        self.site.write("registers/pump.yaml", json.dumps(REGISTERS, ensure_ascii=False))
        self.program = kt.Program(self.site)
        self.keeper = self.program.user("u.keeper", "keeper")

    def restart(self):
        self.program.start()
        c = self.keeper
        c.cookies.clear()
        c.call("POST", "/login", {"user": c.name, "password": c.password})


@once
def world():
    return World()


def value(c, point):
    return c.get("/live", points=point)[0][1]


@case("a live field is its point's value as soon as the change is answered, and nobody's without a point")
def shown():
    c = world().keeper
    made = c.ask("record.create", register="pump", fields={"no": "1", "flow": 1.25, "on": True})["result"]
    kt.wait_for("the flow is shown", lambda: value(c, "W-1") == 1.25)
    kt.wait_for("it runs", lambda: value(c, "K-1") == 1)
    c.ask("record.set", record=made["record"], version=1, fields={"flow": 2.5, "on": False})
    kt.wait_for("the new one", lambda: (value(c, "W-1"), value(c, "K-1")) == (2.5, 0))
    c.ask("record.create", register="pump", fields={"no": "2", "flow": 9})
    equal(value(c, "W-1"), 2.5, "another record is another point, that this site has not")


@case("what is computed of the state is shown with the move; when its time is over it falls by itself, fixed meanwhile")
def lapses():
    c = world().keeper
    made = c.ask("record.create", register="measure", fields={"no": "2026-7", "spot": "1"})["result"]["record"]
    kt.wait_for("not in force", lambda: value(c, "M-1") == 0)
    moved = c.ask("record.move", record=made, version=c.get(f"/records/measure/{made}")["version"],
                  transition="approve", fields={"until": int(time.time() * 1000) + 4000})["result"]
    kt.wait_for("in force", lambda: value(c, "M-1") == 1)
    refused = c.refused("record.set", record=made, version=moved["version"], fields={"until": 4102444800000})
    assert "approved" in str(refused).lower() or "已批准" in str(refused), refused
    kt.wait_for("its time is over", lambda: value(c, "M-1") == 0, 40)
    equal(c.get(f"/records/measure/{made}")["state"], "over")


@case("killed at any moment: after the start the point has what the record has")
def killed():
    w = world()
    record = [i for i in w.keeper.get("/records/pump")["items"] if i["key"] == "1"][0]["id"]
    for round_ in range(3):
        answered = []

        def write(round_=round_, answered=answered, c=w.program.login(w.keeper.name, w.keeper.password)):
            version = c.get(f"/records/pump/{record}")["version"]
            i = 0
            while True:
                i += 1
                try:
                    version = c.ask("record.set", record=record, version=version,
                                    fields={"flow": 4 * round_ + i % 24 / 8})["result"]["version"]
                    answered.append(i)
                except Exception:  # pylint: disable=broad-except
                    return  # the program is gone
        writer = threading.Thread(target=write)
        writer.start()
        kt.wait_for("some changes", lambda answered=answered: len(answered) >= 3 + round_)
        w.program.kill9()
        writer.join()
        w.restart()
        has = w.keeper.get(f"/records/pump/{record}")["fields"]["flow"]
        kt.wait_for("its point has it", lambda has=has: value(w.keeper, "W-1") == has)


if __name__ == "__main__":
    sys.exit(kt.main())
