# SPDX-License-Identifier: Apache-2.0
"""people/ of the demonstration mine: anchors, exits, refuges, areas; and who walks in its plant. All of it is made up (演示)."""

WAYS = ["airway", "kind", "slope_deg", "walk_m_s"]
STATIONS = ["id", "kind", "airway", "offset_m", "capacity", "reach_m", "link", "code", "name", "name_en"]
AREAS = ["place", "kind", "max", "hours", "no_lone", "lost_s", "words", "words_en"]
SPACING = 90.0  # metres between anchors
SEALED_R = 5000  # a cross-cut of that resistance is walled up, N s2/m8
KINDS = {"INC1": "incline", "INC2": "incline", "INC3": "incline", "SHAFT-P": "shaft", "SHAFT-R": "closed"}
ZH, EN = "{}发生险情，请立即佩戴自救器，沿避灾路线撤离。", "Danger in {}. Put on your self-rescuer and leave along the escape route."
CREWED = ("haux-face",)  # nobody works there alone, so some always do
HELD = ("explosives",)  # who walks there has a reason: nobody does by chance


def kind(e):
    if e.id.startswith(("DUCT-", "FAN-")) or e.resistance() > SEALED_R:
        return "closed"
    return KINDS.get(e.id, "belt" if e.place.startswith("belt-main") else "walk")


def ways(mine):
    return [{"airway": e.id, "kind": kind(e), "slope_deg": 16 if e.id.startswith("INC") else 0}
            for e in mine.edges.values() if e.net and kind(e) != "walk"]


def anchors(mine):
    out = []
    for e in mine.edges.values():
        n = max(1, round(e.length / SPACING)) if e.net and kind(e) != "closed" else 0
        for i in range(n):
            out.append({"id": f"R-{e.id}-{i + 1}", "kind": "anchor", "airway": e.id, "offset_m": f"{e.length * (i + 0.5) / n:.1f}",
                        "reach_m": 120, "code": f"1400000000010101{len(out) + 1:06d}"})
    return out


def stations(mine):
    out = anchors(mine)
    out += [{"id": "EXIT-SHAFT", "kind": "exit", "airway": "SHAFT-P", "offset_m": 0, "name": "副立井口", "name_en": "Man shaft"},
            {"id": "EXIT-INC", "kind": "exit", "airway": "INC3", "offset_m": 0, "name": "主斜井口", "name_en": "Main incline"}]
    for i, cap in ((1, 60), (2, 40)):
        out.append({"id": f"REFUGE-{i}", "kind": "refuge", "airway": f"refuge-{i}", "capacity": cap,
                    "offset_m": f"{mine.edges[f'refuge-{i}'].length / 2:.1f}", "name": f"{i}号避难硐室", "name_en": f"Refuge {i}"})
    return out


def areas(mine):
    out = [{"place": "mine", "kind": "normal", "max": 400, "hours": 12}, {"place": "surface", "kind": "surface"}]
    for p in mine.places.values():
        row = {"place": p.id, "kind": "key", "words": ZH.format(p.name), "words_en": EN.format(p.en)}
        if "封闭" in p.name and p.kind == "panel":
            out.append({"place": p.id, "kind": "forbidden"})
        elif p.kind in ("panel", "heading-area"):
            out.append({**row, "max": 60 if p.kind == "panel" else 25})
        elif p.id == "haux-face":
            out.append({**row, "max": 12, "no_lone": "yes"})
        elif p.id in HELD:
            out.append({**row, "kind": "restricted", "max": 6, "hours": 2})
    return out


COUNTS = [("below", "井下人数", "Persons below"), ("sos", "呼救", "Calls for help"), ("lost", "失联", "Tags not heard")]
MINE = COUNTS + [("over-time", "超时", "Over time"), ("forbidden", "未经许可进入", "Not permitted"), ("alone", "单人作业", "Alone"),
                 ("twin", "疑似一人多卡", "Tags together"), ("stranger", "无登记卡", "Unknown cards"), ("low-battery", "电量低", "Low battery"),
                 ("leaders", "带班领导", "Leaders"), ("special", "特种作业", "Special trades")]


def rows(mine):
    """Of points.csv."""
    out = []
    for what, zh, en in MINE:
        out.append({"id": f"P-{what}", "name": f"全矿{zh}", "name_en": f"{en}, mine", "role": f"people.{what}", "place": "mine"})
    for a in areas(mine):
        p = mine.places[a["place"]]
        for what, zh, en in COUNTS if a["kind"] == "key" else []:
            out.append({"id": f"P-{what}-{p.id}", "name": f"{p.name}{zh}", "name_en": f"{en}, {p.en}", "role": f"people.{what}",
                        "place": p.id})
    return [{"kind": "analog", "unit": "1", "range_lo": 0, "range_hi": 10000, "resolution": 1, **r} for r in out]


def limits(mine):
    most = [("P-below", 400)] + [(f"P-below-{a['place']}", a["max"]) for a in areas(mine) if a["kind"] == "key"]
    return "".join(f"  - {{points: [{p}], values: {{alarm: {n}}}, unit: \"1\", direction: high}}\n" for p, n in most)


def plan(mine):
    """people.plan: what kuangtu-sim --people reads."""
    lines = ["people count=300 topic=people/tags"]
    lines += [f"anchor {s['id']} branch={s['airway']} at={s['offset_m']} code={s['code']}" for s in anchors(mine)]
    lines += [f"closed {e.id}" for e in mine.edges.values() if e.net and kind(e) == "closed"]
    lines += [f"held {e.id}" for e in mine.edges.values() if e.net and e.place in HELD]
    lines += [f"crew {e.id} count=3" for e in mine.edges.values() if e.net and e.place in CREWED and kind(e) != "closed"]
    return "\n".join(lines) + "\n"
