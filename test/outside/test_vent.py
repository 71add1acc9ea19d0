# SPDX-License-Identifier: Apache-2.0
"""Airflow from the command line: what is printed, in which order, and what a bad network is told."""

import csv
import io
import json
import math
import sys

import kt
from kt import case, equal, kuangtu

HEAD = "edge_id,name,from,to,r_N_s2_m8,adjust_r,is_fan,a0_Pa,a1_Pa_s_m3,a2_Pa_s2_m6\n"
PLAIN = "0.0,0,0.0,0.0,0.0"


def network(text):
    path = kt.temp_dir() / "network.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def solved(path, *args):
    rows = csv.DictReader(io.StringIO(kuangtu("vent", "solve", path, *args).stdout))
    return [(r["edge_id"], float(r["q_m3_s"]), float(r["h_Pa"])) for r in rows]


@case("a total flow parts as the resistances say; rows come in the order of the file, as CSV and JSON")
def _():
    path = network(f"b9,回风,n2,n3,1.0,{PLAIN}\nb1,运输,n2,n3,3.0,1.0,0,0,0,0\na,井筒,n1,n2,0.5,{PLAIN}\n")
    got = solved(path, "--total-flow", 30)
    equal([r[0] for r in got], ["b9", "b1", "a"])
    for (_, q, h), (want_q, want_h) in zip(got, ((20, 400), (10, 400), (30, 450))):
        assert math.isclose(q, want_q, abs_tol=1e-6) and math.isclose(h, want_h, abs_tol=1e-3), got
    p = kuangtu("vent", "solve", path, "--total-flow", "30", "--format", "json")
    equal([(r["edge_id"], r["q_m3_s"], r["h_Pa"]) for r in json.loads(p.stdout)], got)


@case("without a total flow the fan drives; where its curve has another operating point that is said")
def _():
    path = network(f"1,扇风机,1,2,0.05,0.0,1,200.0,30.0,-0.5\n2,r,2,3,0.1,{PLAIN}\n")
    q = (30 + math.sqrt(900 + 4 * 0.65 * 200)) / 1.3
    for _, got, _ in solved(path):
        assert math.isclose(got, q, abs_tol=1e-6), (got, q)
    assert "another operating point of fan 1" in kuangtu("vent", "solve", path).stderr


@case("a node that is cut off and a fan that stalls are named, with exit code 1")
def _():
    path = network(f"1,a,1,2,0.5,{PLAIN}\n2,b,7,8,0.5,{PLAIN}\n3,c,8,7,0.5,{PLAIN}\n")
    p = kuangtu("vent", "solve", path, "--total-flow", 5, check=False)
    equal((p.returncode, p.stdout), (1, ""))
    assert "node 7 is cut off" in p.stderr, p.stderr
    path = network(f"r,a,1,2,0.8,{PLAIN}\nbig,b,2,3,0.02,0,1,2000,0,-0.2\nweak,c,2,3,0.02,0,1,200,0,-0.2\n")
    p = kuangtu("vent", "solve", path, check=False)
    equal((p.returncode, p.stdout), (1, ""))
    assert "fan weak stalls" in p.stderr, p.stderr
    path = network("strong,a,1,2,0.5,0,1,2000,0,-0.1\nweak,b,2,3,0.5,0,1,100,0,-0.5\n")
    p = kuangtu("vent", "solve", path)
    assert "fan weak helps nothing" in p.stderr and "strong helps" not in p.stderr, p.stderr


