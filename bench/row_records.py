# SPDX-License-Identifier: Apache-2.0
"""Records through HTTP, as a clerk has them: an import of 10 000 rows, and lists of 100 000."""

import json
import os
import sys
import time
from pathlib import Path

from common import ROOT, cpu_seconds, quantile

FILTER = json.dumps([["level", "=", "major"], ["depth", ">", 1000]])
PAST = (("newest 100", {}), ("filtered and sorted", {"filter": FILTER, "sort": "-depth"}),
        ("full text", {"q": "第 777"}))
LISTS = (("newest 100", {}), ("filtered and sorted", {"filter": FILTER, "sort": "-depth"}),
         ("full text", {"q": "第 777"}), ("the next 1000", None))


def kit():
    """The clients and tables of the tests from outside."""
    os.environ.setdefault("KT_SOURCE", str(ROOT))
    sys.path.insert(0, str(Path(ROOT) / "test/outside"))
    import kt
    import records_kit
    return kt, records_kit


def table(first, n):
    rows = [["编号", "名称", "等级", "深度", "发现日期", "地点"]]
    for i in range(first, first + n):
        rows.append([f"N-{i:06d}", f"隐患 第 {i} 号", "重大" if i % 3 else "一般", f"{i % 2000}.5",
                     f"2026-{1 + i % 12:02d}-{1 + i % 28:02d}", ("P1-face", "H1-heading")[i % 2]])
    return rows


def timed(program, fn):
    """What it answers, wall seconds, CPU seconds of the program."""
    cpu, start = cpu_seconds(program.process.pid), time.perf_counter()
    got = fn()
    return got, time.perf_counter() - start, cpu_seconds(program.process.pid) - cpu


def imports(program, clerk, room, book):
    data = room.csv_bytes(table(0, 10000))
    job, wall, cpu = timed(program, lambda: room.look(clerk, "hazard", data))
    book.row("dry run of 10 000 rows", f"{wall:.2f} s, CPU {cpu:.2f} s", "3 s", met=wall < 3)
    _, wall, cpu = timed(program, lambda: room.write(clerk, "hazard", job))
    book.row("writing 10 000 rows", f"{wall:.2f} s, CPU {cpu:.2f} s", "3 s", met=wall < 3)
    for form in ("csv", "xlsx"):
        got, wall, cpu = timed(program, lambda f=form: room.fetch(clerk, "/records/hazard/export", format=f))
        book.row(f"10 000 rows as {form}", f"{wall:.2f} s, CPU {cpu:.2f} s, {len(got[0]) >> 10} KiB")


def lists(clerk, book, times, n, then):
    """@param then  a moment at which half of them were there"""
    cursor = clerk.get("/records/hazard", limit=1000)["next"]
    for what, query in LISTS:
        took = []
        for _ in range(times):
            start = time.perf_counter()
            got = clerk.get("/records/hazard", **(query if query is not None else {"cursor": cursor, "limit": 1000}))
            took.append((time.perf_counter() - start) * 1e3)
            assert got["items"], what
        half = quantile(took, 0.5)
        book.row(f"{n:,} records: {what}", f"{half:.1f} ms", "100 ms", met=half < 100)
    for what, query in PAST:
        took = []
        for _ in range(times):
            start = time.perf_counter()
            got = clerk.get("/records/hazard", at=then, known=then, **query)
            took.append((time.perf_counter() - start) * 1e3)
            assert got["items"], what
        book.row(f"{n:,} records as they stood: {what}", f"{quantile(took, 0.5):.1f} ms", "100 ms",
                 met=quantile(took, 0.5) < 100)
    took = []
    for _ in range(times):
        start = time.perf_counter()
        clerk.get("/search", q="第 4321 号")
        took.append((time.perf_counter() - start) * 1e3)
    book.row(f"{n:,} records: search across registers", f"{quantile(took, 0.5):.1f} ms", "100 ms",
             met=quantile(took, 0.5) < 100)


def records(o, book):
    kt, room = kit()
    n = 20000 if o.quick else 100000
    book.part("Records", "One person's HTTP calls, answers read; wall time and the program's CPU seconds.")
    program = kt.Program(room.make_site())
    try:
        clerk = program.user("u.clerk", "clerk")
        imports(program, clerk, room, book)
        half = 0
        for first in range(10000, n, 10000):
            half = half or (kt.now_ms() if first > n // 2 else 0)
            room.bring(clerk, "hazard", room.csv_bytes(table(first, 10000)))
        lists(clerk, book, 3 if o.quick else 9, n, half or kt.now_ms())
    finally:
        program.stop()
        kt.clean_up()
