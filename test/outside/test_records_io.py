# SPDX-License-Identifier: Apache-2.0
"""Records in and out: tables that are shown before they are written, exports that read as the same,
attachments, documents; and what may not come in."""

import hashlib
import json
import os
import random
import re
import sys
import time
import urllib.parse

import kt
import records_kit as kit
from kt import case, equal, once

SEED = int(os.environ.get("KT_SEED", "20261122"))
PHOTO = (kt.SOURCE / "test/corpus/fuzz_image/exif.jpg").read_bytes()


class World:
    def __init__(self):
        self.site = kit.make_site()
        self.program = kt.Program(self.site)
        self.clerk = self.program.user("u.clerk", "clerk")
        self.reader = self.program.user("u.reader", "reader")
        self.heading = self.program.user("u.heading", "heading")
        self.stranger = self.program.user("u.stranger", "stranger")
        kit.bring(self.clerk, "project", kit.csv_bytes([["项目编号", "项目名称"], ["P-1", "一号"], ["P-2", "二号"]]))

    def add(self, **fields):
        fields = {"place": "P1-face", **fields}
        return self.clerk.ask("record.create", register="hazard", fields=fields)["result"]


@once
def world():
    return World()


def fates(job):
    return [r["fate"] for r in job["rows"]]


# ---- tables in -----------------------------------------------------------------------------------

@case("a table is shown row by row before anything is written; then it is written")
def _():
    c = world().clerk
    rows = [["名称 *", "等级", "深度 (m)", "发现日期", "时刻", "紧急", "所属项目", "地点", "罚款", "双语名称（中文）"],
            ["顶板下沉", "重大", "120.5", "2026/1/5", "2026-01-05 08:30", "是", "P-1", "采煤工作面", "￥1,200.50", "甲"],
            ["积水", "general", "", "2026年1月6日", "", "否", "", "P1-return", "", ""]]
    before = c.get("/records/hazard")["total"]
    job = kit.look(c, "hazard", kit.csv_bytes(rows))
    equal(fates(job), ["create", "create"], job)
    equal(c.get("/records/hazard")["total"], before, "nothing was written")
    equal(job["counts"], {"create": 2, "change": 0, "same": 0, "error": 0})
    told = {x["field"]: x["to"] for x in job["rows"][0]["changes"]}
    equal((told["level"], told["depth"], told["found"], told["urgent"], told["place"], told["fine"]),
          ("major", 120.5, "2026-01-05", True, "P1-face", 1200.5))
    equal(told["seen"], 1767573000000)
    got = kit.write(c, "hazard", job)
    equal((got["created"], got["changed"]), (2, 0))
    equal(c.get("/records/hazard")["total"], before + 2)
    try:
        kit.write(c, "hazard", job)
        raise AssertionError("an import was written twice")
    except kt.Refused as e:
        equal(e.code, "KT_ESTATE")


@case("a change is shown from and to; an empty cell changes nothing; a cell can clear")
def _():
    w = world()
    key = w.add(title="会变的", depth=10, level="major")["key"]
    job = kit.look(w.clerk, "hazard", kit.csv_bytes([["编号", "深度", "等级"], [key, "11.5", ""]]))
    equal([(r["fate"], r["changes"]) for r in job["rows"]],
          [("change", [{"field": "depth", "from": 10, "to": 11.5}])])
    equal(kit.write(w.clerk, "hazard", job)["changed"], 1)
    job = kit.look(w.clerk, "hazard", kit.csv_bytes([["No.", "Level"], [key, "（清空）"]]))
    equal(job["rows"][0]["changes"], [{"field": "level", "from": "major", "to": None}])
    equal(fates(kit.look(w.clerk, "hazard", kit.csv_bytes([["编号", "深度"], [key, "11.5"]]))), ["same"])


