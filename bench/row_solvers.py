# SPDX-License-Identifier: Apache-2.0
"""Solvers by themselves: the airflow of a network, what is asked for already in memory; the ground above a face."""

import json
import math
import statistics
import subprocess
import tempfile
import time

from common import PROGRAM, TOOLS

GOALS_MS = {1000: 10, 10000: 200}


def solvers(_, book):
    book.part("Solvers")
    got = subprocess.run([str(TOOLS / "vent_bench")], check=True, capture_output=True, text=True).stdout
    for line in got.splitlines():
        nodes, branches, fans, median, worst, steps = line.split()
        goal = GOALS_MS.get(int(branches))
        book.row(f"airflow of {nodes} nodes, {branches} branches, {fans} fans",
                 f"{float(median):.2f} ms, worst {float(worst):.2f} ms, {steps} steps",
                 f"{goal} ms" if goal else "-", met=float(median) < goal if goal else None,
                 median_ms=float(median), worst_ms=float(worst), steps=int(steps))
    escape(book)
    subsidence(book)


def escape(book):
    """Ways out of everybody below, smoke and refuges considered, the network already in memory."""
    got = subprocess.run([str(TOOLS / "escape_bench")], check=True, capture_output=True, text=True).stdout.split()
    persons, ways, refuges = got[:3]
    median, worst = float(got[3]), float(got[4])
    book.row(f"ways out of {persons} persons, {ways} roadways, {refuges} refuges", f"{median:.1f} ms, worst {worst:.1f} ms", "50 ms",
             met=median < 50, median_ms=median, worst_ms=worst)


def subsidence(book):
    """A square kilometre at 10 m over a face of twelve corners: the whole program, file in, rows out."""
    ring = [[500 + 350 * math.cos(k * math.pi / 6), 500 + 200 * math.sin(k * math.pi / 6)] for k in range(12)]
    face = {"q": 0.75, "tan_beta": 2.0, "b": 0.3, "offset_m": 20, "depth_m": 300, "thickness_m": 3,
            "polygon": ring, "grid": {"x0": 0, "y0": 0, "x1": 1000, "y1": 1000, "step_m": 10}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(face, f)
        f.flush()
        took = []
        for _ in range(5):
            start = time.monotonic()
            rows = subprocess.run([str(PROGRAM), "subside", f.name, "--format", "csv"], check=True,
                                  capture_output=True, text=True).stdout.count("\n") - 1
            took.append((time.monotonic() - start) * 1000)
    median = statistics.median(took)
    book.row(f"sinking of the ground, 1 km² at 10 m ({rows} places)", f"{median:.0f} ms", "1000 ms",
             met=median < 1000, median_ms=median)
