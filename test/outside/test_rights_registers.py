# SPDX-License-Identifier: Apache-2.0
"""Rights of every register that a pack declares, made from the declarations: who has no right finds
nothing there by any way, a field with a right of its own is nowhere, another place's records are not
there. A new register is tested as soon as its pack has it."""

import json
import re
import sys

import kt
import records_kit as kit
from kt import case, equal, once

PACKS = sorted(p.parent.name for p in (kt.SOURCE / "packs").glob("*/registers") if p.parent.name != "core")
WAYS = ("", "/export", "/template", "/map", "/duplicates", "/tracks", "/provisions", "/1", "/1/history", "/1/tracks")


def declared():
    """Ids of registers, and the words that fields, moves and ledgers make rights."""
    ids, words = set(), set()
    for path in (kt.SOURCE / "packs").glob("*/registers/*.yaml"):
        if path.parent.parent.name not in (*PACKS, "core"):
            continue
        inside = False
        for line in path.read_text().splitlines():
            inside = line.startswith("registers:") if re.match(r"\w", line) else inside
            found = re.match(r"  - id: (\w+)", line) if inside else None
            if found:
                ids.add(found.group(1))
            words |= set(re.findall(r"\b(?:read|write): ([a-z_]+\.[a-z_]+)", line))
    return ids, words


IDS, WORDS = declared()


class World:
    def __init__(self):
        own = {f"{i}.{w}" for i in IDS for w in ("read", "write")}
        every = sorted({"view", "record.read", "record.write", "record.import", *own, *WORDS})
        people = [{"id": "all", "places": ["*"], "rights": every},
                  {"id": "plain", "places": ["*"], "rights": ["view", "record.read"]},
                  {"id": "stranger", "places": ["*"], "rights": ["view"]},
                  {"id": "panel", "places": ["P1"], "rights": ["view", "record.read", "record.write"]}]
        site = kt.make_site([kt.point("W1", "wind.face", "P1-face", link="push")], people=people,
                            packs=("core", "gas", *PACKS))
        self.program = kt.Program(site)
        for p in people:
            setattr(self, p["id"], self.program.user("u." + p["id"], p["id"]))
        self.registers = self.all.get("/registers")["registers"]
        self.seen = {r["id"]: r for r in self.plain.get("/registers")["registers"]}


@once
def world():
    return World()


def value(f):
    """Something that may stand in a field; None: it takes another record."""
    as_text = {"text": f"甲{f['id']}", "date": "2026-05-01", "place": "H1-heading", "person": "u.all", "money": "1.50"}
    if f["type"] == "enum":
        return f["values"][0]["id"]
    if f["type"] == "text2":
        return {"zh": "甲", "en": "a"}
    if f["type"] == "number":
        return max(f.get("min", 1), 1) if f.get("max", 1) >= 1 else f["max"]
    return {"bool": True, "time": kt.now_ms()}.get(f["type"], as_text.get(f["type"]))


@case("the packs' registers are all there for who has every right")
def _():
    w = world()
    equal({r["id"] for r in w.registers}, IDS)
    assert len(IDS) > 20, IDS


@case("who has no right finds no register, by no way, and writes nothing")
def _():
    w = world()
    equal(w.stranger.get("/registers")["registers"], [])
    for r in w.registers:
        for way in WAYS:
            equal(w.stranger.call("GET", f"/records/{r['id']}{way}")[0], 404, r["id"] + way)
        equal(w.stranger.raw("POST", f"/api/v1/records/{r['id']}/import", b"a,b\n")[0], 404, r["id"])
        w.stranger.refused("record.create", "KT_ENOTFOUND", register=r["id"], fields={})


@case("who may only read writes nothing; a private register is not there without its own right")
def _():
    w = world()
    private = IDS - set(w.seen)
    assert private, "no register is private"
    for r in w.registers:
        if r["id"] in private:
            equal([w.plain.call("GET", f"/records/{r['id']}{way}")[0] for way in WAYS], [404] * len(WAYS), r["id"])
            continue
        equal(w.plain.get(f"/records/{r['id']}")["total"], 0)
        equal(w.seen[r["id"]]["may"]["create"], False)
        w.plain.refused("record.create", "KT_EDENIED", register=r["id"], fields={})
        equal(w.plain.raw("POST", f"/api/v1/records/{r['id']}/import", b"a,b\n")[0], 403, r["id"])


@case("a field with a right of its own is in no list, filter, order, table or template of who lacks it")
def _():
    w = world()
    hidden = 0
    for r in w.registers:
        seen = w.seen.get(r["id"])
        for f in r["fields"]:
            if not seen or f["id"] in [x["id"] for x in seen["fields"]]:
                continue
            hidden += 1
            path = f"/records/{r['id']}"
            for query in ({"sort": f["id"]}, {"filter": json.dumps([[f["id"], "!=", None]])}):
                status = w.plain.call("GET", path, **query)[0]
                assert status in (400, 403, 404), (r["id"], f["id"], query, status)
            title = f["title"]["zh"]
            others = {x["title"]["zh"] for x in seen["fields"]}
            for way in ("/export", "/template"):
                head = kit.read_csv(w.plain.raw("GET", f"/api/v1{path}{way}?format=csv")[1])[0]
                assert title in others or title not in head, (r["id"], title, head)
    assert hidden > 0, "no field has a right of its own"


@case("a record of another place is not there; one that lies nowhere only where its register says so")
def _():
    w = world()
    made, elsewhere = 0, 0
    for r in w.registers:
        need = {f["id"]: value(f) for f in r["fields"]
                if f.get("may_write") and (f["required"] or f["id"] == r["place"]) and not f["auto"]}
        status, got, _ = w.all.call("POST", "/requests", {"verb": "record.create", "args": {
            "register": r["id"], "fields": {k: v for k, v in need.items() if v is not None}}})
        if status != 200:
            continue  # it needs a record of another register first
        made += 1
        record = got["result"]["record"]
        reach = w.panel.call("GET", f"/records/{r['id']}/{record}")[0]
        listed = w.panel.call("GET", f"/records/{r['id']}")
        if r["place"]:
            elsewhere += 1
            equal((r["id"], reach), (r["id"], 404))
            assert listed[0] == 404 or listed[1]["total"] == 0, (r["id"], listed)
        else:
            equal(reach == 200, listed[0] == 200 and listed[1]["total"] > 0, r["id"])
    assert made > len(w.registers) // 2 and elsewhere > 2, (made, elsewhere)


if __name__ == "__main__":
    sys.exit(kt.main())
