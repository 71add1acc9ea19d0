# SPDX-License-Identifier: Apache-2.0
"""Work on many records: whom they may be given to, what may be done with all of them at once."""

import json
import sys

import kt
import records_kit as kit
from kt import case, equal, once

WRITE = ["view", "record.read", "record.write"]
PATROL = {"registers": [
    {"id": "patrol", "title": {"zh": "巡检", "en": "Patrols"}, "key": "no", "place": "place",
     "fields": [{"id": "no", "type": "text", "title": {"zh": "编号", "en": "No."}, "required": True},
                {"id": "place", "type": "place", "title": {"zh": "地点", "en": "Place"}},
                {"id": "walk", "type": "file", "types": ["track"], "read": "track.read", "write": "record.write",
                 "title": {"zh": "轨迹", "en": "Track"}}]}]}
PEOPLE = [{"id": "looker", "places": ["mine"], "rights": ["view", "history.read", "record.read", "track.read"]},
          {"id": "reader", "places": ["mine"], "rights": ["view", "record.read"]},
          {"id": "chief", "places": ["mine"], "rights": [*WRITE, "hazard.assign", "track.read", "personal.erase", "record.import"]},
          {"id": "panel", "places": ["P1"], "rights": WRITE},
          {"id": "heading", "places": ["H1"], "rights": WRITE},
          {"id": "watcher", "places": ["mine"], "rights": ["view"]},
          {"id": "sysadmin", "places": ["*"], "rights": ["view", "user.admin"]}]


class World:
    def __init__(self):
        self.site = kt.make_site([kt.point("W1", "wind.face", "P1-face", link="push")], people=PEOPLE,
                                 packs=("core", "gas", "demo-records"))
        self.site.write("registers/patrol.yaml", json.dumps(PATROL, ensure_ascii=False))
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


@case("whom a record may be given to: who could see it there, by name, unit and role")
def people():
    w = world()
    chief, panel, heading = (w.users[k] for k in ("chief", "panel", "heading"))
    whole = {"u.chief", "u.looker", "u.reader"}
    equal(names(chief), whole | {"u.panel", "u.heading"})
    equal(names(chief, place="P1-face"), whole | {"u.panel"})
    equal(names(panel), whole | {"u.panel"})
    equal(names(chief, q="HEAD"), {"u.heading"})
    got = chief.get("/people", register="hazard")
    equal(got["rights"], ["hazard.chief"])
    equal({k for p in got["items"] for k in p}, {"user", "name", "units", "roles"})
    what = {p["user"]: (p["units"], [x["zh"] for x in p["roles"]]) for p in got["items"]}
    equal((what["u.panel"], what["u.heading"]), ((["P1"], ["panel"]), (["H1"], ["heading"])))
    seen = {p["user"]: p["units"] for p in panel.get("/people", register="hazard")["items"]}
    equal((seen["u.panel"], seen["u.chief"]), (["P1"], []), "a place that one does not see is not told")
    equal(heading.call("GET", "/people?register=hazard&place=P1-face")[0], 404)
    equal(w.users["watcher"].call("GET", "/people?register=hazard")[0], 404)
    equal(chief.call("GET", "/people?register=nothing")[0], 404)
    w.users["sysadmin"].call("PATCH", "/users/u.panel", {"disabled": True})
    equal(names(chief, place="P1-face"), whole)
    w.users["sysadmin"].call("PATCH", "/users/u.panel", {"disabled": False})
    w.users["panel"] = w.program.login(panel.name, panel.password)


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


def walk(c, points, checks=(), **more):
    return c.post("/tracks", {"points": points, "checks": list(checks), **more})


@case("a walk goes to its record; who looks at another's is in the journal first, others see how many")
def tracks():
    w = world()
    panel, looker, reader = (w.users[k] for k in ("panel", "looker", "reader"))
    now = kt.now_ms()
    record = panel.ask("record.create", register="patrol", fields={"no": "X-1", "place": "P1-face"})["result"]["record"]
    points = [[now - 60000 + 1000 * i, i, 2 * i, 3.5] for i in range(50)]
    check = {"time": now - 30000, "place": "P1-face", "note": "顶板完好"}
    up = walk(panel, points, [check])
    equal((up["meta"], up["type"]), ({"from": points[0][0], "to": points[-1][0], "points": 50, "checks": 1},
                                     "application/vnd.kuangtu.track+json"))
    panel.ask("record.attach", record=record, field="walk", hash=up["hash"], name="a.track")
    path = f"/records/patrol/{record}/tracks"

    def looks():
        return [(e["body"]["by"], e["body"]["note"]) for e in looker.get("/events", limit=1000)["items"]
                if e["kind"] == "outcome" and e["body"].get("change") == "look"]
    own = panel.get(path)["features"]
    equal((len(own), own[0]["properties"]["points"], own[0]["properties"]["checks"]), (1, points, [check]))
    equal(looks(), [], "one's own is no look at another")
    got = looker.get(path)
    equal(got["features"][0]["geometry"]["coordinates"], [[p[1], p[2]] for p in points])
    equal(looks(), [("u.looker", "u.panel")])
    few = looker.get("/records/patrol/tracks", points=10, **{"from": now - 1000})["features"]
    equal((few[0]["geometry"]["coordinates"][-1], len(few[0]["geometry"]["coordinates"]) <= 10), ([49, 98], True))
    equal((len(looks()), "points" in few[0]["properties"]), (2, False))
    got = reader.get(path)
    equal((got["features"], got["hidden"]), ([], 1))
    equal(w.users["heading"].call("GET", path)[0], 404)
    equal(w.users["watcher"].call("GET", "/records/patrol/tracks")[0], 404)
    status, _, _ = looker.raw("GET", f"/api/v1/attachments/{up['hash']}?record={record}")
    assert status >= 400, "not past the journal"
    for bad in ([[now, 1]], [[now, 1, 2], [now - 1, 1, 2]], [[now + 86400000, 1, 2]], [[now, 1e9, 2]],
                [[now, "x", 2]], [[now, 1, 2]] * 5001, []):
        assert panel.call("POST", "/tracks", {"points": bad})[0] in (400, 413), bad[:2]
    equal(panel.call("POST", "/tracks", {"points": [], "checks": [{"time": now, "place": "nowhere"}]})[0], 400)


