#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site of N pushed analog points (P00000 …), each with one alarm rule active, for benches.

  make_site.py FOLDER N
"""

import sys
from pathlib import Path

COLUMNS = "id,name,name_en,kind,unit,role,place,range_lo,range_hi,resolution,link,address,feed,serves,x,y"
RULE = """rules:
  - id: bench.high
    title: {zh: 高水位, en: Level high}
    select: {role: water.level}
    raise: self >= 3.5 m
    priority: 3
    statutory: false
    category: process
    cause: {zh: 水位高, en: The level is high}
    consequence: {zh: 无, en: None}
    action: {zh: 查看, en: Look}
    within: 10min
"""


def write(folder, listen, token, rows, links="", places=(), packs="core"):
    """The folder of a site with these rows of points.csv and more links and places; answers the token."""
    site = Path(folder)
    (site / "secrets").mkdir(parents=True, exist_ok=True)
    (site / "secrets/bench.token").write_text(token)
    (site / "secrets/bench.token").chmod(0o600)
    (site / "site.yaml").write_text(f"""id: bench
name: {{zh: 测速（演示）, en: Bench (demo)}}
simulation: true
mine_code: "000000000000"
gas_class: high
utc_offset: "+08:00"
crs: {{epsg: 4547, name: local}}
packs: [{packs}]
shifts: [{{id: day, name: {{zh: 早班, en: Day}}, start: "00:00"}}]
report_day: "00:00"
listen: {{http: "{listen}"}}
storage: {{journal_days: 7, segment_mb: 64, reserve_mb: 16, history_days: {{key: 730, normal: 365, short: 31}}}}
links:
  - {{id: push, kind: push, producers: [{{id: bench, token_file: secrets/bench.token, points: ["*"]}}]}}
{links}people:
  - {{id: dispatcher, name: {{zh: 调度员, en: Dispatcher}}, rights: [view, history.read, export, alarm.ack, report.read], places: [mine]}}
""")
    (site / "places.csv").write_text("\n".join(
        ["id,parent,kind,name,name_en,x,y,air_to,length_m", "mine,,mine,测速矿,Bench mine,,,,",
         "mr,mine,main-return,总回风巷,Main return,,,,", *places]) + "\n")
    width = COLUMNS.count(",")
    (site / "points.csv").write_text("\n".join(
        [COLUMNS] + [r + "," * (width - r.count(",")) for r in rows]) + "\n")
    (site / "rules").mkdir(exist_ok=True)
    (site / "rules/bench.yaml").write_text(RULE)
    return token


def make(folder, points, listen="127.0.0.1:18090", token="bench-token-0123456789", more=(), at=None, **rest):
    """`more`: rows of other points; `at`: function of i to (x, y)."""
    rows = [f"P{i:05d},测点{i},Point {i},analog,m,water.level,mr,0,4,0.01,push" for i in range(points)]
    if at:
        rows = [f"{r},,,,{at(i)[0]},{at(i)[1]}" for i, r in enumerate(rows)]
    return write(folder, listen, token, rows + list(more), **rest)


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]))
