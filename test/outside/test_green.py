# SPDX-License-Identifier: Apache-2.0
"""kuangtu green: what the green-mining plan lays on mines of a table."""

import json
import sys

import kt
from kt import case, equal, kuangtu

HEAD = "矿井名称,能力,gas_class,服务年限,新建矿井,aquifer_above,Thickness of the thinnest seam mined\n"


def table(text, encoding="utf-8"):
    path = kt.temp_dir() / "mines.csv"
    path.write_bytes(text.encode(encoding))
    return path


def advise(path):
    return json.loads(kuangtu("green", "advise", path, "--format", "json").stdout)


def of(mine, rule):
    return next(a for a in mine["advice"] if a["rule"] == rule)


@case("one object a mine, in the order of the table, a verdict for every clause of the plan")
def _():
    mines = advise(table(HEAD + "甲矿,120,突出,8,否,,3.5\n乙矿,119.99,高瓦斯,9.9,no,否,3.51\n\n丙矿\n"))
    equal([(m["mine"], m["row"]) for m in mines], [("甲矿", 2), ("乙矿", 3), ("丙矿", 5)])
    rules = [a["rule"] for a in mines[0]["advice"]]
    equal((len(rules), len(set(rules)), rules[0], rules[-1]), (33, 33, "R1.1", "G6"))
    for mine in mines:
        for a in mine["advice"]:
            assert a["holds"] in ("yes", "no", "unknown") and a["text"], a
            equal(a["holds"] == "unknown", bool(a["missing"]), a["rule"])
    first, second, third = mines
    must = of(first, "R3.1")
    equal((must["holds"], must["modality"], must["word"], must["technique"]),
          ("yes", "must", "必须", "coextraction"))
    equal(of(first, "R2.4")["holds"], "yes", "at exactly 120")
    equal((of(second, "R2.4")["holds"], of(second, "R2.4")["missing"]), ("unknown", ["fit_green"]))
    equal((of(second, "R3.4")["holds"], of(second, "R3.4")["missing"]), ("unknown", ["confined_water"]))
    equal([of(m, "R3.6")["holds"] for m in mines], ["yes", "no", "unknown"])
    equal(of(third, "R3.1")["missing"], ["gas_class"])
    equal(of(third, "R7.5")["modality"], "forbidden")


@case("a table as Excel writes it in China, and csv out")
def _():
    path = table(HEAD + "甲矿,120,突出,8,否,,3.5\n", "gbk")
    equal(of(advise(path)[0], "R3.1")["holds"], "yes")
    lines = kuangtu("green", "advise", path, "--format", "csv").stdout.splitlines()
    equal((lines[0].split(",")[:6], len(lines)),
          (["mine", "row", "rule", "modality", "technique", "holds"], 34))


@case("rows with mistakes are named and nothing is judged")
def _():
    p = kuangtu("green", "advise", table(HEAD + "甲矿,many,突出,8,否,,3.5\n乙矿,1,浓,8,否,,3.5\n"), check=False)
    equal((p.returncode, p.stdout), (3, ""))
    assert "mines.csv:2: " in p.stderr and "mines.csv:3: " in p.stderr, p.stderr
    p = kuangtu("green", "advise", table("矿名称,能力\n甲,1\n"), check=False)
    equal(p.returncode, 3)
    assert "矿名称" in p.stderr, p.stderr
    equal(kuangtu("green", "advise", "/nowhere.csv", check=False).returncode, 1)
    equal(kuangtu("green", "advice", "x", check=False).returncode, 2)


if __name__ == "__main__":
    sys.exit(kt.main())
