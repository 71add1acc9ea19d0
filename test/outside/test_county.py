# SPDX-License-Identifier: Apache-2.0
"""The county's site: real mines with their sources, the annex as printed, the targets both ways."""

import csv
import datetime
import io
import json
import sqlite3
import subprocess
import sys

import kt
from kt import case, equal

TZ = datetime.timezone(datetime.timedelta(hours=8))


def ms(year):
    return int(datetime.datetime(year, 1, 1, tzinfo=TZ).timestamp() * 1000)


@kt.once
def county():
    """A client, and what the two seedings said."""
    path = kt.temp_dir() / "county"
    kt.kuangtu("init", path, "--from", kt.SOURCE / "sites/county")
    program = kt.Program(kt.Site(path))
    seed = [sys.executable, str(kt.SOURCE / "scripts/seed-county"), str(path)]
    said = [subprocess.run(seed, check=True, capture_output=True, text=True).stdout.splitlines() for _ in "12"]
    return program.local(), *said


@case("tables are taken with their sources; a second time changes nothing")
def _():
    _, first, again = county()
    equal(first, ["mines-tracker.csv: 775 new, 0 changed", "mines-annex.csv: 0 new, 8 changed",
                  "projects-annex.csv: 9 new, 0 changed", "targets.csv: 5 new, 0 changed",
                  "policy-docs.csv: 3 new, 0 changed", "policy-chain.csv: 0 new, 1 changed",
                  "policy-clauses.csv: 14 new, 0 changed", "duties.csv: 36 new, 0 changed",
                  "mine-demo.csv: 1 new, 0 changed", "zones-demo.csv: 3 new, 0 changed",
                  "workings-demo.csv: 3 new, 0 changed", "project-demo.csv: 1 new, 0 changed"])
    equal(again, ["the register of mines is filled already; nothing is changed"])


@case("sources that disagree stand side by side until a person decides")
def _():
    get = county()[0].get
    item = get("/records/mine", filter='[["no","=","M4836"]]')["items"][0]
    facts = get(f"/records/mine/{item['id']}")["facts"]
    said = {(f["value"], f["source"][:4], f["verified"]) for f in facts if f["field"] == "capacity"}
    equal(said, {(90, "Glob", False), (60, "阳政办发", True)})
    equal(item["conflicts"], 2, "capacity and owner of 大桥")


@case("duties of the annex's mines: who must, what satisfies it")
def _():
    get = county()[0].get
    page = get("/records/mine/provisions", limit=1000)
    rules = [p["no"] for p in page["provisions"]]
    equal((len(page["records"]), len(rules)), (776, 33))
    mine = next(r for r in page["records"] if "武甲" in r["record"]["label"])
    must = mine["verdicts"][rules.index("R3.1")]
    equal((must["holds"], [m["label"] for m in must["met"]]), ("yes", ["LX-008 煤与瓦斯共采"]))
    daning = next(r for r in page["records"] if "大宁" in r["record"]["label"])
    open_duty = daning["verdicts"][rules.index("R3.1")]
    equal((open_duty["holds"], open_duty["met"]), ("yes", []))


@case("targets 2023 to 2035 with both readings of the numerator")
def _():
    c = county()[0]
    get = c.get
    begun = {2022: 4, 2023: 5, 2024: 8, 2025: 8, 2026: 8, 2027: 8}
    ended = {2022: 0, 2023: 5, 2024: 5, 2025: 5, 2026: 6, 2027: 8}
    producing = get("/records/mine", filter='[["county","=","阳城县"],["status","=","producing"]]')["total"]
    for reading, should in ((0, begun), (1, ended)):
        if reading:
            c.ask("record.setting", indicator="green_share", id="reading", value=reading, reason="按完成计")
        for year, n in should.items():
            i = get("/indicators/green_share", **{"from": ms(year), "to": ms(year + 1)})
            equal((i["numerator"], i["denominator"]), (n, producing), f"{year}, reading {reading}")
    targets = {t["fields"]["from"][:4] + t["fields"]["indicator"]: t["fields"]["value"] for t in get("/records/target")["items"]}
    equal(targets, {"2023green_mines": 5, "2023green_share": 20, "2025green_share": 30, "2030green_share": 40,
                    "2035green_share": 50})


