# SPDX-License-Identifier: Apache-2.0
"""History: a recorded shift is imported, and every bucket is what one computes by hand."""

import datetime
import json
import math
import sys

import kt
from kt import case, equal, once

POINTS = 6  # columns of the file that are compared


def recorded():
    """Columns of the methane file of shared data: {name: [values]}, at one row a second or so."""
    if not kt.SHARED:
        raise kt.Skip("KT_SHARED is not set")
    path = kt.SHARED / "data/mine-sensors/pl_longwall_methane_train.arff"
    if not path.exists():
        raise kt.Skip(f"{path.name} is not among the shared data")
    names, rows = [], []
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            low = line.strip().lower()
            if low.startswith("@attribute"):
                names.append(line.split()[1].strip("'\""))
            elif low.startswith("@data"):
                break
        for line in f:
            cells = line.strip().split(",")
            if len(cells) == len(names):
                rows.append(cells)
            if len(rows) == 3000:
                break
    return path, names, rows


def expected(times, values, start, end, n):
    """Buckets of [start, end): (min, max, mean, last, count)."""
    width = (end - start) / n
    got = [[] for _ in range(n)]
    for t, v in zip(times, values):
        if start <= t < end:
            got[min(int((t - start) / width), n - 1)].append(v)
    return [(min(b), max(b), math.fsum(b) / len(b), b[-1], len(b)) if b else None for b in got]


def compare(client, name, times, values, start, end, n):
    one = client.get("/history", points=name, buckets=n, **{"from": start, "to": end})["points"][0]
    for i, want in enumerate(expected(times, values, start, end, n)):
        if want is None:
            equal(one["count"][i], 0, f"{name} bucket {i}")
            continue
        got = tuple(one[k][i] for k in ("min", "max", "mean", "last", "count"))
        assert got[4] == want[4], f"{name} bucket {i} of {n}: count {got[4]} is not {want[4]}"
        for key, a, b in zip(("min", "max", "mean", "last"), got, want):
            assert math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12), \
                f"{name} bucket {i} of {n}: {key} {a} is not {b}"


@case("what was pushed comes back exactly: raw, and in buckets of every width")
def _():
    site = kt.make_site([kt.point("Q-1", "pressure.air", "mine", link="push")])
    p = kt.Program(site)
    eye = p.user("eye-of-test", "dispatcher")
    start = kt.now_ms() // 1000 * 1000 - 3_000_000
    times = [start + i * 997 + (i * i) % 331 for i in range(3000)]
    values = [1000 + 50 * math.sin(i / 37) + (i % 17) / 10 for i in range(3000)]
    times = sorted(set(times))
    values = values[:len(times)]
    for at in range(0, len(times), 500):
        text = "".join(f"Q-1 value={v!r} {t}\n" for t, v in zip(times[at:at + 500], values[at:at + 500]))
        status, body = p.write(text, path="/write?precision=ms")
        equal(status, 204, body)

    def raw():
        return eye.history("Q-1", start, times[-1] + 1)
    kt.wait_for("all of it", lambda: len(raw()["t"]) == len(times))
    equal(raw()["t"], times)
    equal(raw()["v"], values)
    for n in (1, 7, 60, 500):
        compare(eye, "Q-1", times, values, start, start + 3_000_000, n)
    csv = eye.raw("GET", f"/api/v1/export?points=Q-1&from={start}&to={times[-1] + 1}")[1].decode("utf-8-sig")
    lines = csv.strip().split("\r\n")
    equal(lines[0], "point,time,value,quality,arrival")
    equal([float(x.split(",")[2]) for x in lines[1:]], values)
    p.stop()
    p.start()
    eye = p.login("eye-of-test", eye.password)
    equal(raw()["v"], values, "after a restart")
    compare(eye, "Q-1", times, values, start, start + 3_000_000, 60)


@case("answers longer than what is kept in memory are whole: CSV and raw samples of ten points")
def _():
    names = [f"B-{i}" for i in range(10)]
    p = kt.Program(kt.make_site([kt.point(n, "pressure.air", "mine", link="push") for n in names]))
    eye = p.user("eye-of-test", "dispatcher")
    start, n = kt.now_ms() // 60_000 * 60_000 - 7_000_000, 10_000
    times = [start + i * 500 for i in range(n)]
    sent = {name: [1000 + k + (i * i % 977) / 8 for i in range(n)] for k, name in enumerate(names)}
    for at in range(0, n, 2500):
        text = "".join(f"{name} value={sent[name][i]!r} {times[i]}\n" for i in range(at, at + 2500) for name in names)
        status, body = p.write(text, path="/write?precision=ms")
        equal(status, 204, body)
    span = f"points={','.join(names)}&from={start}&to={times[-1] + 1}"

    def counted():
        got = eye.raw("GET", f"/api/v1/history?{span}&buckets=1")[1]
        return sum(sum(x["count"]) for x in json.loads(got)["points"])
    kt.wait_for("all of it", lambda: counted() == n * len(names))
    status, body = eye.raw("GET", f"/api/v1/export?{span}")[:2]
    equal(status, 200)
    assert len(body) > 5_000_000, len(body)
    lines = body.decode("utf-8-sig").split("\r\n")
    equal(lines[-1], "")
    cells = [x.split(",") for x in lines[1:-1]]
    equal([c[0] for c in cells], [name for name in names for _ in range(n)])
    equal([float(c[2]) for c in cells], [v for name in names for v in sent[name]])
    stamps = [datetime.datetime.fromisoformat(c[1]) for c in cells[:n]]
    equal([round(t.timestamp() * 1000) for t in stamps], times)
    raw = json.loads(eye.raw("GET", f"/api/v1/history?{span}&buckets=0")[1])["points"]
    equal([(x["id"], x["t"], x["v"], x["cut"]) for x in raw], [(name, times, sent[name], False) for name in names])
    equal(set(raw[0]["q"]), {"normal"})


