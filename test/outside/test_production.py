# SPDX-License-Identifier: Apache-2.0
"""Production and management on the demonstration mine: a shift report as a mine hands it in, a task for
a person, figures, and what a machine's points say."""

import io
import shutil
import subprocess
import sys
import zipfile

import kt
from kt import case, equal

PEOPLE = [{"id": "officer", "places": ["*"], "rights": ["view", "record.read", "record.write", "indicator.read", "shift.sign", "report.read"]},
          {"id": "clerk", "places": ["*"], "rights": ["view", "record.read", "record.write", "indicator.read"]},
          {"id": "reader", "places": ["*"], "rights": ["view", "record.read"]}]


SITE = """id: made-up
name: {zh: 用例矿（演示）, en: Case}
simulation: true
gas_class: high
utc_offset: "+08:00"
packs: [core, production, management]
listen: {http: "127.0.0.1:0"}
"""


@kt.once
def mine():
    """The places of the demonstration mine, without its plant."""
    drawn, path = kt.temp_dir() / "drawn", kt.temp_dir() / "mine"
    drawn.mkdir()
    (drawn / "site.yaml").write_text(SITE, encoding="utf-8")
    (drawn / "points.csv").write_text("id,name,role,place\n", encoding="utf-8")
    shutil.copy(kt.SOURCE / "sites/demo/places.csv", drawn)
    kt.kuangtu("init", path, "--from", drawn)
    return path


@kt.once
def running():
    site = kt.make_site([kt.point("W1", "wind.face", "P1-face", link="push"),
                         kt.point("CQ", "drain.flow", "P1-face", link="push", unit="m3/min"),
                         kt.point("CN", "drain.conc", "P1-face", link="push", unit="%CH4", range_lo=0, range_hi=100),
                         kt.point("CT", "fill.flow", "P1-face", link="push", unit="m3/h", range_lo=0, range_hi=120),
                         kt.point("LC", "entry.length", "P1-face", link="push", unit="m", range_lo=0, range_hi=2000),
                         kt.point("YJ", "entry.closing", "P1-face", link="push", unit="mm", range_lo=0, range_hi=1000)],
                        people=PEOPLE, packs=("core", "gas", "face", "production", "management", "drainage", "water"))
    return kt.Program(site)


@kt.once
def a_clerk():
    return running().user("clerk", "clerk")


def report(c):
    r = c.ask("record.create", register="shift_report", fields={"date": "2026-11-20", "shift": "day", "place": "mine", "planned_t": 3000, "mined_t": 2850})["result"]
    c.ask("record.create", register="shift_face", fields={"report": r["record"], "place": "P1-face", "team": "综采队（演示）", "mined_t": 2850, "planned_t": 3000})
    c.ask("record.create", register="shift_face", fields={"report": r["record"], "place": "P1-return", "team": "综采二队（演示）", "mined_t": 0, "planned_t": 0, "people": 9})
    c.ask("record.create", register="shift_stop", fields={"report": r["record"], "place": "P1-face", "cause": "machine", "began": 1763600000000, "over": 1763601500000, "note": "换截齿（演示）"})
    return r