@case("which mines would lift the share to a target: exact, in a fixed order")
def _():
    c = county()[0]
    for reading in (0, 1):
        c.ask("record.setting", indicator="green_share", id="reading", value=reading, reason="口径")
        for year, target in ((2023, 20), (2025, 30), (2030, 40), (2035, 50), (2035, 100), (2035, 0)):
            span = {"from": ms(year), "to": ms(year + 1)}
            w = c.get("/indicators/green_share/what-if", target=target, **span)
            n, d = w["numerator"], w["denominator"]
            least = next(k for k in range(d + 1) if (n + k) * 100 >= target * d)
            equal((w["needed"], w["reachable"], w["target"]), (least, True, target), f"{year} {target} %")
            equal(round(w["would_be"] * d / 100), n + least)
            equal(len(w["candidates"]), d - n, "every producing mine that does not count yet")
            equal(w, c.get("/indicators/green_share/what-if", target=target, **span))
    in_force = c.get("/indicators/green_share/what-if", **{"from": ms(2035), "to": ms(2036)})
    equal(in_force["target"], 50)
    first = in_force["candidates"][0]
    assert "突出" in first["why"] and "大宁" in first["record"]["label"], first
    over = c.get("/indicators/green_share/what-if", target=101, **{"from": ms(2035), "to": ms(2036)})
    equal((over["reachable"], over["needed"] > len(over["candidates"])), (False, True))
    c.ask("record.setting", indicator="green_share", id="reading", value=0, reason="口径")


def box(x0, y0, x1, y1):
    return {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}


@case("the same from the command line, as table, CSV and JSON")
def _():
    c = county()[0]
    site = c.program.site.dir
    asked = ["green", "lift", site, "--target", 50, "--year", 2035]
    got = kt.kuangtu(*map(str, asked), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(got.stdout)))
    span = {"from": ms(2035), "to": ms(2036)}
    w = c.get("/indicators/green_share/what-if", target=50, **span)
    equal([r["label"] for r in rows], [x["record"]["label"] for x in w["candidates"]])
    equal(sum(r["needed"] == "yes" for r in rows), w["needed"])
    assert f"{w['needed']} more are needed" in got.stderr, got.stderr
    equal(json.loads(kt.kuangtu(*map(str, asked), "--format", "json").stdout), w)
    assert rows[0]["why"] in kt.kuangtu(*map(str, asked)).stdout
    equal(kt.kuangtu("green", "lift", str(site), "--year", "soon", check=False).returncode, 2)
    for wrong in ("fifty", "101", "-1", "50&from=1", "nan", "1e999"):
        no = kt.kuangtu("green", "lift", str(site), f"--target={wrong}", check=False)
        equal((no.returncode, "from 0 to 100" in no.stderr and wrong in no.stderr), (2, True), f"{wrong}: {no.stderr}")
    no = kt.kuangtu("green", "lift", str(site), "--indicator", "../users?x=", check=False)
    equal((no.returncode, "../users" in no.stderr), (2, True), no.stderr)
    edge = kt.kuangtu("green", "lift", str(site), "--target", "100", "--indicator", "green_share", "--year", "2035")
    assert "target 100" in edge.stderr, edge.stderr


@case("a face that touches the key zone of the spring is refused, with the part in common")
def _():
    c = county()[0]
    fields = {"title": "1203工作面（演示）", "kind": "face", "place": "demo-mine", "mine": "YS-0001"}
    no = c.refused("record.create", "KT_EDENIED", register="working",
                   fields={**fields, "area": box(628500, 3914900, 629500, 3915100)}).body["error"]
    assert "重点保护区" in no["text_zh"] and "严禁" in no["text_zh"], no
    said = no["problems"][0]
    zone = said["barrier"]["zones"][0]
    equal((said["field"], said["barrier"]["no"], zone["label"]), ("area", "R7.5", "演示泉域重点保护区（演示）"))
    assert zone["area_m2"] > 0 and zone["overlap"]["type"] == "Polygon", zone
    made = c.ask("record.create", register="working", fields={**fields, "area": box(630500, 3914900, 631000, 3915100)})
    told = {v["barrier"]: v["holds"] for v in
            c.get(f"/records/working/{made['result']['record']}/barriers")["records"][0]["verdicts"]}
    equal(told, {"spring_key_working": "no", "spring_range_working": "yes", "relic_working": "no"})