@case("mistakes are sentences that name the column, with the row of the file; GBK is read")
def _():
    w = world()
    rows = [["编号", "名称", "深度", "等级", "发现日期", "所属项目", "地点", "紧急"],
            ["", "好", "5", "一般", "2026-01-05", "P-2", "mine", "1"],
            ["", "", "5", "一般", "", "", "mine", ""],
            ["", "深", "5.25", "一般", "", "", "mine", ""],
            ["", "字", "五", "特大", "2026-02-30", "P-9", "没有", "也许"],
            ["", "好", "", "", "2026-01-05", "", "mine", ""],
            ["NEU", "新", "", "", "", "", "mine", ""]]
    job = kit.look(w.clerk, "hazard", kit.csv_bytes(rows, "gbk"))
    equal(fates(job), ["create", "error", "error", "error", "error", "create"], job)
    equal([r["row"] for r in job["rows"]], [2, 3, 4, 5, 6, 7])
    text = ["；".join(r["texts"]) for r in job["rows"]]
    english = ["; ".join(r["texts_en"]) for r in job["rows"]]
    equal([bool(x) for x in english], [bool(x) for x in text], "one language says nothing of a row")
    assert not any("\u4e00" <= c <= "\u9fff" for c in english[1] + english[2]), english
    assert "名称" in text[1] and "必填" in text[1], text[1]
    assert "深度" in text[2] and "小数" in text[2], text[2]
    for word in ("五", "等级", "发现日期", "P-9", "没有", "紧急"):
        assert word in text[3], (word, text[3])
    assert "第2行" in text[4], text[4]
    equal(fates(kit.look(w.clerk, "hazard", kit.csv_bytes(rows, "gbk"), mode="update"))[5], "error")
    equal(fates(kit.look(w.clerk, "project", kit.csv_bytes([["no"], ["P-1"]]), mode="add")), ["error"])
    job = kit.look(w.clerk, "hazard", kit.csv_bytes([["名称", "高度"], ["x", "1"]]))
    equal(job["state"], "failed")
    assert "高度" in job["error"]["text_zh"] and "深度" in job["error"]["text_zh"], job


@case("hostile tables are refused with a sentence, and the program goes on")
def _():
    w, bad = world(), []
    blank = " " * (40 << 20)
    many = "".join(f"<row><c><v>{i}</v></c></row>" for i in range(100002))
    tables = {
        "not a table": b"\x00\x01\x02\x03" * 50, "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "empty": b"", "half a zip": kit.table_book([["名称"], ["x"]])[:150],
        "a bomb": kit.book(f"<worksheet>{blank}</worksheet>"),
        "entities": kit.book('<!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet>&b;</worksheet>'),
        "no sheet": kit.zip_bytes(kit.BOOK), "another zip": kit.zip_bytes({"a.txt": "b"}),
        "too many rows": kit.book(f"<worksheet>{many}</worksheet>"),
        "too wide": kit.book('<worksheet><row><c r="XFD1"><v>1</v></c></row></worksheet>'),
        "a text that is not there": kit.book('<worksheet><row><c t="s"><v>7</v></c></row></worksheet>'),
        "two columns of one name": kit.csv_bytes([["名称", "名称"], ["a", "b"]]),
        "one field twice": kit.csv_bytes([["名称", "title"], ["a", "b"]]),
        "only a head": kit.csv_bytes([["名称", "等级"]]),
        "a row too long": b"\xe5\x90\x8d\xe7\xa7\xb0\n\"a,b\n" + b"x" * 1000}
    for name, data in tables.items():
        try:
            job = kit.look(w.clerk, "hazard", data)
        except kt.Refused as e:
            bad += [] if e.status < 500 and e.text else [f"{name}: {e}"]
            continue
        if job["state"] != "failed" or not job["error"]["text"]:
            bad.append(f"{name}: {str(job)[:200]}")
    equal(bad, [])
    assert w.program.alive()
    equal(w.clerk.call("GET", "/records/hazard")[0], 200)


@case("hostile geometries and long texts are errors of their rows")
def _():
    w = world()
    ring = json.dumps({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]})
    deep = json.dumps({"type": "Point", "coordinates": 1}).replace("1", "[" * 200 + "]" * 200)
    rows = [["名称", "地点", "位置"], ["a1", "mine", ring], ["a2", "mine", deep], ["a3", "mine", '{"type": "Point"'],
            ["a4", "mine", '{"type":"Point","coordinates":[1e999,0]}'], ["x" * 61, "mine", ""],
            ["a5", "mine", "3, 4"]]
    job = kit.look(w.clerk, "hazard", kit.csv_bytes(rows))
    equal(fates(job), ["error"] * 5 + ["create"], [r["texts"] for r in job["rows"]])


