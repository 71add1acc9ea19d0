# SPDX-License-Identifier: Apache-2.0
"""What is kept and asked for: bytes a sample at rest, queries with cold cache, beside VictoriaMetrics."""

import math
import os
import random
import struct
import time
import urllib.parse
from pathlib import Path

from common import ROOT, Kuangtu, Skip, Victoria, forget_files, http, quantile
import make_site
import sites

DAY = 86400


# ---- bytes at rest -------------------------------------------------------------------------------

def shared():
    for path in (os.environ.get("KT_SHARED"), ROOT.parent / "shared"):
        if path and Path(path).is_dir():
            return Path(path)
    raise Skip("neither KT_SHARED nor ../shared has the data")


def set_of_arff(start):
    """A longwall's sensors, a row each 30 s, as they are in the file."""
    path = shared() / "data/mine-sensors/pl_longwall_methane_train.arff"
    columns, rows, data = [], [], False
    for line in path.read_text().splitlines():
        low = line.strip().lower()
        if low.startswith("@attribute"):
            columns.append(low.split()[-1] in ("numeric", "real", "integer"))
        elif low.startswith("@data"):
            data = True
        elif data and low:
            rows.append(line.strip().split(","))
    out = {}
    for k, numeric in enumerate(columns):
        if numeric:
            out[f"A{k:05d}"] = [(start + i * 30000, float(r[k])) for i, r in enumerate(rows) if r[k] != "?"]
    return out


def set_of_walk(start, points, seconds):
    """A random walk at the resolution of the sensor (0.01), one a second, not quite on the second."""
    rnd, out = random.Random(7), {}
    for p in range(points):
        v, at, line = 60 + rnd.randrange(40), start + rnd.randrange(1000), []
        for _ in range(seconds):
            v = min(max(v + rnd.choice((-1, 0, 0, 1)), 0), 400)
            line.append((at, v / 100))
            at += 1000 + rnd.choice((-1, 0, 0, 0, 0, 1))
        out[f"W{p:05d}"] = line
    return out


def set_of_float32(start, points, seconds):
    """Readings as a device's float32 register has them: noise down to the last bit, stamps in ms with jitter."""
    rnd, out = random.Random(8), {}
    for p in range(points):
        level, line = rnd.uniform(1, 100), []
        for i in range(seconds):
            level += rnd.gauss(0, 0.05)
            v = struct.unpack("f", struct.pack("f", level + rnd.gauss(0, 0.01)))[0]
            line.append((start + i * 1000 + rnd.randrange(20), v))
        out[f"F{p:05d}"] = line
    return out


def bare_points(ids):
    """Points of these ids that take any value."""
    rows = [f"{p},{p},{p},analog,m,water.level,mr,-1e9,1e9,0.000001,push" for p in ids]
    return lambda folder, address: make_site.write(folder, address, sites.TOKEN, rows)


def push(server, data, batch=20000):
    """In the order of time, as a gateway would send it."""
    merged = sorted((t, p, v) for p, line in data.items() for t, v in line)
    for at in range(0, len(merged), batch):
        body = "".join(f"{p} value={v!r} {t}000000\n" for t, p, v in merged[at:at + batch]).encode()
        http(server.url + "/write", server.token, body)
    return len(merged)


def same_bits(server, data):
    """Samples of the export that are not, bit for bit, what was sent."""
    wrong = 0
    for p, line in data.items():
        at, got = line[0][0], []
        while True:
            r = server.api(f"/history?points={p}&from={at}&to={line[-1][0] + 1}&buckets=0")["points"][0]
            got += list(zip(r["t"], r["v"]))
            if not r["cut"]:
                break
            at = r["t"][-1] + 1
        sent = {t: struct.pack("d", v) for t, v in line}
        have = {t: struct.pack("d", v) for t, v in got if v is not None}
        wrong += sum(have.get(t) != bits for t, bits in sent.items()) + max(0, len(got) - len(sent))
    return wrong


def ours_at_rest(data):
    with Kuangtu(bare_points(data)) as s:
        n = push(s, data)
        s.stop()  # seals what is open
        s.start()
        wrong = same_bits(s, data)
        s.stop()
        size = sum(f.stat().st_size for f in (s.dir / "data/history").iterdir() if f.is_file())
        return size / n, n, wrong


def peer_at_rest(data):
    with Victoria() as s:
        n = push(s, data)
        http(s.url + "/internal/force_flush")
        time.sleep(2)
        http(s.url + "/internal/force_merge")
        time.sleep(3)
        s.stop()
        parts = s.dir / "vm/data"
        return sum(f.stat().st_size for f in parts.rglob("*") if f.is_file()) / n