@case("a late sample is in history with its own time and does not move the present (safety rule 9)")
def _():
    site = kt.make_site([kt.point("T-1", "ch4.main-return", "MR", link="push")])
    p = kt.Program(site)
    eye = p.user("eye-of-test", "dispatcher")
    now = kt.now_ms()
    p.samples(("T-1", 0.2, now))
    kt.wait_for("the present", lambda: eye.live("T-1")["T-1"][0] == 0.2)
    p.samples(("T-1", 1.9, now - 600_000))
    late = kt.wait_for("it is listed", lambda: eye.events(type="late"))
    equal((late[0]["body"]["point"]), "T-1")
    equal(eye.live("T-1")["T-1"][::2], (0.2, now))
    kt.wait_for("in history", lambda: (now - 600_000) in eye.history("T-1", now - 700_000)["t"])
    assert not [a for a in eye.alarms() if a["rule"] == "gas.over-limit"]
    p.samples(("T-1", 0.3, now + 3_600_000))
    kt.wait_for("uncertain", lambda: eye.live("T-1")["T-1"][1] == "future-time")
    assert abs(eye.live("T-1")["T-1"][2] - kt.now_ms()) < 60_000
    old, far = 31_536_000_123, 4_102_444_800_000  # 1971, 2100: clocks that have lost their battery
    p.samples(("T-1", 1.8, old))
    p.samples(("T-1", 0.4, far))
    kt.wait_for("the one of 1971 is listed, too", lambda: len(eye.events(type="late")) == 2)
    p.kill9()
    p.start()
    eye = p.login("eye-of-test", eye.password)
    v = eye.live("T-1")["T-1"]
    equal(v[0], 0.4)
    assert abs(v[2] - kt.now_ms()) < 60_000, v
    p.samples(("T-1", 0.5))
    kt.wait_for("the present goes on", lambda: eye.live("T-1")["T-1"][:2] == (0.5, "normal"))
    kt.wait_for("1971 in history", lambda: eye.history("T-1", "1971-01-01T00:00:00Z", "1971-01-02T00:00:00Z")["t"] == [old])
    equal(eye.history("T-1", "2099-12-31T00:00:00Z", "2100-01-02T00:00:00Z")["t"], [])
    equal([a for a in eye.alarms() if a["rule"] == "gas.over-limit"], [])


@once
def imported():
    path, names, rows = recorded()
    used = [n for n in names if n.startswith(("AN", "AM", "TP", "RH", "BA", "MM"))][:POINTS] \
        or names[:POINTS]
    points = [kt.point(f"H-{i}", "pressure.air", "mine", link="push", range_lo="", range_hi="")
              for i in range(len(used))]
    site = kt.make_site(points)
    mapping = ",".join(f"{name}=H-{i}" for i, name in enumerate(used))
    start = kt.now_ms() // 1000 * 1000 - 86_400_000
    got = kt.kuangtu("import", "history", site.dir, path, "--map", mapping, "--start", str(start),
                     "--step", "1s", limit=300, check=False)
    assert got.returncode == 0, got.stderr + got.stdout
    p = kt.Program(site)
    p.eye = p.user("eye-of-test", "dispatcher")
    columns = {f"H-{i}": [float(r[names.index(name)]) for r in rows] for i, name in enumerate(used)}
    return p, columns, start, len(rows), names, rows


@case("imported hours of a real longwall: buckets are what one computes from the file")
def _():
    p, columns, start, n, names, rows = imported()
    first = p.eye.history("H-0", start - 1000, start + 10_000_000)
    clock = first["t"]
    if len(clock) < n:  # the file has times of its own
        lookback = p.eye.get("/history", points="H-0", buckets=1, **{"from": 946684800000, "to": kt.now_ms()})
        raise AssertionError(f"{len(clock)} samples from {start}; in all {lookback['points'][0]['count']}")
    for name, values in columns.items():
        times = p.eye.history(name, start, start + n * 1000)["t"]
        equal(len(times), n, name)
        compare(p.eye, name, times, values, start, start + n * 1000, 50)
        compare(p.eye, name, times, values, start, start + n * 1000, 1)
    del names, rows
    assert json.dumps(columns)


@case("imported history verifies")
def _():
    p = imported()[0]
    kt.kuangtu("verify", p.site.dir)


if __name__ == "__main__":
    sys.exit(kt.main())