# ---- round trip ----------------------------------------------------------------------------------

def random_rows(rnd, n):
    letters = ["回风", "=1+1", "@x", "'y", "a,b", 'q"q', "line\nbreak", " 空 格", "-5", "€", "#N/A", "1e5", "0012", "TRUE", "130102199001011234", "＝1+1"]
    rows = []
    for i in range(n):
        rows.append({
            "title": f"{rnd.choice(letters)}{i}", "place": rnd.choice(["mine", "P1-face", "H1-heading"]),
            "name2": rnd.choice([None, {"zh": rnd.choice(letters), "en": "Name"}, {"zh": "仅中文", "en": ""}]),
            "depth": rnd.choice([None, 0, 0.1, 1999.9, rnd.randrange(20000) / 10]),
            "fine": rnd.choice([None, 0, 12.3, rnd.randrange(10 ** 9) / 100]),
            "found": rnd.choice([None, "2026-11-22", "1899-12-31", "2200-12-31"]),
            "seen": rnd.choice([None, 1767573000000, rnd.randrange(1767573000000)]),
            "urgent": rnd.choice([None, True, False]), "level": rnd.choice([None, "major", "general"]),
            "project": rnd.choice([None, "P-1", "P-2"]), "who": rnd.choice([None, "u.clerk", "=u"]),
            "spot": rnd.choice([None, {"type": "Point", "coordinates": [rnd.random() * 1000, 2]}])})
    return rows


@case("property: what an export writes, an import reads as the same, in three formats")
def _():
    w, rnd = world(), random.Random(SEED)
    kt.note(f"KT_SEED={SEED}")
    for fields in random_rows(rnd, 60):
        w.add(**{k: v for k, v in fields.items() if v is not None})
    total = w.clerk.get("/records/hazard")["total"]
    for query in ({"format": "csv"}, {"format": "xlsx"}, {"format": "csv", "lang": "en"},
                  {"format": "xlsx", "lang": "en"}):
        data, _ = kit.fetch(w.clerk, "/records/hazard/export", **query)
        job = kit.look(w.clerk, "hazard", data)
        equal(job["state"], "done", job.get("error"))
        other = [r for r in job["rows"] if r["fate"] != "same"]
        equal(other[:3], [], query)
        equal(job["counts"]["same"], total)


# ---- tables out ----------------------------------------------------------------------------------

@case("exports: CSV with its mark, xlsx with types, PDF, GeoJSON; filter and columns count")
def _():
    w = world()
    w.add(title="导出甲", depth=3.5, level="major", spot={"type": "Point", "coordinates": [5, 6]}, found="2026-03-01")
    only = urllib.parse.quote(json.dumps([["title", "=", "导出甲"]]))
    data, headers = kit.fetch(w.clerk, "/records/hazard/export", format="csv", filter=only, columns="title,level,depth,found")
    equal(kit.read_csv(data), [["名称", "等级", "深度", "发现日期"], ["导出甲", "重大", "3.5", "2026-03-01"]])
    assert "attachment" in headers["Content-Disposition"], headers
    data, _ = kit.fetch(w.clerk, "/records/hazard/export", format="xlsx", filter=only, columns="title,level,depth,found")
    equal(kit.read_xlsx(data)["rows"][1], [2, "导出甲", "重大", "3.5", "2026-03-01"])
    data, _ = kit.fetch(w.clerk, "/records/hazard/export", format="pdf", filter=only)
    assert data[:5] == b"%PDF-" and b"/FontFile" in data, data[:40]
    data, _ = kit.fetch(w.clerk, "/records/hazard/export", format="geojson", filter=only)
    feature = json.loads(data)["features"][0]
    equal(feature["geometry"], {"type": "Point", "coordinates": [5, 6]})
    equal(feature["properties"]["名称"], "导出甲")
    for query in ({"format": "doc"}, {"columns": "nothing"}, {"filter": "x"}):
        equal(w.clerk.call("GET", "/records/hazard/export", **query)[0], 400, query)
    equal(w.clerk.call("GET", "/records/project/export", format="geojson")[0], 400)


