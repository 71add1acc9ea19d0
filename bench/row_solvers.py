# SPDX-License-Identifier: Apache-2.0
"""Solvers by themselves: the airflow of a network, what is asked for already in memory."""

import subprocess

from common import TOOLS

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
