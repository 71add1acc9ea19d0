# SPDX-License-Identifier: Apache-2.0
"""A mine and its county over NATS leaf nodes: what an outage leaves behind, sent afterwards."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import make_site
from common import Kuangtu, Skip, cpu_seconds, end, free_port, wait_for
from sites import TOKEN

POINTS = 2000


class Nats:
    def __init__(self, domain, hub=None):
        self.bin = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
        if not self.bin:
            raise Skip("nats-server is not installed")
        self.dir, self.port, self.leaf = Path(tempfile.mkdtemp(prefix="kt-bench-nats-")), free_port(), free_port()
        leaf = (f'remotes = [{{url: "nats-leaf://127.0.0.1:{hub.leaf}"}}], reconnect: 1' if hub
                else f"listen: 127.0.0.1:{self.leaf}")
        (self.dir / "conf").write_text(
            f'listen: 127.0.0.1:{self.port}\nmax_payload: 8MB\nping_interval: "2s"\nping_max: 2\n'
            f'jetstream {{store_dir: "{self.dir}/js", domain: "{domain}"}}\nleafnodes {{{leaf}}}\n')
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.bin, "-c", str(self.dir / "conf")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.dir, ignore_errors=True)


def mine(nats):
    link = f"  - {{id: county, kind: upward, port: {nats.port}, node: bench, share: {{points: [\"P*\"]}}}}\n"
    rows = [f"P{i:05d},测点{i},Point {i},analog,m,water.level,mr,0,4,0.01,push,,," for i in range(POINTS)]
    return lambda folder, address: make_site.write(folder, address, TOKEN, links=link, rows=rows)


def county(nats):
    link = f"  - {{id: bench, kind: mine, port: {nats.port}}}\n"
    rows = [f"C{i:05d},测点{i},Point {i},analog,m,water.level,mr,0,4,0.01,bench,P{i:05d},," for i in range(POINTS)]
    return lambda folder, address: make_site.write(folder, address, TOKEN, links=link, rows=rows)


def link_of(node, name):
    return next(x for x in node.api("/health")["links"] if x["id"] == name)


def region(o, book):
    book.part("Mine and county")
    seconds = 60 if o.quick else 600
    with Nats("county") as hub, Nats("bench", hub) as leaf, Kuangtu(mine(leaf)) as low, Kuangtu(county(hub)) as high:
        leaf.start()
        now = int(time.time() * 1000)
        low.load(settle=1, points=POINTS, lines=POINTS, posts=seconds, conns=1, start=now - seconds * 1000, step=1000)
        before = [cpu_seconds(n.process.pid) for n in (low, high)]
        start = time.monotonic()
        hub.start()
        wait_for("all is at the county", lambda: link_of(high, "bench")["samples"] >= POINTS * seconds
                 and " 0 messages not confirmed" in link_of(low, "county")["text"], 900, 0.05)
        took = time.monotonic() - start
        spent = [cpu_seconds(n.process.pid) - b for n, b in zip((low, high), before)]
        times = seconds / took
        book.row(f"{seconds} s without a link at {POINTS} samples/s, sent afterwards",
                 f"{took:.1f} s, {times:.0f} times real time, {POINTS * seconds / took / 1000:.0f} k samples/s; CPU s a "
                 f"million: mine {spent[0] / POINTS / seconds * 1e6:.2f}, county {spent[1] / POINTS / seconds * 1e6:.2f}",
                 "20 times", met=times >= 20, took_s=took, times=times, mine_cpu_s=spent[0], county_cpu_s=spent[1],
                 samples=POINTS * seconds)
