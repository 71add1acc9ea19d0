# SPDX-License-Identifier: Apache-2.0
"""An hour of two nodes at half load: what grows? Memory of both nodes and of three etcd servers, etcd's
database, open files, sampled all the time; a table with a line a minute."""

import json
import os
import threading
import time
from pathlib import Path

from common import OUT, thread_seconds
from row_cluster import POINTS, Etcd, Pair

RATE = 50000  # samples/s: half of the 100 000 that are to be durable through the replicated journal


def memory(pid):
    """MB: a process's own pages, and pages of files that it has mapped (of etcd: its database)."""
    got = {line.split(":")[0]: int(line.split()[1]) / 1024
           for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Rss")}
    return got["RssAnon"], got["RssFile"]


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def folder_mb(path):
    return sum(f.stat().st_size for f in Path(path).rglob("*") if f.is_file()) / 1e6


class Feeder(threading.Thread):
    """So many samples a second, ten posts a second."""

    def __init__(self, pair, rate):
        super().__init__(daemon=True)
        self.pair, self.lines, self.stopping, self.acked, self.refused = pair, rate // 10, False, 0, 0

    def run(self):
        node, at, n = self.pair.active(), time.monotonic(), 0
        while not self.stopping:
            stamp = time.time_ns() // 1000000 * 1000000
            # each value is another one than that before, or history would keep one in ten minutes; none is an alarm
            rows = (f"P{(n + i) % POINTS:05d} value={((n + i) * 7 + n // POINTS * 23) % 340 / 100} {stamp}" for i in range(self.lines))
            ok = node.post("\n".join(rows) + "\n", 30) == 204
            self.acked += self.lines * ok
            self.refused += self.lines * (not ok)
            n += self.lines
            at += 0.1
            time.sleep(max(0, at - time.monotonic()))


def look(pair, etcd, began, feeder):
    """One sample of everything."""
    active = pair.active()
    other = pair.other(active)
    c = active.cluster()
    servers = [memory(p.pid) for p in etcd.running.values()]
    logs = [folder_mb(etcd.dir / name / "member") for name in etcd.running]
    return {"at": time.monotonic() - began, "acked": feeder.acked, "active": sum(memory(active.process.pid)),
            "follower": sum(memory(other.process.pid)), "etcd": sum(a + f for a, f in servers),
            "etcd_own": sum(a for a, _ in servers), "etcd_each": [round(a + f, 1) for a, f in servers],
            "db": c["etcd_bytes"] / 1e6, "used": c["etcd_used"] / 1e6, "etcd_disk": sum(logs),
            "files": sum(open_files(n.process.pid) for n in pair.nodes),
            "etcd_files": sum(open_files(p.pid) for p in etcd.running.values())}


def slope(rows, key):
    """Per hour, least squares."""
    xs, ys = [r["at"] / 3600 for r in rows], [r[key] for r in rows]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / max(sum((x - mx) ** 2 for x in xs), 1e-12)


FLAT = {"active": 10, "follower": 10, "etcd": 10, "db": 10, "used": 10, "files": 2, "etcd_files": 2}


def judged(rows):
    """Of the last two thirds: {what: (mean, slope an hour, flat?)}; flat is a slope below a tenth of the mean
    an hour, or below a few in the table above (what a garbage collector leaves lying about)."""
    rows = rows[len(rows) // 3:]
    out = {}
    for key, little in FLAT.items():
        mean, per_hour = sum(r[key] for r in rows) / len(rows), slope(rows, key)
        out[key] = (mean, per_hour, abs(per_hour) < max(mean / 10, little))
    return out


def table(rows, every):
    print("\n| min | active MB | follower MB | three etcds MB (own pages) | database MB | in use MB | etcd on disk MB | files of nodes, etcds | million samples |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    due = 0
    for r in rows:
        if r["at"] >= due:
            due += every
            print(f"| {r['at'] / 60:.0f} | {r['active']:.0f} | {r['follower']:.0f} | {r['etcd']:.0f} ({r['etcd_own']:.0f}) | {r['db']:.1f} | "
                  f"{r['used']:.1f} | {r['etcd_disk']:.0f} | {r['files']}, {r['etcd_files']} | {r['acked'] / 1e6:.1f} |")
    print(flush=True)


def watch(pair, etcd, seconds, step):
    feeder, rows, began = Feeder(pair, RATE), [], time.monotonic()
    feeder.start()
    while time.monotonic() - began < seconds:
        time.sleep(step)
        rows.append(look(pair, etcd, began, feeder))
        OUT.mkdir(exist_ok=True)
        (OUT / "soak.json").write_text(json.dumps(rows))
    feeder.stopping = True
    feeder.join()
    return feeder, rows


def soak(o, book):
    seconds = o.seconds or (60 if o.quick else 3600)
    book.part(f"{seconds} s of two nodes at {RATE:,} samples/s")
    with Etcd() as etcd, Pair(etcd, more="cluster: {keep_mb: 64}\n") as pair:
        feeder, rows = watch(pair, etcd, seconds, 1 if seconds < 300 else 10)
        threads = {n.node: thread_seconds(n.process.pid) for n in pair.nodes}
    got = judged(rows)
    said = "; ".join(f"{k} {mean:.0f}, {per_hour:+.1f}/h{'' if flat else ' NOT FLAT'}" for k, (mean, per_hour, flat) in got.items())
    book.row("soak: what grows over the last two thirds", said, "no slope of a tenth of the mean an hour",
             load=f"{RATE:,} samples/s; acknowledged {feeder.acked:,}, refused {feeder.refused:,}", batch="5000 lines",
             durability="active node's disk and etcd's quorum", met=None if seconds < 3600 else all(f for _, _, f in got.values()),
             judged=got, rows=rows, threads=threads)
    table(rows, 60 if seconds < 1200 else 300)
