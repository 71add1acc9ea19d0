# SPDX-License-Identifier: Apache-2.0
"""people/ of the demonstration mine: anchors, exits, refuges, areas; all of it made up (演示)."""

from .airways import node

WAYS = ["airway", "kind", "slope_deg", "walk_m_s"]
STATIONS = ["id", "kind", "airway", "offset_m", "capacity", "reach_m", "link", "code", "name", "name_en"]
AREAS = ["place", "kind", "max", "hours", "no_lone", "lost_s", "words", "words_en"]
SPACING = 90.0  # metres between anchors
CLOSED = ("DUCT-", "FAN-")
SEALED_R = 5000  # a cross-cut of that resistance is walled up, N s2/m8
KINDS = {"INC1": "incline", "INC2": "incline", "INC3": "incline", "SHAFT-P": "shaft", "SHAFT-R": "closed", "RW2": "walk"}
LEAVE = ("{zh}发生险情，请立即佩戴自救器，沿避灾路线撤离。", "Danger in {en}. Put on your self-rescuer and leave along the escape route.")


def walkable(e):
    return e.net and not e.id.startswith(CLOSED) and e.r_fixed() < SEALED_R if hasattr(e, "r_fixed") else \
        e.net and not e.id.startswith(CLOSED) and e.resistance() < SEALED_R


def kind(e):
    if not walkable(e):
        return "closed"
    return KINDS.get(e.id, "belt" if e.id.startswith("B") and e.id[1:2].isdigit() else "walk")


def ways(mine):
    return [{"airway": e.id, "kind": kind(e), "slope_deg": 16 if e.id.startswith("INC") else 0} for e in mine.edges.values()
            if e.net and (kind(e) != "walk")]


def stations(mine):
    out, count = [], 0
    for e in mine.edges.values():
        if not walkable(e) or kind(e) == "closed":
            continue
        n = max(1, round(e.length / SPACING))
        for i in range(n):
            count += 1
            at = e.length * (i + 0.5) / n
            out.append({"id": f"R-{e.id}-{i + 1}", "kind": "anchor", "airway": e.id, "offset_m": f"{at:.1f}", "reach_m": 120,
                        "code": f"1400000000010101{count:06d}"})
    out += [{"id": "EXIT-SHAFT", "kind": "exit", "airway": "SHAFT-P", "offset_m": 0, "name": "副立井口", "name_en": "Man shaft"},
            {"id": "EXIT-INC", "kind": "exit", "airway": "INC3", "offset_m": 0, "name": "主斜井口", "name_en": "Main incline"}]
    for i, cap in ((1, 60), (2, 40)):
        e = mine.edges[f"refuge-{i}"]
        out.append({"id": f"REFUGE-{i}", "kind": "refuge", "airway": e.id, "offset_m": f"{e.length / 2:.1f}", "capacity": cap,
                    "name": f"{i}号避难硐室", "name_en": f"Refuge {i}"})
    return out


def areas(mine):
    rows = [("mine", "normal", 400, 12, "no"), ("surface", "surface", "", "", "no")]
    for p in mine.places.values():
        if p.kind == "panel":
            rows.append((p.id, "key", 60, "", "no"))
        elif p.kind == "heading-area":
            rows.append((p.id, "key", 25, "", "no"))
        elif p.kind == "heading":
            rows.append((p.id, "key", 12, "", "yes"))
        elif p.kind == "explosives" or p.id == "explosives":
            rows.append((p.id, "restricted", 6, 2, "no"))
        elif p.kind in ("seal", "goaf"):
            rows.append((p.id, "forbidden", 1, "", "no"))
    out = []
    for place, k, most, hours, lone in rows:
        p = mine.places[place]
        words = {} if k in ("surface", "forbidden") or place == "mine" else {
            "words": LEAVE[0].format(zh=p.name), "words_en": LEAVE[1].format(en=p.en)}
        out.append({"place": place, "kind": k, "max": most, "hours": hours, "no_lone": lone, **words})
    return out


COUNTS = [("below", "井下人数", "Persons below"), ("sos", "呼救", "Calls for help"), ("lost", "失联", "Not heard")]
MINE = COUNTS + [("over-time", "超时", "Over time"), ("forbidden", "未经许可进入", "Not permitted"), ("alone", "单人作业", "Alone"),
                 ("twin", "疑似一人多卡", "Tags together"), ("stranger", "无登记卡", "Unknown cards"), ("low-battery", "电量低", "Low battery"),
                 ("leaders", "带班领导", "Leaders"), ("special", "特种作业", "Special trades"), ("difference", "人数差", "Difference")]


def points(mine, add):
    """Rows of points.csv; `add` takes one."""
    for what, zh, en in MINE:
        add({"id": f"P-{what}", "name": f"全矿{zh}", "name_en": f"{en}, mine", "kind": "analog", "unit": "1", "role": f"people.{what}",
             "place": "mine", "range_lo": -10000, "range_hi": 10000, "resolution": 1})
    add({"id": "P-leaderless", "name": "井下无带班领导", "name_en": "Nobody leads below", "kind": "switch", "role": "people.leaderless",
         "place": "mine"})
    for a in areas(mine):
        if a["kind"] != "key":
            continue
        p = mine.places[a["place"]]
        for what, zh, en in COUNTS:
            add({"id": f"P-{what}-{p.id}", "name": f"{p.name}{zh}", "name_en": f"{en}, {p.en}", "kind": "analog", "unit": "1",
                 "role": f"people.{what}", "place": p.id, "range_lo": 0, "range_hi": 10000, "resolution": 1})
    for what, zh in (("entered", "入井累计"), ("left", "出井累计")):
        add({"id": f"P-{what}", "name": zh, "name_en": what.capitalize(), "kind": "counter", "unit": "1", "role": f"people.{what}",
             "place": "people-shaft" if "people-shaft" in mine.places else "mine", "link": "broker", "address": f"mine/gate#{what}"})


def limits(mine):
    out = ["  - {points: [P-below], values: {alarm: 400}, unit: \"1\", direction: high}\n"]
    out += [f"  - {{points: [P-below-{a['place']}], values: {{alarm: {a['max']}}}, unit: \"1\", direction: high}}\n"
            for a in areas(mine) if a["kind"] == "key"]
    return "".join(out)


def plan(mine, count):
    """Lines of sim.plan: what the walking persons need."""
    lines = [f"people count={count} topic=people/tags"]
    for s in stations(mine):
        if s["kind"] == "anchor":
            lines.append(f"anchor {s['id']} branch={s['airway']} at={s['offset_m']} code={s['code']}")
    lines += [f"closed {e.id}" for e in mine.edges.values() if e.net and kind(e) == "closed"]
    return lines


__all__ = ["node"]
