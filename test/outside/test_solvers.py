# SPDX-License-Identifier: Apache-2.0
"""Solvers of the command line: what they answer to real files, and what they say of bad ones."""

import csv
import io
import json
import math
import sys

import kt
from kt import case, equal, kuangtu, once


@once
def longwall():
    """The recorded longwall, cut in order of time: (A, B, rows of B, of the attributes)."""
    if not kt.SHARED:
        raise kt.Skip("KT_SHARED is not set")
    path = kt.SHARED / "data/mine-sensors/pl_longwall_methane_train.arff"
    if not path.exists():
        raise kt.Skip(f"{path.name} is not among the shared data")
    head, _, body = path.read_text().partition("@DATA\n")
    rows = [line for line in body.splitlines() if line]
    cut = len(rows) * 7 // 10
    names = [line.split()[1].strip("'") for line in head.splitlines() if line.startswith("@ATTRIBUTE")]
    folder = kt.temp_dir()
    for name, part in (("A.arff", rows[:cut]), ("B.arff", rows[cut:])):
        (folder / name).write_text(head + "@DATA\n" + "\n".join(part) + "\n")
    return folder / "A.arff", folder / "B.arff", [dict(zip(names, map(float, r.split(",")))) for r in rows[cut:]]


@case("gas forecast: one line, better than persistence and four lags, the same when asked again")
def _():
    a, b, rows = longwall()
    line = kuangtu("gas", "forecast", "--train", a, "--test", b).stdout
    word, figure = line.split()
    equal((word, line.count("\n")), ("rmse", 1))
    assert float(figure) <= 0.055, line
    equal(kuangtu("gas", "forecast", "--train", a, "--test", b).stdout, line)
    got = json.loads(kuangtu("gas", "forecast", "--train", a, "--test", b, "--format", "json").stdout)
    still = math.sqrt(sum((r["MM116"] - r["MM116_pred"]) ** 2 for r in rows) / len(rows))
    assert math.isclose(got["persistence"], still, rel_tol=1e-9), got
    assert not [i for i in got["inputs"] if i["attribute"] == "MM116_pred"]
    assert 0.85 < got["band"]["inside"] < 0.95, got["band"]


@case("gas forecast: each row is forecast from rows before it alone, and the figure is that of the rows")
def _():
    a, b, rows = longwall()
    table = list(csv.DictReader(io.StringIO(
        kuangtu("gas", "forecast", "--train", a, "--test", b, "--format", "csv").stdout)))
    equal(len(table), len(rows))
    square = sum((float(t["forecast"]) - r["MM116_pred"]) ** 2 for t, r in zip(table, rows)) / len(rows)
    figure = kuangtu("gas", "forecast", "--train", a, "--test", b).stdout.split()[1]
    assert abs(math.sqrt(square) - float(figure)) < 2e-4, figure
    assert all(float(t["low"]) < float(t["forecast"]) < float(t["high"]) for t in table)
    head, _, body = b.read_text().partition("@DATA\n")
    short = b.with_name("short.arff")  # the answers are gone, and all that follows
    short.write_text(head + "@DATA\n" + "".join(line.rpartition(",")[0] + ",?\n" for line in body.splitlines()[:500]))
    again = list(csv.DictReader(io.StringIO(
        kuangtu("gas", "forecast", "--train", a, "--test", short, "--format", "csv").stdout)))
    equal([t["forecast"] for t in again], [t["forecast"] for t in table[:500]])


@case("gas forecast: what is missing or wrong is named")
def _():
    folder = kt.temp_dir()
    good = folder / "good.arff"
    head = "@RELATION m\n@ATTRIBUTE a real\n@ATTRIBUTE b real\n@DATA\n"
    good.write_text(head + "".join(f"{i % 17},{i % 5}\n" for i in range(900)))
    bad = folder / "bad.arff"
    bad.write_text(head + "1,2\n1,x\n")

    def refused(code, text, *words):
        p = kuangtu("gas", *words, check=False)
        equal(p.returncode, code, p.stderr)
        assert text in p.stderr, p.stderr

    refused(2, "usage: kuangtu gas")
    refused(2, "--train A.arff", "forecast", "--train", good)
    refused(3, "bad.arff:6:3: \"x\" of b is no number", "forecast", "--train", good, "--test", bad)
    refused(3, "name an attribute with --sensor", "forecast", "--train", good, "--test", good)
    refused(3, "no attribute \"c\"", "forecast", "--train", good, "--test", good, "--sensor", "c")
    refused(3, "--horizon", "forecast", "--train", good, "--test", good, "--sensor", "a", "--horizon", "0")
    refused(1, "nowhere.arff", "forecast", "--train", folder / "nowhere.arff", "--test", good)
    line = kuangtu("gas", "forecast", "--train", good, "--test", good, "--sensor", "a").stdout
    assert line.startswith("rmse "), line


if __name__ == "__main__":
    sys.exit(kt.main())