def rest(o, book):
    start = (int(time.time()) // DAY - 3) * DAY * 1000
    points, seconds = (50, 5400) if o.quick else (200, 14400)
    book.part("Bytes per sample at rest", "Ours: every file of data/history, whole. The peer: every file below data/ "
              "(its index of names is not counted), after a forced merge.")
    for name, make in (("ARFF, longwall methane, 30 s", lambda: set_of_arff(start - 2 * DAY * 1000)),
                       (f"random walk at sensor resolution, {points} points, {seconds / 3600:g} h at 1 s",
                        lambda: set_of_walk(start, points, seconds)),
                       (f"float32 readings, {points} points, {seconds / 3600:g} h at 1 s",
                        lambda: set_of_float32(start, points, seconds))):
        try:
            data = make()
            size, n, wrong = ours_at_rest(data)
            peer = peer_at_rest(data)
        except Skip as why:
            book.skip(name, str(why))
            continue
        book.row(name, f"{size:.3f} B, {wrong} samples differ from what was sent", "not more than the peer, bit for bit",
                 f"{peer:.3f} B", size / peer, load=f"{n:,} samples", batch="20 000 lines", durability=Kuangtu.durability,
                 met=size <= peer and wrong == 0, bytes=size, peer_bytes=peer)


# ---- queries -------------------------------------------------------------------------------------

def timed(fn):
    begun = time.perf_counter()
    got = fn()
    return (time.perf_counter() - begun) * 1e3, got


def cold(server, fn, times):
    """Median of `fn` on a server just started, whose files are not in the page cache."""
    took = []
    for _ in range(times):
        server.stop()
        forget_files(server.dir)
        server.start()
        time.sleep(0.5)
        took.append(timed(fn)[0])
    return quantile(took, 0.5)


def warm(fn, times=9):
    return quantile([timed(fn)[0] for _ in range(times)], 0.5)


def vm_range(server, query, start, stop, step):
    args = urllib.parse.urlencode({"query": query, "start": start, "end": stop, "step": f"{step}s", "nocache": 1})
    return http(f"{server.url}/api/v1/query_range?{args}")


def exact(server, expected, start, days):
    """Buckets of the whole span hold every sample; those of the first day are those of its raw samples."""
    frm, to = start, start + days * DAY * 1000
    b = server.api(f"/history?points=P00000&from={frm}&to={to}&buckets=2000")["points"][0]
    day = server.api(f"/history?points=P00000&from={frm}&to={frm + DAY * 1000}&buckets=0")["points"][0]
    ok, width = sum(b["count"]) == expected, b["t"][1] - b["t"][0]
    for i, t in enumerate(b["t"]):
        if t + width > frm + DAY * 1000:
            break
        v = [x for at, x in zip(day["t"], day["v"]) if t <= at < b["t"][i + 1]]
        ok = ok and len(v) == b["count"][i] and min(v) == b["min"][i] and max(v) == b["max"][i] and \
            v[-1] == b["last"][i] and math.isclose(sum(v) / len(v), b["mean"][i], rel_tol=1e-12)
    return ok


def query(o, book):
    days, step = 30, 1
    posts = days * DAY // step // 20000
    hundred_step = 20 if o.quick else 1
    times = 2 if o.quick else 7
    now = int(time.time()) // 3600 * 3600 * 1000
    month, last_day = now - days * DAY * 1000, now - DAY * 1000
    book.part("Queries", "Cold: the server was just started and its files were let go from the page cache; the wall time "
              "of the HTTP call, answer read and not parsed. The peer is asked without its cache of results.")
    with Kuangtu(sites.plain(101)) as ours, Victoria() as peer:
        for s in (ours, peer):
            s.load(settle=0, points=1, lines=20000, posts=posts, start=month, step=1000)
            s.load(settle=2, points=100, **{"from": 1}, lines=20000, posts=100 * DAY // hundred_step // 20000,
                   start=last_day, step=hundred_step * 1000)
        http(peer.url + "/internal/force_flush")
        http(peer.url + "/internal/force_merge")
        time.sleep(8)

        def ask_ours(path):
            return http(f"{ours.url}/api/v1{path}", ours.local())
        ids = ",".join(f"P{i:05d}" for i in range(1, 101))
        frm, to = month, month + days * DAY * 1000
        wide = days * DAY // 2000
        asked = (
            ("30 days at 1 s (2.6 M samples) into 2000 buckets", 25,
             lambda: ask_ours(f"/history?points=P00000&from={frm}&to={to}&buckets=2000"),
             lambda: vm_range(peer, f"rollup(P00000_value[{wide}s])", frm / 1000 + wide, to / 1000, wide)),
            ("latest value", 25, lambda: ask_ours("/live?points=P00050"),
             lambda: http(f"{peer.url}/api/v1/query?query=P00050_value&step=1d&nocache=1")),
            ("100 points × 24 h into 500 buckets", 25,
             lambda: ask_ours(f"/history?points={ids}&from={last_day}&to={now}&buckets=500"),
             lambda: vm_range(peer, 'rollup({__name__=~"P00[01].._value",__name__!="P00000_value"}[173s])', last_day / 1000 + 173,
                              now / 1000, 173)),
            ("100 points × 24 h, every sample as CSV", None,
             lambda: ask_ours(f"/export?points={ids}&from={last_day}&to={now}"),
             lambda: http(f"{peer.url}/api/v1/export/csv?format=__name__,__timestamp__:rfc3339,__value__&" +
                          urllib.parse.urlencode({"match[]": '{__name__=~"P00[01].._value",__name__!="P00000_value"}',
                                                  "start": last_day / 1000, "end": now / 1000}))),
        )
        right = exact(ours, posts * 20000, month, days)
        book.row("buckets hold every sample, exactly", "yes" if right else "no", "yes", load=f"{posts * 20000:,} samples",
                 met=right)
        for what, goal, ask, ask_peer in asked:
            a, b = cold(ours, ask, times), cold(peer, ask_peer, times)
            wa, wb = warm(ask, 5), warm(ask_peer, 5)
            book.row(what, f"{a:.1f} ms cold, {wa:.1f} ms warm", (f"under {goal} ms, " if goal else "") + "faster than the peer",
                     f"{b:.1f} ms cold, {wb:.1f} ms warm", a / b, load="1 caller", met=(not goal or a < goal) and a < b,
                     cold_ms=a, warm_ms=wa, peer_cold_ms=b, peer_warm_ms=wb)