@case("a shift report: not without its leader, signed by who may, printed as a mine hands it in")
def _():
    p = running()
    clerk, officer = a_clerk(), p.user("officer", "officer")
    r = report(clerk)
    clerk.refused("record.move", "KT_EINVAL", record=r["record"], version=r["version"], transition="send")
    sent = clerk.ask("record.move", record=r["record"], version=r["version"], transition="send",
                     fields={"leader": "officer", "dispatcher": "clerk", "safety": "正常（演示）"})["result"]
    clerk.refused("record.move", "KT_EDENIED", record=r["record"], version=sent["version"], transition="sign")
    officer.ask("record.move", record=r["record"], version=sent["version"], transition="sign")
    base = f"/api/v1/records/shift_report/{r['record']}/documents/shift_form"
    status, body, _ = officer.raw("GET", base + "?format=xlsx")
    equal((status, body[:2]), (200, b"PK"))
    sheet = "".join(zipfile.ZipFile(io.BytesIO(body)).read(n).decode() for n in zipfile.ZipFile(io.BytesIO(body)).namelist() if n.endswith(".xml"))
    for word in ("煤矿生产调度班报表", "停产影响", "换截齿（演示）", "综采队（演示）", "25", "值班矿领导", "签发"):
        assert word in sheet, word
    for number in ("<v>2850</v>", "<v>3000</v>"):
        equal(sheet.count(number), 3, f"{number}: of the report, of its face, of the sum; numbers, not texts")
    assert "合计" in sheet, "two faces have a sum"
    status, body, _ = officer.raw("GET", base + "?format=pdf")
    equal((status, body[:4]), (200, b"%PDF"))


@case("figures of a period say what is known")
def _():
    c = running().local()
    span = {"from": "2026-11-20T00:00:00+08:00", "to": "2026-11-21T00:00:00+08:00"}
    got = {i: c.get(f"/indicators/{i}", **span)["value"] for i in ("coal_mined", "coal_of_plan", "metres_driven", "equipment_hours")}
    equal(got, {"coal_mined": 2850, "coal_of_plan": 95, "metres_driven": None, "equipment_hours": None})
    for b in ("production_month", "management_month"):
        blocks = c.get(f"/briefings/{b}")["blocks"]
        assert blocks and " m3" not in str(blocks), (b, "units as people write them")
    stages = next(b for b in c.get("/briefings/management_month")["blocks"] if b.get("columns", [""])[0] == "环节")["rows"]
    equal([r[:2] for r in stages], [[s, "（无）"] for s in ("穿孔", "爆破", "采装", "运输", "排土", "生产管理", "安全保障", "生态保护", "节能")])


@case("drainage and use by month: a person's plan is judged, the solver's stands beside it and says why not")
def _():
    c = a_clerk()
    make = lambda reg, **fields: c.ask("record.create", register=reg, fields=fields)["result"]["record"]
    station = make("drain_station", name="一号泵站（演示）", capacity=20)
    make("drain_station", name="二号泵站（演示）")
    make("drain_user", name="电厂（演示）", station=station, capacity=3, min_conc=30)
    zone = make("gas_zone", name="1203（演示）", coal=100000, content=10, drained=0, target=8, needed_on="2026-06-01")
    hole = make("drain_hole", no="H-1", state="draining", zone=zone, station=station)
    make("drain_supply", hole=hole, **{"from": "2026-04-01", "to": "2026-05-31"}, flow=10, conc=40)
    plan = make("drain_plan", name="人工方案（演示）", **{"from": "2026-04-01"}, months=2, release=50,
                rows="2026-04,hole,H-1,172800\n2026-04,user,电厂（演示）,100000\n")
    by_hand = c.get(f"/drainage/plans/{plan}")
    equal([x["id"] for x in by_hand["left_out"]], ["二号泵站（演示）"])
    r = by_hand["result"]
    equal((r["feasible"], r["vented_m3"], r["rich_m3"]), (False, 72800, 72800))
    equal((r["zones"][0]["short_m3"], r["zones"][0]["verdict"]), (200000 - 172800, "late"))
    status, answer = running().user("reader", "reader").call("POST", f"/drainage/plans/{plan}/solve", {})[:2]
    equal((status, "drain_plan.write" in answer["error"]["text"]), (403, True), answer)  # before it is solved
    made = c.post(f"/drainage/plans/{plan}/solve", {})["result"]["record"]
    got = c.get(f"/records/drain_plan/{made}")["fields"]
    equal((got["made"], got["based_on"], got["months"]), ("solver", plan, 2))
    best = c.get(f"/drainage/plans/{made}")["result"]
    equal((best["feasible"], best["broken"], best["zones"][0]["attained_on"]), (True, [], "2026-05-17"))
    assert abs(best["used_m3"] - 263520) < 1 and abs(best["vented_m3"]) < 1, best
    assert abs(best["emission_t"] - 0.5 * (1e6 - 263520) * 0.67e-3) < 0.01 < r["emission_t"] - best["emission_t"], best
    z = c.get(f"/records/gas_zone/{zone}")
    c.ask("record.set", record=zone, version=z["version"], fields={"target": 6})
    no = c.get(f"/drainage/plans/{c.post(f'/drainage/plans/{made}/solve', {})['result']['record']}")["result"]
    equal((no["feasible"], no["zones"][0]["why"], "351360" in no["zones"][0]["text_zh"]), (False, "holes", True))
    assert abs(no["short_m3"] - (400000 - 351360)) < 1, no["short_m3"]
    # residual 12 - 2e6/1e6 = 10 m3/t; 2.5e6 m3 to 7.5: 62.5 d at 40 000 m3/d; with 1 % less each day -ln(1 - 0.625) / 0.01 = 98.1 d
    for decline, days, ready in ((0, 62.5, "2026-03-05"), (0.01, 98.1, "2026-04-10")):
        down = make("gas_zone", name="预测（演示）", coal=1000000, content=12, drained=2000000, target=7.5, daily=40000, decline=decline, measured="2026-01-01", needed_on="2026-03-31")
        f = c.get(f"/records/gas_zone/{down}")["fields"]
        equal((f["residual"], f["days"], f["ready_on"], f["on_time"]), (10, days, ready, "late" if decline else "in_time"))
    bad = make("drain_plan", name="写错（演示）", **{"from": "2026-04-01"}, months=2, release=50, rows="2026-04,hole,H-9,1\n")
    status, answer = c.call("GET", f"/drainage/plans/{bad}")[:2]
    equal((status, "row 1" in answer["error"]["text"]), (400, True), answer)