@case("what is of a person is erased: its bytes are gone, also after kill -9, the hash and who did it stay; the chain verifies")
def erasure():
    w = world()
    chief, panel = w.users["chief"], w.users["panel"]
    now = kt.now_ms()
    record = panel.ask("record.create", register="patrol", fields={"no": "X-9", "place": "P1-face"})["result"]["record"]
    mine = [walk(panel, [[now - 1000 * n, n, n], [now, n, n]])["hash"] for n in (7, 8, 9)]
    for h in mine:
        panel.ask("record.attach", record=record, field="walk", hash=h, name="张三.track")
    body = [w.site.dir / "data/bodies" / h[:2] / h for h in mine]
    assert all(b.exists() for b in body)
    panel.refused("record.erase", "KT_EDENIED", record=record, hash=mine[0], reason="x")
    chief.refused("record.erase", "KT_ENOTFOUND", record=record, hash="0" * 64, reason="x")
    chief.ask("record.erase", record=record, hash=mine[0], reason="保存期满")
    equal([b.exists() for b in body], [False, True, True])
    again = panel.ask("record.create", register="patrol", fields={"no": "X-10", "place": "P1-face"})["result"]["record"]
    chief.ask("record.erase", record=record, hash=mine[1], reason="本人要求")
    w.program.kill9()
    w.program.start()
    for c in (chief, panel):
        c.cookies.clear()
        c.call("POST", "/login", {"user": c.name, "password": c.password})
    equal([b.exists() for b in body], [False, False, True])
    got = {a["hash"]: a for a in chief.get(f"/records/patrol/{record}")["attachments"]}
    equal([(got[h]["name"], got[h]["meta"], "erased" in got[h]) for h in mine[:2]], [(None, None, True)] * 2)
    assert "张三" in got[mine[2]]["name"] and "erased" not in got[mine[2]]
    told = {f["properties"]["hash"]: f["properties"]["erased"] for f in chief.get(f"/records/patrol/{record}/tracks")["features"]}
    equal(told, {mine[0]: True, mine[1]: True, mine[2]: False})
    assert again > record
    kt.kuangtu("verify", w.site.dir)


def holding(folder, text):
    """Files below it that hold these bytes anywhere."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*")
                  if p.is_file() and text.encode() in p.read_bytes())


@case("a value of a person stands in no event: erased, it is nowhere; the records made again of the journal are the same")
def values():
    w = world()
    chief = w.users["chief"]
    phone, other = "李四13812345678", "李四13998765432"
    record = w.hazard("P1-face", finder=phone)
    asked = chief.get(f"/records/hazard/{record}")
    equal((asked["fields"]["finder"], asked["erased"]), (phone, {}))
    chief.ask("record.set", record=record, version=asked["version"], fields={"finder": other})
    chief.refused("record.set", "KT_EINVAL", record=record, version=9, fields={"finder": {"body": "0" * 64}})
    sheet = "名称,发现人及电话\n甲,赵六13700137000\n".encode()
    job = kit.look(chief, "hazard", sheet)
    kit.write(chief, "hazard", job)
    assert not [f for f in holding(w.site.dir / "data/journal", "赵六") + holding(w.site.dir / "data/journal", "李四")], "an event has a name"
    w.users["panel"].refused("record.erase", "KT_EDENIED", record=record, field="finder", reason="x")
    chief.ask("record.erase", record=record, field="finder", reason="本人要求")
    got = chief.get(f"/records/hazard/{record}")
    assert not got["fields"].get("finder") and got["erased"]["finder"] > 0, got
    old = [x for x in chief.get(f"/records/hazard/{record}/history")["items"] if x["field"] == "finder"]
    equal([(x["value"], "erased" in x) for x in old], [(None, True)] * 2)
    digest = kt.kuangtu("records", "verify", w.site.dir).stdout
    w.program.stop()
    equal(holding(w.site.dir / "data", phone) + holding(w.site.dir / "data", other), [])
    for f in (w.site.dir / "data").glob("records.db*"):
        f.unlink()
    w.program.start()
    w.program.stop()
    equal(kt.kuangtu("records", "verify", w.site.dir).stdout, digest)
    kt.kuangtu("verify", w.site.dir)


if __name__ == "__main__":
    sys.exit(kt.main())
