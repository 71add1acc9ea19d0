# SPDX-License-Identifier: Apache-2.0
"""Solvers of the command line: what they answer to real files, and what they say of bad ones."""

import csv
import io
import json
import math
import re
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
    dead = folder / "dead.arff"  # the sensor never spoke: no figure is made of that
    dead.write_text(head + "?,1\n" * 900)
    refused(3, "dead.arff: no row has both", "forecast", "--train", good, "--test", dead, "--sensor", "a")
    line = kuangtu("gas", "forecast", "--train", good, "--test", good, "--sensor", "a").stdout
    assert line.startswith("rmse "), line


# ---- subside ---------------------------------------------------------------------------------------

def subside(face, *words):
    """Rows of the answer as dictionaries, and the answer."""
    path = kt.temp_dir() / "face.json"
    path.write_text(json.dumps(face))
    got = json.loads(kuangtu("subside", path, "--format", "json", *words).stdout)
    return [dict(zip(got["columns"], row)) for row in got["rows"]], got


FACE = {"q": 0.75, "tan_beta": 2.0, "b": 0.3, "offset_m": 30, "depth_m": 300, "thickness_m": 3.0,
        "polygon": [[-30, -30], [770, -30], [770, 170], [-30, 170]]}
WIDE = {**FACE, "polygon": [[-30, -9000], [9000, -9000], [9000, 9000], [-30, 9000]]}


@case("subside: the worked figures of a half-plane and of a rectangle, in every direction")
def _():
    if not kt.SHARED:
        raise kt.Skip("KT_SHARED is not set")
    known = json.loads((kt.SHARED / "vectors/subsidence.json").read_text())
    keys = {"W_mm": ("w_mm", 2250), "i_mm_per_m": ("i", 15), "K_mm_per_m2": ("k", 0.152),
            "U_mm": ("u_mm", 675), "eps_mm_per_m": ("e", 6.84)}

    def compare(face, want, phi):
        row = subside({**face, "points": [[want["x"], want.get("y", 0)]]}, "--direction", str(phi))[0][0]
        for key, (column, greatest) in keys.items():
            assert abs(row[column] - want[key]) <= 1e-4 * greatest, (want, column, row)

    for want in known["half_infinite"]:
        compare(WIDE, want, 0)
    for want in known["rect"]:
        compare(FACE, want, want["phi"])


def ramp(u, length, r=150.0):
    """C(u), C', C'' of a strip, as the closed form has them."""
    root = math.sqrt(math.pi) / r
    a, b = math.exp(-(root * u) ** 2), math.exp(-(root * (u - length)) ** 2)
    return ((math.erf(root * u) - math.erf(root * (u - length))) / 2, (a - b) / r,
            -2 * math.pi / r ** 3 * (u * a - (u - length) * b))


@case("subside: a grid over a rectangle is its closed form everywhere; a fill only makes it smaller")
def _():
    grid = {"x0": -430, "y0": -430, "x1": 1170, "y1": 570, "step_m": 40}
    fill = {"gap_m": 0.3, "compression": 0.1}
    rows, got = subside({**FACE, "backfill": fill, "grid": grid})
    equal((got["grid"]["nx"], got["grid"]["ny"], len(rows)), (41, 26, 41 * 26))
    w0 = 0.75 * (0.3 + 0.1 * 2.7) * 1000
    assert math.isclose(got["faces"][0]["w0_mm"], w0), got["faces"]
    want = []
    for row in rows:
        cx, cy = ramp(row["x"], 740), ramp(row["y"], 140)
        k = [w0 * cx[2] * cy[0], w0 * cx[1] * cy[1], w0 * cx[0] * cy[2]]
        i = [w0 * cx[1] * cy[0], w0 * cx[0] * cy[1]]
        want.append(dict(zip(got["columns"][2:], [w0 * cx[0] * cy[0], *i, *k, *[45 * v for v in i],
                                                  *[45 * v for v in k]])))
    for column in got["columns"][2:]:
        greatest = max(abs(w[column]) for w in want)
        worst = max(abs(w[column] - r[column]) for w, r in zip(want, rows))
        assert worst <= 1e-4 * greatest, f"{column}: {worst} of {greatest}"
    sink, bare = (got[k]["w_mm"]["value"] for k in ("greatest", "greatest_unfilled"))
    assert math.isclose(bare / sink, 2250 / w0, rel_tol=1e-9), (sink, bare)


@case("subside: on any outline tilt and curvature are the differences of the sink")
def _():
    outline = [[0, 0], [600, 50], [620, 300], [350, 280], [330, 500], [100, 520], [-40, 250]]
    h, places = 0.5, [[x, y] for x in range(-150, 750, 180) for y in range(-150, 650, 160)]
    points = [[x + dx * h, y + dy * h] for x, y in places for dx, dy in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
    rows = subside({**FACE, "offset_m": 12, "polygon": outline, "points": points})[0]
    for n in range(len(places)):
        at, east, west, north, south = rows[5 * n:5 * n + 5]
        for a, b, column, want, unit in ((east, west, "w_mm", "ix", 15), (north, south, "w_mm", "iy", 15),
                                         (east, west, "ix", "kxx", 0.152), (north, south, "iy", "kyy", 0.152),
                                         (east, west, "iy", "kxy", 0.152)):
            slope = (a[column] - b[column]) / (2 * h)
            assert abs(slope - at[want]) <= 1e-4 * unit, (at, want, slope)


@case("subside: mistakes are told with line and column; csv and table say the same as json")
def _():
    path = kt.temp_dir() / "face.json"
    path.write_text('{"q": 7.5, "tan_beta": 2, "b": 0.3, "depth_m": 300, "thickness_m": 3,\n'
                    ' "polygon": [[0, 0], [9, 0], [9, 9]]}')
    p = kuangtu("subside", path, check=False)
    equal((p.returncode, "face.json:1:7: q is 7.5" in p.stderr), (3, True), p.stderr)
    path.write_text('{"q": 0.7,,}')
    equal(kuangtu("subside", path, check=False).returncode, 3)
    equal(kuangtu("subside", check=False).returncode, 2)
    equal(kuangtu("subside", path, "--direction", "north", check=False).returncode, 2)
    path.write_text(json.dumps({**FACE, "points": [{"id": "A", "x": 370, "y": 70}, [0, 0]]}))
    table = list(csv.DictReader(io.StringIO(kuangtu("subside", path, "--format", "csv").stdout)))
    equal([r["id"] for r in table], ["A", ""])
    assert math.isclose(float(table[0]["w_mm"]), 1705.280352, abs_tol=1e-4), table
    assert re.search(r"^w_mm +1705 +370.0 +70.0 +1705", kuangtu("subside", path).stdout, re.M)


if __name__ == "__main__":
    sys.exit(kt.main())