@case("the inrush coefficient on the map: points, lines between them, as it was true then, as GeoPackage")
def _():
    c = a_clerk()
    hole = lambda no, x, y, level, floor, m, **more: c.ask("record.create", register="water_borehole", fields={
        "no": no, "place": "P1-face", "spot": {"type": "Point", "coordinates": [x, y]}, "level": level, "floor": floor,
        "aquiclude": m, "broken": False, **more})["result"]
    hole("ZK1", 0, 0, 860, 832.45, 182.81)   # T 0.0113, of a published table
    hole("ZK2", 400, 0, 860, 720, 51.69)     # T 0.0363
    bad = hole("ZK3", 0, 300, 860, 300, 30)  # T 0.1927
    c.ask("record.create", register="water_borehole", fields={"no": "ZK4", "place": "P1-face"})
    got = c.get("/water/inrush")
    holes = {f["properties"]["no"]: f["properties"] for f in got["features"] if f["properties"]["kind"] == "hole"}
    equal({k: (v["coefficient"], v["verdict"]) for k, v in holes.items()},
          {"ZK1": (0.0113, "within"), "ZK2": (0.0363, "within"), "ZK3": (0.1927, "over")})
    equal((got["unknown"], [(x["value"], x["title"]["zh"], x["source"]["verified"]) for x in got["limits"]]), (1, [(0.06, "构造破坏地段", False), (0.1, "正常块段或注浆改造后", True)]))
    lines = [f for f in got["features"] if f["properties"]["kind"] == "line"]
    equal({f["properties"]["coefficient"] for f in lines}, {0.02, 0.04, 0.06, 0.08, 0.1, 0.15})
    equal({f["properties"]["coefficient"] for f in lines if f["properties"]["verdict"] == "limit"}, {0.06, 0.1})
    assert all(-1 <= x <= 405 and -1 <= y <= 305 for f in lines for x, y in f["geometry"]["coordinates"]), "not beyond the boreholes"
    before = kt.now_ms()
    kt.wait_for("a later moment", lambda: kt.now_ms() > before + 50)
    c.ask("record.set", record=bad["record"], version=bad["version"], fields={"level": 400})
    now = {f["properties"]["no"]: f["properties"]["coefficient"] for f in c.get("/water/inrush")["features"]}
    then = {f["properties"]["no"]: f["properties"]["coefficient"] for f in c.get("/water/inrush", at=before)["features"]}
    equal((now["ZK3"], then["ZK3"]), (0.0425, 0.1927))
    status, body, _ = c.raw("GET", "/api/v1/water/inrush?format=gpkg")
    equal((status, body[:15]), (200, b"SQLite format 3"), str(body[:300]))