@case("a template has the columns to fill in, lists and help, and reads as an empty table")
def _():
    w = world()
    data, _ = kit.fetch(w.clerk, "/records/hazard/template", format="xlsx")
    got = kit.read_xlsx(data)
    equal(len(got["rows"]), 1)
    assert "名称 *" in got["rows"][0] and "照片" not in got["rows"][0], got
    import io
    import zipfile
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "dataValidation" in sheet and 'state="frozen"' in sheet, sheet[:2000]
    data, _ = kit.fetch(w.clerk, "/records/hazard/template", format="csv", lang="en")
    head = kit.read_csv(data)[0]
    assert "Name *" in head and "Level" in head, head
    job = kit.look(w.clerk, "hazard", kit.csv_bytes([head, ["Filled" if h == "Name *" else "mine" if h.startswith("Place")
                                                            else "" for h in head]]))
    equal(fates(job), ["create"], job)


@case("a record prints as PDF and xlsx by its declaration, with its pictures")
def _():
    w = world()
    made = w.add(title="要打印的", depth=7, level="major")
    up = kit.upload(w.clerk, PHOTO)
    w.clerk.ask("record.attach", record=made["record"], field="photos", hash=up["hash"], name="p.jpg")
    path = f"/records/hazard/{made['record']}/documents/notice"
    data, _ = kit.fetch(w.clerk, path, format="pdf")
    assert data[:5] == b"%PDF-" and b"/DCTDecode" in data, "no picture in it"
    data, _ = kit.fetch(w.clerk, path, format="xlsx")
    text = json.dumps(kit.read_xlsx(data), ensure_ascii=False)
    for word in ("整改通知书", made["key"], "要打印的", "重大", "签收"):
        assert word in text, (word, text)
    equal(w.clerk.call("GET", f"/records/hazard/{made['record']}/documents/none")[0], 404)


# ---- attachments ---------------------------------------------------------------------------------

@case("what came is held against what was sent: another SHA-256 is refused with a sentence, the same twice is once")
def _():
    w = world()
    made = w.add(title="校验和")
    data = b"%PDF-1.4 checked"
    right, wrong = hashlib.sha256(data).hexdigest(), hashlib.sha256(b"x").hexdigest()
    try:
        kit.upload(w.clerk, data, "a.pdf", sha256=wrong)
        raise AssertionError("taken with another SHA-256")
    except kt.Refused as e:
        equal((e.status, e.code), (400, "KT_EINVAL"))
        assert right in e.text and "不一致" in e.body["error"]["text_zh"], e.body
    up = kit.upload(w.clerk, data, "a.pdf", sha256=right.upper())
    equal(up["sha256"], right)
    args = {"record": made["record"], "field": "papers", "hash": up["hash"], "name": "a.pdf"}
    no = w.clerk.refused("record.attach", "KT_EINVAL", key="phone-1", sha256=wrong, **args)
    assert right in no.text, no.text
    first = w.clerk.ask("record.attach", key="phone-2", sha256=right, **args)["result"]
    again = w.clerk.ask("record.attach", key="phone-2", sha256=right, **args)["result"]
    equal(again, first, "the same key is the same attachment")
    got = w.clerk.get(f"/records/hazard/{made['record']}")["attachments"]
    equal([a["hash"] for a in got], [up["hash"]])


@case("an upload is what its bytes are; a picture tells its time and place; it is seen through its record")
def _():
    w = world()
    made = w.add(title="有照片")
    up = kit.upload(w.clerk, PHOTO, "evil.exe", taken=1767573000000, x=5, y=6)
    equal((up["type"], up["name"], up["size"]), ("image/jpeg", "evil.exe.jpg", len(PHOTO)))
    equal((up["meta"]["camera_time"], up["meta"]["width"], up["meta"]["taken"]), ("2026-11-22T08:30:00", 24, 1767573000000))
    w.clerk.ask("record.attach", record=made["record"], field="photos", hash=up["hash"], name="p.png", type="text/html",
                size=1)
    got = w.clerk.get(f"/records/hazard/{made['record']}")["attachments"]
    equal([(a["name"], a["type"], a["size"]) for a in got], [("p.png.jpg", "image/jpeg", len(PHOTO))])
    path = f"/attachments/{up['hash']}"
    data, headers = kit.fetch(w.clerk, path, record=made["record"])
    equal(data, PHOTO)
    equal((headers["Content-Type"], headers["X-Content-Type-Options"]), ("image/jpeg", "nosniff"))
    assert kit.fetch(w.clerk, path, record=made["record"], size="thumb")[0][:3] == b"\xff\xd8\xff"
    for who, query in ((w.heading, made["record"]), (w.stranger, made["record"]), (w.clerk, made["record"] + 1)):
        equal(who.call("GET", path, record=query)[0], 404)
    equal(w.clerk.call("GET", path)[0], 404, "without a record")


