# SPDX-License-Identifier: Apache-2.0
"""Records over the wire: created, edited by two, conflicting, killed and started again, verified;
outcomes only to those who may read."""

import json
import sys
import threading

import kt
from kt import case, equal, once

RIGHTS = ["view", "history.read", "record.read", "record.write", "inspection.money", "record.merge"]
PEOPLE = [
    {"id": "keeper", "places": ["mine"], "rights": RIGHTS},
    {"id": "panel", "places": ["P1"], "rights": ["view", "history.read", "record.read", "record.write"]},
    {"id": "watcher", "places": ["mine"], "rights": ["view", "history.read"]},
    {"id": "sysadmin", "places": ["*"], "rights": ["view", "user.admin", "site.reload"]},
]


class World:
    def __init__(self):
        self.site = kt.make_site([kt.point("W1", "wind.face", "P1-face", link="push")], people=PEOPLE, packs=("core", "gas", "demo-records"))
        self.program = kt.Program(self.site)
        self.users = {}

    def user(self, name, role):
        if name not in self.users:
            self.users[name] = self.program.user(name, role)
        return self.users[name]

    def restart(self):
        self.program.kill9()
        self.program.start()
        for c in self.users.values():
            c.cookies.clear()
            c.call("POST", "/login", {"user": c.name, "password": c.password})


@once
def world():
    return World()


def create(c, **fields):
    return c.ask("record.create", register="inspection", fields=fields)


def item(c, record, **query):
    return c.get(f"/records/inspection/{record}", **query)


@case("a record is made, changed, and the older version is refused with who changed what")
def editing():
    li, wang = world().user("li", "keeper"), world().user("wang", "keeper")
    made = create(li, title="顶板离层", place="P1-face", depth=12.5)["result"]
    equal(made["version"], 1)
    assert made["key"].startswith("JC-"), made
    got = li.ask("record.set", record=made["record"], version=1, fields={"level": "major"})
    equal(got["result"], {"version": 2})
    no = wang.refused("record.set", "KT_ECONFLICT", record=made["record"], version=1,
                      fields={"depth": 13})
    assert "li" in no.text and "Level" in no.text, no.text
    assert "等级" in no.body["error"]["text_zh"], no.body
    no = wang.refused("record.create", "KT_EINVAL", register="inspection",
                      fields={"title": "", "depth": -3})
    equal(len(no.body["error"]["problems"]), 2, str(no.body))


@case("many editors of one record: one wins each version, nothing is lost")
def race():
    users = [world().user(n, "keeper") for n in ("li", "wang")]
    record = create(users[0], title="并发")["result"]["record"]
    won = []

    def edit(c):
        for i in range(10):
            version = item(c, record)["version"]
            try:
                got = c.ask("record.set", record=record, version=version,
                            fields={"measure": f"{c.name} {i}"})
                won.append((got["result"]["version"], f"{c.name} {i}"))
            except kt.Refused as e:
                equal(e.code, "KT_ECONFLICT")

    threads = [threading.Thread(target=edit, args=(c,)) for c in users]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    versions = [v for v, _ in won]
    equal(sorted(set(versions)), list(range(2, 2 + len(won))), "each version was won once")
    facts = [f for f in users[0].get(f"/records/inspection/{record}/history")["items"]
             if f["field"] == "measure"]
    equal([f["value"] for f in facts], [text for _, text in sorted(won)])


@case("a killed program has every record that was acknowledged, once, and says so to verify")
def killed():
    w = world()
    li = w.user("li", "keeper")
    keys = []
    for round_ in range(3):
        stop = threading.Event()

        def write(round_=round_, stop=stop):
            c = w.program.login(li.name, li.password)
            i = 0
            while not stop.is_set():
                key = f"k-{round_}-{i}"
                try:
                    got = c.ask("record.create", key=key, register="inspection",
                                fields={"title": f"杀 {round_}-{i}"})
                    keys.append((key, f"杀 {round_}-{i}", got["result"]["record"]))
                except Exception:  # pylint: disable=broad-except
                    return  # the program is gone
                i += 1

        writer = threading.Thread(target=write)
        writer.start()
        before = len(keys)
        kt.wait_for("some records", lambda before=before: len(keys) >= before + 5)
        w.restart()
        stop.set()
        writer.join()
    for key, title, record in keys:
        equal(item(li, record)["fields"]["title"], title)
        again = li.ask("record.create", key=key, register="inspection", fields={"title": title})
        equal(again["result"]["record"], record, "the same key is the same record")
    got = li.get("/records/inspection", q="杀", limit=1000)
    titles = [i["fields"]["title"] for i in got["items"]]
    equal(len(titles), len(set(titles)), "none is doubled")
    assert {t for _, t, _ in keys} <= set(titles)
    p = kt.kuangtu("verify", w.site.dir)
    assert "records" in p.stdout, p.stdout


@case("as it was known then: a list of the past does not know what came later")
def past():
    li = world().user("li", "keeper")
    record = create(li, title="旧名", level="general")["result"]["record"]
    first = item(li, record)["changed"]
    kt.wait_for("the clock goes on", lambda: kt.now_ms() > first + 20)
    li.ask("record.set", record=record, version=1, fields={"title": "新名"})
    equal(item(li, record)["fields"]["title"], "新名")
    equal(item(li, record, known=first, at=first)["fields"]["title"], "旧名")
    got = li.get("/records/inspection", at=first, known=first,
                 filter=json.dumps([["title", "=", "旧名"]]))
    assert record in [i["id"] for i in got["items"]], got
    status, _, _ = li.call("GET", f"/records/inspection/{record}", known=first - 10000, at=first)
    equal(status, 404, "it was not there yet")