@case("what if the fan is reversed: before and after side by side, and when smoke would come")
def _():
    path = network(f"intake,a,1,2,0.3,{PLAIN}\nface,b,2,3,0.3,{PLAIN}\nfan,c,3,4,0.1,0,1,700,0,0\n")
    roads = path.with_name("roads.csv")
    roads.write_text("edge_id,length_m,section_m2\nintake,600,10\nface,300,10\nfan,50,10\n")
    out = kuangtu("vent", "what-if", path, "--reverse", "fan=0.36", "--fire", "2", "--roadways", roads).stdout
    rows = {r["edge_id"]: r for r in csv.DictReader(io.StringIO(out))}
    for r in rows.values():
        assert math.isclose(float(r["q_before_m3_s"]), math.sqrt(1000), rel_tol=1e-6), r
        assert math.isclose(float(r["q_after_m3_s"]), -math.sqrt(360), rel_tol=1e-6), r
        equal(r["turned"], "1")
    equal(rows["intake"]["smoke_before_min"], "")
    equal(rows["fan"]["smoke_after_min"], "")
    wait = float(rows["fan"]["smoke_before_min"]) * 60
    assert 3000 / math.sqrt(1000) - 1 <= wait <= 3000 / math.sqrt(1000) + 10, wait
    p = kuangtu("vent", "what-if", path, "--stop", "nowhere", check=False)
    equal((p.returncode, 'no edge "nowhere"' in p.stderr), (2, True))
    p = kuangtu("vent", "what-if", path, "--stop", "face", check=False)
    equal((p.returncode, "branch face has no fan" in p.stderr), (1, True))


@case("measured speeds move the resistances; the sensor that contradicts its neighbours is pointed out")
def _():
    rungs = "".join(f"i{k},a,i{k},i{k + 1},0.02,{PLAIN}\nr{k},a,r{k + 1},r{k},0.02,{PLAIN}\n"
                    f"x{k},a,i{k},r{k},0.8,{PLAIN}\n" for k in range(1, 6))
    path = network(f"x6,a,i6,r6,0.8,{PLAIN}\nfan,f,r1,out,0.01,0,1,900,0,0\n" + rungs)
    truth = {e: q for e, q, _ in solved(path)}
    speeds = path.with_name("speeds.csv")
    show = {e: q + (9 if e == "x3" else 0) for e, q in truth.items()}
    speeds.write_text("edge_id,speed_m_s,section_m2\n" + "".join(f"{e},{q / 10},10\n" for e, q in show.items()))
    p = kuangtu("vent", "reconcile", path, "--measured", speeds)
    rows = {r["edge_id"]: r for r in csv.DictReader(io.StringIO(p.stdout))}
    equal([e for e, r in rows.items() if r["verdict"] == "contradicts"], ["x3"])
    assert "the sensor of edge x3" in p.stderr, p.stderr
    for e, r in rows.items():
        assert abs(float(r["q_reconciled_m3_s"]) - truth[e]) < 0.3, r
    speeds.write_text("edge_id,speed_m_s,section_m2\nnone,1,10\nx1,1,0\n")
    p = kuangtu("vent", "reconcile", path, "--measured", speeds, check=False)
    equal((p.returncode, ":2:1: " in p.stderr, ":3:" in p.stderr), (3, True, True))


@case("each mistake of a table with its line and column, and exit code 3; wrong words are exit code 2")
def _():
    path = network("1,a,1,2,x,0.0,0,0,0,0\n1,b,2,2,-0.1,0.0,2,0,0,0\n")
    p = kuangtu("vent", "solve", path, check=False)
    equal((p.returncode, p.stdout), (3, ""))
    for place in (":2:9: ", ":3:1: ", ":3:7: ", ":3:9: ", ":3:18: "):
        assert f"network.csv{place}" in p.stderr, (place, p.stderr)
    path.write_text("edge_id,name,from,to\n1,a,1,2\n", encoding="utf-8")
    p = kuangtu("vent", "solve", path, check=False)
    equal(p.returncode, 3)
    assert 'no column "r_N_s2_m8"' in p.stderr, p.stderr
    equal(kuangtu("vent", "solve", path, "--total-flow", "much", check=False).returncode, 2)
    equal(kuangtu("vent", "solve", check=False).returncode, 2)
    equal(kuangtu("vent", "blow", path, check=False).returncode, 2)


if __name__ == "__main__":
    sys.exit(kt.main())