@case("hostile uploads: broken pictures, programs, too many points; and nobody attaches what they did not send")
def _():
    w = world()
    made = w.add(title="附件检查")
    big = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60000).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0" + b"x" * 40
    for data in (b"\xff\xd8\xff\xe0" + b"x" * 100, b"\x7fELF" + bytes(100), big, b"", PHOTO[:300], b"MZ\0\0" + bytes(64)):
        try:
            kit.upload(w.clerk, data)
            raise AssertionError(f"taken: {data[:20]}")
        except kt.Refused as e:
            assert e.status in (400, 413, 501) and e.text, e
    page = kit.upload(w.clerk, b"<script>alert(1)</script>", "x.html")
    equal((page["type"], page["name"]), ("text/plain; charset=utf-8", "x.html.txt"))
    mine = kit.upload(w.clerk, b"%PDF-1.4 only mine", "m.pdf")
    w.heading.refused("record.attach", "KT_ENOTFOUND", record=made["record"], field="papers", hash=mine["hash"])
    w.clerk.refused("record.attach", record=made["record"], field="papers", hash=page["hash"], name="x.pdf")
    w.clerk.refused("record.attach", "KT_ENOTFOUND", record=made["record"], field="papers", hash="0" * 64)
    w.clerk.ask("record.attach", record=made["record"], field="papers", hash=mine["hash"])


@case("an upload that no record took within a day goes; one that a record has stays")
def _():
    w = world()
    made = w.add(title="留下的")
    lost, kept = kit.upload(w.clerk, b"%PDF-1.4 lost"), kit.upload(w.clerk, b"%PDF-1.4 kept")
    w.clerk.ask("record.attach", record=made["record"], field="papers", hash=kept["hash"], name="k.pdf")
    data = w.site.dir / "data"

    def body(u):
        return data / "bodies" / u["hash"][:2] / u["hash"]
    assert body(lost).exists() and body(kept).exists()
    old = time.time() - 2 * 86400
    for note in (data / "staged").iterdir():
        os.utime(note, (old, old))
    w.program.stop()
    w.program.start()
    w.clerk = w.program.login(w.clerk.name, w.clerk.password)
    kit.upload(w.clerk, b"%PDF-1.4 another")
    assert not body(lost).exists() and body(kept).exists()
    for name in ("reader", "heading", "stranger"):
        old_client = getattr(w, name)
        setattr(w, name, w.program.login(old_client.name, old_client.password))


# ---- who may, and two at once --------------------------------------------------------------------