@case("records of another place and of a register without right are not there, in no answer")
def rights():
    w = world()
    li, panel, watcher = w.user("li", "keeper"), w.user("pan", "panel"), w.user("wat", "watcher")
    here = create(li, title="机密甲", place="P1-face", fine=12)["result"]["record"]
    there = create(li, title="机密乙", place="H1-heading")["result"]["record"]
    equal("fine" in item(panel, here)["fields"], False)
    equal(panel.call("GET", f"/records/inspection/{there}")[0], 404)
    equal([i["id"] for i in panel.get("/records/inspection", q="机密")["items"]], [here])
    equal([i["id"] for i in panel.get("/search", q="机密")["items"]], [here])
    panel.refused("record.set", "KT_ENOTFOUND", record=there, version=1, fields={"title": "x"})
    panel.refused("record.set", "KT_EDENIED", record=here, version=1, fields={"place": "H1-heading"})
    watcher.refused("record.create", register="inspection", fields={"title": "x"})
    equal(watcher.call("GET", "/records/inspection")[0] in (403, 404), True)
    for c, sees in ((li, True), (panel, False), (watcher, False)):
        text = json.dumps(c.get("/events", limit=1000), ensure_ascii=False)
        equal("机密乙" in text, sees, f"events of {c.name}")
    equal("机密甲" in json.dumps(watcher.get("/events", limit=1000), ensure_ascii=False), False)
    equal("机密甲" in json.dumps(panel.get("/events", limit=1000), ensure_ascii=False), True)


def filled(reg, place, number):
    """A value for each required field, by its type."""
    by_type = {"text": f"甄别{reg['id']}{number}".upper(), "number": number, "money": 1, "bool": True,
               "date": f"20{10 + number}-01-01", "time": 0, "person": "li", "place": place}
    fields = {f["id"]: f["values"][0]["id"] if f["type"] == "enum" else by_type[f["type"]]
              for f in reg["fields"]
              if f["required"] and not f["auto"] and "default" not in f and f["may_write"]}
    for f in reg["fields"]:
        if f["id"] in fields and f.get("pattern"):
            fields[f["id"]] = f"A-{number}"
        if f["id"] == reg["place"]:
            fields[f["id"]] = place
    return fields


@case("of every register: the own place and no other, nothing without the right")
def every_register():
    w = world()
    li, panel, watcher = w.user("li", "keeper"), w.user("pan", "panel"), w.user("wat", "watcher")
    looked_at = 0
    equal(watcher.get("/registers")["registers"], [])
    for reg in li.get("/registers")["registers"]:
        made = {}
        for n, place in enumerate(("P1-face", "H1-heading"), 1):
            made[place] = li.ask("record.create", register=reg["id"],
                                 fields=filled(reg, place, n))["result"]["record"]
        path = f"/records/{reg['id']}"
        own, other = made["P1-face"], made["H1-heading"]
        all_of_it = {i["id"] for i in li.get(path, limit=1000)["items"]}
        assert {own, other} <= all_of_it, reg["id"]
        seen = {i["id"] for i in panel.get(path, limit=1000)["items"]}
        if reg["place"]:
            assert own in seen and other not in seen, reg["id"]
            for rest in ("", "/history"):
                equal(panel.call("GET", f"{path}/{other}{rest}")[0], 404, reg["id"])
            panel.refused("record.end", "KT_ENOTFOUND", record=other, version=1, reason="x")
            looked_at += 1
        for rest in ("", f"/{own}", f"/{own}/history", "/map", "/duplicates"):
            assert watcher.call("GET", path + rest)[0] in (403, 404), f"{path}{rest}"
        watcher.refused("record.end", record=own, version=1, reason="x")
    assert looked_at >= 3, looked_at


@case("a reload that would strand records is refused with the count, one that adds a field is not")
def upgrade():
    w = world()
    boss = w.user("boss", "sysadmin")
    text = """registers:
  - id: well
    title: {zh: 井}
    key: no
    everywhere: true
    fields:
      - {id: no, type: text, title: {zh: 号}, required: true}
      - {id: depth, type: DEPTH, title: {zh: 深}}
"""
    w.site.write("registers/well.yaml", text.replace("DEPTH", "number"))
    boss.post("/reload", {"why": "wells"})
    li = w.user("li", "keeper")
    made = li.ask("record.create", register="well", fields={"no": "W1", "depth": 7})["result"]
    w.site.write("registers/well.yaml", text.replace("DEPTH", "text"))
    status, body, _ = boss.call("POST", "/reload", {"why": "other"})
    assert status >= 400 and "well.depth" in json.dumps(body) and "1 record" in json.dumps(body), body
    p = kt.kuangtu("check", w.site.dir, check=False)
    assert p.returncode != 0 and "well.depth" in p.stdout, p.stdout
    equal(li.ask("record.set", record=made["record"], version=1, fields={"depth": 8})["result"],
          {"version": 2})
    w.site.write("registers/well.yaml",
                 text.replace("DEPTH", "number") + "      - {id: kind, type: text, title: {zh: 类}}\n")
    boss.post("/reload", {"why": "more"})
    equal(li.ask("record.set", record=made["record"], version=2, fields={"kind": "观测"})["result"],
          {"version": 3})
    w.restart()
    equal(li.get(f"/records/well/{made['record']}")["fields"], {"no": "W1", "depth": 8, "kind": "观测"})


if __name__ == "__main__":
    sys.exit(kt.main())