@case("a published practice finds the mines that it suits; a fact that is not known is named, never no")
def _():
    c = county()[0]
    made = c.ask("record.create", register="practice", fields={"title": "沿空留巷模式（演示）", "kind": "mode", "gas_class": "high",
                 "seam_max": 3.5, "capacity_min": 100, "text": "演示", "channel": "演示", "published": "2026-11-01"})["result"]
    mine = c.get("/records/mine", filter='[["no","=","YS-0001"]]')["items"][0]["id"]
    equal(c.get(f"/records/mine/{mine}/matches")["matches"][0]["items"], [])
    chief = c.program.user("publisher", "county-official")
    for i, step in enumerate(("send", "publish")):
        chief.ask("record.move", record=made["record"], version=made["version"] + i, transition=step)
    got, = c.get(f"/records/mine/{mine}/matches")["matches"]
    equal([(i["holds"], i["missing"], i["record"]["label"]) for i in got["items"]], [("yes", [], "沿空留巷模式（演示）")])
    back, = c.get(f"/records/practice/{made['record']}/matches")["matches"]
    by = {i["record"]["label"]: i for i in back["items"]}
    equal([i for i in by.values() if i["holds"] == "yes" and "演示" not in i["record"]["label"]], [])
    assert any(i["missing"] == ["gas_class", "seam_thickness"] for i in by.values()), list(by.values())[:3]
    c.ask("record.set", record=made["record"], version=c.get(f"/records/practice/{made['record']}")["version"], fields={"capacity_min": 200})
    equal(c.get(f"/records/mine/{mine}/matches")["matches"][0]["no"], 1)


def geopackage(body, layer):
    path = kt.temp_dir() / "layer.gpkg"
    path.write_bytes(body)
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    srs, = db.execute("SELECT srs_id FROM gpkg_contents WHERE table_name = ?", (layer,)).fetchone()
    equal(srs, 4546)
    return db.execute(f"SELECT * FROM {layer}").fetchall()


@case("the ground above a face: lines of equal value with backfill and without, what is missing is named")
def _():
    c = county()[0]
    items = {i["label"]: i["id"] for i in c.get("/records/working")["items"]}
    face = items["1201工作面（演示）"]
    sink = c.get(f"/records/working/{face}/subsidence")
    equal((sink["unit"], sink["filled"], round(sink["w0_mm"], 6), sink["r_m"]), ("mm", True, 2250, 150))
    assert abs(sink["greatest"]["high"] - 1705.3) < 1, sink["greatest"]  # of the panel 800 x 200 m
    equivalent = 0.2 + 0.1 + 0.15 * (3 - 0.3)
    assert abs(sink["greatest_filled"]["high"] / sink["greatest"]["high"] - equivalent / 3) < 1e-9
    rings = {(f["properties"]["level"], f["properties"]["filled"]): f["geometry"]["coordinates"] for f in sink["features"]}
    assert rings[10, False][0] == rings[10, False][-1], "the basin closes"
    for q, unit in (("tilt", "mm/m"), ("curvature", "mm/m2"), ("horizontal", "mm"), ("strain", "mm/m")):
        got = c.get(f"/records/working/{face}/subsidence", quantity=q)
        equal((got["unit"], bool(got["features"])), (unit, True), q)
        equal("low" in got["greatest"], q in ("curvature", "strain"))
    bare = c.get(f"/records/working/{items['1202工作面（演示）']}/subsidence")
    equal((bare["filled"], "greatest_filled" in bare), (False, False))
    status, _, head = c.raw("GET", f"/api/v1/records/working/{face}/subsidence?format=dxf")
    equal((status, head["Content-Type"]), (200, "image/vnd.dxf"))
    status, body, _ = c.raw("GET", f"/api/v1/records/working/{face}/subsidence?format=gpkg")
    layer = geopackage(body, "subsidence")
    equal((status, len(layer)), (200, len(sink["features"])))
    assert {(r["level"], r["filled"]) for r in layer} == {(f["properties"]["level"], int(f["properties"]["filled"])) for f in sink["features"]}
    status, body, _ = c.call("GET", f"/records/working/{items['演示抽采井1（演示）']}/subsidence")
    assert status == 400 and "depth" in body["error"]["text"], (status, body)