@case("what one may not see is not there: lists, records, exports, search; what one may not do is refused")
def _():
    w = world()
    secret = w.add(title="只在工作面", depth=99, fine=77.25)
    path = f"/records/hazard/{secret['record']}"
    for who in (w.heading, w.stranger):
        for tail in ("", "/history", "/documents/notice"):
            equal(who.call("GET", path + tail)[0], 404, path + tail)
    equal(w.stranger.get("/registers")["registers"], [])
    for tail in ("", "/export", "/map", "/duplicates", "/template"):
        equal(w.stranger.call("GET", "/records/hazard" + tail)[0], 404, tail)
        assert "只在工作面" not in str(w.heading.call("GET", "/records/hazard" + tail)[1]), tail
    assert "只在工作面" not in str(w.heading.call("GET", "/search", q="工作面")[1])
    for form in ("csv", "geojson"):
        text = kit.fetch(w.reader, "/records/hazard/export", format=form)[0].decode("utf-8-sig")
        assert "只在工作面" in text and "罚款" not in text and "77.25" not in text, "a field with a right of its own"
    table = kit.csv_bytes([["名称", "地点"], ["x", "P1-face"]])
    for who, status in ((w.reader, 403), (w.stranger, 404)):
        equal(who.raw("POST", "/api/v1/records/hazard/import", table)[0], status)
    equal(fates(kit.look(w.heading, "hazard", table)), ["error"])
    job = kit.look(w.clerk, "hazard", table)
    equal(w.heading.call("GET", f"/jobs/{job['job']}")[0], 404, "another person's table")
    equal(w.heading.call("POST", f"/records/hazard/import/{job['job']}", {})[0], 404)
    job = kit.look(w.heading, "hazard", kit.csv_bytes([["编号", "名称", "地点"], [secret["key"], "unter", "H1-heading"]]))
    assert job["rows"][0]["fate"] != "change", "a record of another place is not found by its key"


@case("two writers: the second is told what has changed, and nothing of theirs is lost")
def _():
    w = world()
    made = w.add(title="两人同改", depth=1)
    one = w.clerk.ask("record.set", record=made["record"], version=made["version"], fields={"depth": 2})
    assert one["result"]["version"] > made["version"]
    status, got, _ = w.clerk.call("POST", "/requests", {"verb": "record.set", "args": {
        "record": made["record"], "version": made["version"], "fields": {"depth": 3}}})
    equal((status, got["error"]["code"]), (409, "KT_ECONFLICT"))
    assert "u.clerk" in json.dumps(got) and got["error"].get("text_zh"), got
    equal(w.clerk.get(f"/records/hazard/{made['record']}")["fields"]["depth"], 2)
    job = kit.look(w.clerk, "hazard", kit.csv_bytes([["编号", "深度"], [made["key"], "8"]]))
    w.clerk.ask("record.set", record=made["record"], version=one["result"]["version"], fields={"depth": 5})
    try:
        kit.write(w.clerk, "hazard", job)
        raise AssertionError("an import wrote over a change that came in between")
    except kt.Refused as e:
        equal(e.code, "KT_ECONFLICT")


@case("10 000 rows: shown, written, exported, and read again as the same")
def _():
    w = world()
    rows = [["编号", "名称", "等级", "深度", "发现日期", "地点"]]
    rows += [[f"N-{i}", f"大批量 {i}", "重大" if i % 2 else "一般", f"{i % 2000}.5", "2026-02-01", "P1-face"]
             for i in range(10000)]
    start = time.monotonic()
    job = kit.look(w.clerk, "hazard", kit.csv_bytes(rows))
    looked = time.monotonic()
    equal(job["counts"]["create"], 10000, job["counts"])
    equal(kit.write(w.clerk, "hazard", job)["created"], 10000)
    kt.note(f"dry run {looked - start:.2f} s, write {time.monotonic() - looked:.2f} s")
    mark = time.monotonic()
    data, _ = kit.fetch(w.clerk, "/records/hazard/export", format="xlsx")
    kt.note(f"export {time.monotonic() - mark:.2f} s, {len(data)} bytes")
    job = kit.look(w.clerk, "hazard", data)
    equal(job["counts"]["same"], w.clerk.get("/records/hazard")["total"], job["counts"])


def pages(c, **query):
    """A list from its first page to its last one, and what the pages say of the total."""
    items, totals, cursor = [], set(), None
    while True:
        got = c.get("/records/hazard", limit=1000, **query, **({"cursor": cursor} if cursor else {}))
        items += got["items"]
        totals.add((got["total"], got.get("more", False)))
        cursor = got["next"]
        if not cursor:
            return items, totals


def order(item, name):
    """Nulls are the smallest."""
    v = item["changed"] if name == "_changed" else item["fields"].get(name)
    return (v is not None, "" if v is None else v)


