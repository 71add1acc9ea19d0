# SPDX-License-Identifier: Apache-2.0
"""What the tests of records share: a register with every kind of field, people, tables in and out."""

import csv
import io
import json
import subprocess
import zipfile

import kt

REGISTERS = {
    "registers": [
        {"id": "project", "title": {"zh": "项目", "en": "Projects"}, "group": {"zh": "演示", "en": "Demo"},
         "key": "no", "everywhere": True,
         "fields": [{"id": "no", "type": "text", "title": {"zh": "项目编号", "en": "Project no."}, "required": True},
                    {"id": "title", "type": "text", "title": {"zh": "项目名称", "en": "Project name"}}]},
        {"id": "hazard", "title": {"zh": "隐患", "en": "Hazards"}, "group": {"zh": "演示", "en": "Demo"},
         "key": "no", "label": "{no} {title}", "place": "place", "geometry": "spot", "unique": [["title", "found"]],
         "fields": [
             {"id": "no", "type": "text", "title": {"zh": "编号", "en": "No."}, "auto": "HZ-{year}-{n:4}", "max": 40},
             {"id": "title", "type": "text", "title": {"zh": "名称", "en": "Name"}, "required": True, "max": 60,
              "search": True},
             {"id": "name2", "type": "text2", "title": {"zh": "双语名称", "en": "Both names"}},
             {"id": "depth", "type": "number", "unit": "m", "min": 0, "max": 2000, "decimals": 1,
              "title": {"zh": "深度", "en": "Depth"}},
             {"id": "fine", "type": "money", "title": {"zh": "罚款", "en": "Fine"}, "read": "hazard.money",
              "write": "hazard.money"},
             {"id": "found", "type": "date", "title": {"zh": "发现日期", "en": "Found"}},
             {"id": "seen", "type": "time", "title": {"zh": "时刻", "en": "Moment"}},
             {"id": "urgent", "type": "bool", "title": {"zh": "紧急", "en": "Urgent"}},
             {"id": "level", "type": "enum", "title": {"zh": "等级", "en": "Level"},
              "values": [{"id": "major", "title": {"zh": "重大", "en": "Major"}},
                         {"id": "general", "title": {"zh": "一般", "en": "General"}}]},
             {"id": "project", "type": "ref", "to": "project", "title": {"zh": "所属项目", "en": "Project"}},
             {"id": "place", "type": "place", "title": {"zh": "地点", "en": "Place"}, "required": True},
             {"id": "who", "type": "person", "title": {"zh": "责任人", "en": "Responsible"}},
             {"id": "spot", "type": "geometry", "kinds": ["point", "polygon"],
              "title": {"zh": "位置", "en": "Position"}},
             {"id": "papers", "type": "file", "types": ["pdf", "xlsx"], "max_mb": 1,
              "title": {"zh": "附件", "en": "Papers"}},
             {"id": "photos", "type": "photo", "title": {"zh": "照片", "en": "Photos"}}]}],
    "documents": [
        {"id": "notice", "register": "hazard", "title": {"zh": "整改通知书", "en": "Notice"}, "page": "A4",
         "lines": ["# 整改通知书", "编号：{no}", "{table: title, level, depth, fine, place, seen}", "{photos}", "{history}",
                   "签收：____________"]}],
}

CLERK = ["view", "record.read", "record.write", "record.import", "hazard.money"]
PEOPLE = [{"id": "clerk", "places": ["mine"], "rights": CLERK},
          {"id": "reader", "places": ["mine"], "rights": ["view", "record.read"]},
          {"id": "heading", "places": ["H1"], "rights": CLERK},
          {"id": "stranger", "places": ["mine"], "rights": ["view"]}]


def make_site(**more):
    points = [kt.point("T1", "ch4.face", "P1-face", link="push"),
              kt.point("KG1", "switch.power", "P1-return", link="push", serves="P1-face")]
    site = kt.make_site(points[:1], people=PEOPLE, **more)
    site.write("registers/hazards.yaml", json.dumps(REGISTERS, ensure_ascii=False, indent=1))
    return site


def csv_bytes(rows, encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def read_csv(data):
    assert data[:3] == b"\xef\xbb\xbf", "a byte order mark is first, or table programs misread it"
    return list(csv.reader(io.StringIO(data[3:].decode("utf-8"), newline="")))


def read_xlsx(data):
    """The rows of the first sheet, as the program's own reader has them."""
    path = kt.temp_dir() / "read.xlsx"
    path.write_bytes(data)
    got = json.loads(subprocess.run([kt.BIN, "parse", "xlsx", str(path)], check=True,
                                    stdout=subprocess.PIPE).stdout)
    return got


def zip_bytes(files, level=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as z:
        for name, text in files.items():
            z.writestr(name, text)
    return out.getvalue()


BOOK = {"[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels":
            '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="s.xml"/></Relationships>'}


def book(sheet, **more):
    """A workbook of one sheet, whose XML is given."""
    return zip_bytes({**BOOK, "xl/s.xml": sheet, **more})


def table_book(rows):
    cells = "".join("<row>" + "".join(f'<c t="str"><v>{c}</v></c>' for c in row) + "</row>" for row in rows)
    return book(f"<worksheet><sheetData>{cells}</sheetData></worksheet>")


def look(client, register, data, limit=None, **query):
    """Send a table; answers the finished job."""
    query = "&".join(f"{k}={v}" for k, v in {"name": "t", **query}.items())
    status, raw, _ = client.raw("POST", f"/api/v1/records/{register}/import?{query}", data)
    got = json.loads(raw)
    if status != 202:
        raise kt.Refused(status, got)

    def ended():
        job = client.get(f"/jobs/{got['job']}")
        return job if job["state"] != "running" else None
    return kt.wait_for("the dry run", ended, limit)


def write(client, register, job):
    return client.post(f"/records/{register}/import/{job['job']}")["result"]


def bring(client, register, data, **query):
    """Look and write; answers the counts of what was written."""
    job = look(client, register, data, **query)
    assert job["state"] == "done", job
    bad = [r for r in job["rows"] if r["fate"] == "error"]
    assert not bad, bad[:3]
    return write(client, register, job)


def fetch(client, path, **query):
    """A file: its bytes; Refused otherwise."""
    query = "&".join(f"{k}={v}" for k, v in query.items())
    status, raw, headers = client.raw("GET", f"/api/v1{path}?{query}")
    if status != 200:
        raise kt.Refused(status, json.loads(raw) if raw[:1] == b"{" else raw)
    return raw, headers


def upload(client, data, name="a.jpg", **query):
    query = "&".join(f"{k}={v}" for k, v in {"name": name, **query}.items())
    status, raw, _ = client.raw("POST", f"/api/v1/attachments?{query}", data)
    got = json.loads(raw)
    if status != 200:
        raise kt.Refused(status, got)
    return got