@case("what the mine's own sensors say of drained gas, backfill and retained entries: each figure names its source and follows it")
def _():
    p = running()
    c = a_clerk()
    c.ask("record.create", register="green_source", fields={"title": "泵站（演示）", "kind": "drained", "place": "P1-face", "point": "CQ", "part": "CN", "per_hour": 60})
    for kind, point in (("filled", "CT"), ("kept", "LC"), ("entry", "YJ")):
        c.ask("record.create", register="green_source", fields={"title": f"{point}（演示）", "kind": kind, "place": "P1-face", "point": point, "per_hour": 1})
    now = kt.now_ms()
    p.samples(*[(i, v, now - back * 1000) for back in range(20, 0, -1) for i, v in (("CQ", 10), ("CN", 40), ("CT", 50), ("LC", 320 - back), ("YJ", 160 - back))])
    span = {"from": now - 3600_000, "to": now}
    got = kt.wait_for("the history", lambda: (lambda i: i if i["value"] else None)(c.get("/indicators/sensed_drained", **span)))
    assert abs(got["value"] - 10 * 0.4 * 60 / 4) < 1, got["value"]  # the one quarter of the hour that had data
    items = c.get("/indicators/sensed_drained/drill", **span)["items"]
    equal([i["fields"]["point"] for i in items], ["CQ"])
    equal({i: c.get(f"/indicators/{i}", **span)["value"] for i in ("sensed_filled", "sensed_kept", "entry_closing")},
          {"sensed_filled": 12.5, "sensed_kept": 19, "entry_closing": 159})


@case("the demonstration mine is filled once, all of it marked as made up")
def _():
    program = kt.Program(kt.Site(mine()))
    c = program.local()
    seed = [sys.executable, str(kt.SOURCE / "scripts/seed-mine"), str(program.site.dir)]
    said = [subprocess.run(seed, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout.strip() for _ in "12"]
    equal(said, ["production and management: filled (演示)", "the mine has its records already; nothing is changed"])
    for register in ("shift_report", "machine", "smart_task", "stage_system"):
        items = c.get(f"/records/{register}")["items"]
        assert items and all("演示" in str(i) or register == "shift_report" for i in items), register
    sources = [i["fields"] for i in c.get("/records/green_source")["items"]]
    equal({f["kind"] for f in sources}, {"drained", "filled", "kept", "entry"})
    points = {line.split(",")[0] for line in (kt.SOURCE / "sites/demo/points.csv").read_text(encoding="utf-8").splitlines()}
    equal([p for f in sources for p in (f["point"], f["part"]) if p and p not in points], [], "points of the demonstration mine")
    equal(c.get("/indicators/days_safe")["value"], 412)
    equal(round(c.get("/indicators/stages_covered")["value"], 1), 42.9)
    equal(c.get("/indicators/first_grade")["value"], 2)
    stages = next(b for b in c.get("/briefings/management_month")["blocks"] if b.get("columns", [""])[0] == "环节")["rows"]
    equal(len({r[0] for r in stages}), 9, stages)


if __name__ == "__main__":
    sys.exit(kt.main())