def sections(doc):
    """Tables of a document by the heading above them: rows as {column: cell}."""
    out, title = {}, ""
    for block in doc["blocks"]:
        title = block["text"] if block.get("heading") else title
        if "columns" in block:
            out[title] = [dict(zip(block["columns"], row)) for row in block["rows"]]
    return out


@case("the monthly report: targets, figures beside those of a year ago, projects, what is not known")
def _():
    c = county()[0]
    for y, m, v in ((2025, 11, 40), (2026, 11, 50)):
        c.ask("record.create", register="gas_use", fields={"mine": "YS-0001", "month": f"{y}-{m}-01", "drained": 100, "used": v})
    c.ask("record.create", register="target", fields={"indicator": "gas_used", "from": "2026-11-01", "to": "2026-11-30", "value": 60})
    c.ask("record.create", register="assessment", fields={"scheme": "考核（演示）", "item": "瓦斯（演示）", "year": 2026, "indicator": "gas_used", "weight": 12})
    c.ask("record.create", register="assessment", fields={"scheme": "考核（演示）", "item": "人工（演示）", "year": 2026, "weight": 10, "score": 0.5})
    c.refused("record.create", register="assessment", fields={"scheme": "考核（演示）", "item": "两处（演示）", "indicator": "gas_used", "weight": 5, "score": 1})
    span = {"from": "2026-11-01T00:00:00+08:00", "to": "2026-12-01T00:00:00+08:00"}
    doc = c.get("/briefings/county_month", **span)
    s = sections(doc)
    first = s["一、目标完成情况"][0]
    equal((first["目标"], first["完成或预计"], first["状态"]), ("5 座", "5 座", "达到"))
    gas = next(r for r in s["二、绿色开采指标"] if r["指标"] == "瓦斯利用率")
    equal((gas["本期"], gas["上年同期"], gas["同比"], gas["目标"]), ("50.00 %", "40.00 %", "+25.0 %", "60.00 %"))
    unknown = next(r for r in s["二、绿色开采指标"] if r["指标"] == "采区回采率")
    equal((unknown["本期"], unknown["同比"]), ("不详", "–"))
    equal(len(s["四、绿色开采项目"]), 10)
    assert "尹家沟" in s["四、绿色开采项目"][0]["矿井"], "names, not numbers"
    fed, by_hand = s["七、考核得分"]
    equal((fed["现值"], fed["得分率"], fed["得分"], fed["来源"]), ("50.00 %", "0.833", "10.00", "指标"))
    equal((by_hand["得分"], by_hand["来源"]), ("5.00", "人工"))
    clauses = {r["条款"]: r for r in s["八、条款适用、落实与无法判断"]}
    mines = c.get("/records/mine", filter='[["county","=","阳城县"]]')["total"]
    equal((clauses["R3.4"]["适用"], clauses["R3.4"]["无法判断"]), ("0", str(mines)))
    must = clauses["R3.1"]
    assert int(must["适用"]) == int(must["已落实"]) + int(must["尚未落实"]) and int(must["无法判断"]) > 0, must
    for form, magic in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        status, body, _ = c.raw("GET", f"/api/v1/briefings/county_month?format={form}")
        assert status == 200 and body.startswith(magic) and len(body) > 5000, (form, status, len(body))
    equal({b["id"] for b in c.get("/briefings")}, {"assessment_sheet", "green_plan", "weekly_sheet", "county_month"})
    equal(c.call("GET", "/briefings/none")[0], 404)


@case("a mine of which the outline is not known may touch a zone: unknown, never no")
def _():
    get = county()[0].get
    page = get("/records/mine/barriers", limit=1000)
    holds = {v["holds"] for r in page["records"] if "演示" not in r["record"]["label"] for v in r["verdicts"]}
    equal((len(page["records"]), holds), (776, {"unknown"}))


if __name__ == "__main__":
    sys.exit(kt.main())