@case("many records: each order and filter pages through the same rows, once each, in order")
def _():
    c = world().clerk
    every, totals = pages(c, sort="_id")
    assert len(every) > 10000, len(every)
    equal(totals, {(len(every), False)}, "of a whole register the total is told")
    asks = ((None, lambda f: True), ([["depth", ">=", 0]], lambda f: f.get("depth") is not None),
            ([["level", "=", "major"], ["depth", ">", 1000]], lambda f: f.get("level") == "major" and (f.get("depth") or 0) > 1000),
            ([["title", "has", "77"]], lambda f: "77" in f["title"]), ([["no", "=", 5]], lambda f: f["no"] == "5"))
    for clauses, holds in asks:
        want = [x for x in every if holds(x["fields"])]
        for sort in ("depth", "-depth", "-level", "-_changed", "title", "-level,depth"):
            down = sort.startswith("-", sort.rfind(",") + 1)
            got, totals = pages(c, sort=sort, **({"filter": json.dumps(clauses)} if clauses else {}))
            wanted = sorted(want, key=lambda x: x["id"], reverse=down)
            for part in reversed(sort.split(",")):
                wanted.sort(key=lambda x, n=part.lstrip("-"): order(x, n), reverse=part.startswith("-"))
            equal([x["id"] for x in got] == [x["id"] for x in wanted], True, (clauses, sort, len(got), len(wanted)))
            for at in (0, len(want) // 2, max(0, len(want) - 50), len(want) + 10):
                window = c.get("/records/hazard", limit=100, offset=at, sort=sort,
                               **({"filter": json.dumps(clauses)} if clauses else {}))
                equal([x["id"] for x in window["items"]], [x["id"] for x in wanted[at:at + 100]], (clauses, sort, at))
            more = clauses is not None and len(want) > 10000
            equal(totals, {(10000 if more else len(want), more)}, (clauses, sort))
    for q, holds in (("大批量 77", lambda t: t.startswith("大批量 77")), ("大批量", lambda t: "大批量" in t)):
        got, _ = pages(c, q=q, sort="-depth")
        equal({x["id"] for x in got}, {x["id"] for x in every if holds(x["fields"]["title"])}, q)
        equal(len(got), len({x["id"] for x in got}), "a row stands twice")


@case("a record names those that it refers to, and those that refer to it")
def _():
    w = world()
    key = w.add(title="有所属的", project=w.clerk.get("/records/project")["items"][0]["id"])["record"]
    got = w.clerk.get(f"/records/hazard/{key}")
    project = got["refs"]["project"]
    equal({"register", "id", "key", "label"} - set(project), set(), project)
    back = w.clerk.get(f"/records/project/{project['id']}")["referrers"]
    mine = [x for x in back if x["id"] == key]
    equal([(x["register"], x["field"]) for x in mine], [("hazard", "project")], back)
    equal({"key", "label"} - set(mine[0]), set(), mine)
    equal((type(got["conflicts"]), type(got["facts"]), type(got["attachments"])), (int, list, list))


def send(client, register, data):
    status, raw, _ = client.raw("POST", f"/api/v1/records/{register}/import?name=long", data)
    assert status == 202, raw
    return json.loads(raw)["job"]


@case("a GeoPackage has the features with their shapes, as its standard wants them")
def _():
    import sqlite3
    import struct
    w = world()
    a = w.add(title="有点的", spot={"type": "Point", "coordinates": [1.5, -2.25]}, depth=3.5, found="2026-05-01")
    b = w.add(title="有面的", spot={"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 0]]]})
    data, head = kit.fetch(w.clerk, "/records/hazard/export", format="gpkg",
                           filter=urllib.parse.quote(json.dumps([["title", "in", ["有点的", "有面的"]]])))
    path = kt.temp_dir() / "h.gpkg"
    path.write_bytes(data)
    db = sqlite3.connect(path)
    equal([db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version", "integrity_check")],
          [0x47504B47, 10300, "ok"])
    equal(db.execute("SELECT table_name, data_type, srs_id FROM gpkg_contents").fetchall(), [("hazard", "features", -1)])
    changed = db.execute("SELECT last_change FROM gpkg_contents").fetchone()[0]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", changed), changed
    equal(db.execute("SELECT * FROM gpkg_geometry_columns").fetchall(), [("hazard", "geom", "GEOMETRY", -1, 0, 0)])
    rows = {r[0]: r[1:] for r in db.execute("SELECT fid, geom, title, depth, found FROM hazard")}
    assert len(rows) == 2, rows
    shape, *rest = rows[a["record"]]
    equal(rest, ["有点的", 3.5, "2026-05-01"])
    equal(shape, b"GP\0\1" + struct.pack("<iBIdd", -1, 1, 1, 1.5, -2.25))
    shape = rows[b["record"]][0]
    equal(shape[8:], struct.pack("<BIII", 1, 3, 1, 4) + struct.pack("<8d", 0, 0, 4, 0, 4, 4, 0, 0))
    assert "geopackage" in head["Content-Type"], head
    equal(w.clerk.call("GET", "/records/project/export", format="gpkg")[0], 400, "no place on a map")


@case("an export whose client has gone is not made to its end")
def _():
    w = world()
    for fmt in ("csv", "xlsx", "geojson", "gpkg", "pdf"):
        mark = len(w.program.lines)
        c = w.clerk.connection()
        c.request("GET", f"/api/v1/records/hazard/export?format={fmt}", headers=w.clerk.request_headers())
        c.sock.close()
        w.program.wait_line("export of hazard ended: nobody waits for it", after=mark)
    assert kit.fetch(w.clerk, "/records/hazard/export", format="csv")[0]


@case("an import is cancelled while it runs, its reading child too, and while it waits to be written: nothing is written")
def _():
    w = world()
    clerk, total = w.clerk, lambda: w.clerk.get("/records/project", limit=1)["total"]
    before = total()
    rows = [["项目编号", "项目名称"]] + [[f"Z-{i}", f"长长的名称 {i} " * 8] for i in range(45000)]
    for data in (kit.table_book(rows), kit.csv_bytes(rows)):
        job = send(clerk, "project", data)
        seen = [clerk.get(f"/jobs/{job}")["progress"]]
        kt.wait_for("the import to be under way", lambda: seen.append(clerk.get(f"/jobs/{job}")["progress"]) or seen[-1] > 0.02)
        equal(w.heading.call("DELETE", f"/jobs/{job}")[0], 404, "another person's")
        status, got, _ = clerk.call("DELETE", f"/jobs/{job}")
        equal((status, got["state"]), (200, "cancelled"))
        assert seen[-1] < 1, "it was over before it could be cancelled"
        clerk_refused = clerk.call("POST", f"/records/project/import/{job}", {})
        equal(clerk_refused[0], 409)
        kt.wait_for("its child to end", lambda: not [p for p in children(w.program.process.pid) if b"parse" in p])
    done = kit.look(clerk, "project", kit.csv_bytes(rows[:3]))
    equal(done["state"], "done")
    equal(clerk.call("DELETE", f"/jobs/{done['job']}")[1]["state"], "cancelled")
    equal(clerk.call("POST", f"/records/project/import/{done['job']}", {})[0], 409)
    equal(total(), before)
    again = kit.look(clerk, "project", kit.csv_bytes(rows[:3]))
    kit.write(clerk, "project", again)
    equal(clerk.call("DELETE", f"/jobs/{again['job']}")[0], 409, "it is written")
    equal(total(), before + 2)


def children(pid):
    """Command lines of the processes that this one has."""
    out = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            for child in open(f"/proc/{pid}/task/{task}/children").read().split():
                out.append(open(f"/proc/{child}/cmdline", "rb").read())
        except OSError:
            pass  # it has ended meanwhile
    return out


@case("kuangtu pack new makes a pack that passes, and its table imports")
def _():
    packs = kt.temp_dir() / "packs"
    import shutil
    shutil.copytree(kt.SOURCE / "packs", packs)
    kt.kuangtu("pack", "new", "lamp-room", "--to", packs)
    equal(kt.kuangtu("pack", "new", "lamp-room", "--to", packs, check=False).returncode, 1)
    equal(kt.kuangtu("pack", "new", "Bad Name", check=False).returncode, 2)
    site = kt.make_site([kt.point("T1", "ch4.face", "P1-face", link="push")], packs=("core", "gas", "lamp-room"))
    found = kt.kuangtu("check", site.dir, "--packs", packs).stdout
    assert "0 errors" in found, found


if __name__ == "__main__":
    sys.exit(kt.main())
