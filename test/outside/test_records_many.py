# SPDX-License-Identifier: Apache-2.0
"""Work on many records: whom they may be given to, what may be done with all of them at once."""

import sys

import kt
from kt import case, equal, once

WRITE = ["view", "record.read", "record.write"]
PEOPLE = [{"id": "chief", "places": ["mine"], "rights": [*WRITE, "hazard.assign"]},
          {"id": "panel", "places": ["P1"], "rights": WRITE},
          {"id": "heading", "places": ["H1"], "rights": WRITE},
          {"id": "watcher", "places": ["mine"], "rights": ["view"]},
          {"id": "sysadmin", "places": ["*"], "rights": ["view", "user.admin"]}]


class World:
    def __init__(self):
        self.site = kt.make_site([kt.point("W1", "wind.face", "P1-face", link="push")], people=PEOPLE,
                                 packs=("core", "gas", "demo-records"))
        self.program = kt.Program(self.site)
        self.users = {p["id"]: self.program.user("u." + p["id"], p["id"]) for p in PEOPLE}

    def hazard(self, place, **fields):
        c = self.users["chief"]
        return c.ask("record.create", register="hazard",
                     fields={"title": "多条", "place": place, **fields})["result"]["record"]


@once
def world():
    return World()


def names(c, **query):
    return {p["user"] for p in c.get("/people", register="hazard", **query)["items"]} - {"admin"}


@case("whom a record may be given to: who could see it there, by name alone")
def people():
    w = world()
    chief, panel, heading = (w.users[k] for k in ("chief", "panel", "heading"))
    equal(names(chief), {"u.chief", "u.panel", "u.heading"})
    equal(names(chief, place="P1-face"), {"u.chief", "u.panel"})
    equal(names(panel), {"u.chief", "u.panel"})
    equal(names(chief, q="HEAD"), {"u.heading"})
    got = chief.get("/people", register="hazard")
    equal(got["rights"], ["hazard.chief"])
    equal({k for p in got["items"] for k in p}, {"user", "name"})
    equal(heading.call("GET", "/people?register=hazard&place=P1-face")[0], 404)
    equal(w.users["watcher"].call("GET", "/people?register=hazard")[0], 404)
    equal(chief.call("GET", "/people?register=nothing")[0], 404)
    w.users["sysadmin"].call("PATCH", "/users/u.panel", {"disabled": True})
    equal(names(chief, place="P1-face"), {"u.chief"})
    w.users["sysadmin"].call("PATCH", "/users/u.panel", {"disabled": False})


@case("what may be done with many records at once, and why not with the others")
def transitions():
    w = world()
    chief = w.users["chief"]
    a, b, far = w.hazard("P1-face"), w.hazard("P1-face"), w.hazard("H1-heading")
    chief.ask("record.move", record=a, version=1, transition="assign", to="u.chief",
              fields={"who": "u.chief", "measure": "支护"})

    def look(c, *records):
        got = c.post("/records/hazard/transitions", {"records": list(records)})
        return got, {t["id"]: t for t in got["transitions"]}
    got, by_id = look(chief, a, b, far)
    equal((got["records"], got["missing"]), (3, 0))
    equal({k: t["may"] for k, t in by_id.items()},
          {"assign": 2, "assign_until": 2, "report": 0, "cancel": 3})
    equal(by_id["assign"]["refused"], [{"records": 1, "why": {"zh": "状态是“整改中”", "en": "in the state Being mended"}}])
    assert {"records": 1, "why": {"zh": "进入本状态以来的附件不足",
                                  "en": "too few attachments since the state was entered"}} in by_id["report"]["refused"]
    equal((by_id["assign"]["needs"], by_id["assign"]["owner"]), (["who", "measure"], "given"))
    done = chief.ask("record.bulk", register="hazard", transition="cancel", note="不再需要",
                     records=[{"record": r, "version": v} for r, v in ((a, 2), (b, 1), (far, 1))])["result"]
    equal(done["done"], 3, "what was promised is kept")
    heading = w.program.login("u.heading", w.users["heading"].password)
    got, by_id = look(heading, a, w.hazard("H1-heading"))
    equal((got["records"], got["missing"]), (1, 1), "what one may not see is not there")
    equal(by_id["assign"]["refused"], [{"records": 1, "why": {"zh": "无权办理", "en": "not yours to do"}}])
    for body in ({"records": []}, {"records": ["x"]}, {}):
        equal(chief.call("POST", "/records/hazard/transitions", body)[0], 400)
    equal(w.users["watcher"].call("POST", "/records/hazard/transitions", {"records": [a]})[0], 404)


if __name__ == "__main__":
    sys.exit(kt.main())
