# SPDX-License-Identifier: Apache-2.0
"""Two nodes through etcd: against the file journal and a bare writer of the same cluster, take-over after
kill -9, a standby that comes back."""

import http.client
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from common import (Kuangtu, Skip, answer, end, free_port, http as fetch, quantile, tool, wait_for)
import make_site
import sites

POINTS, FLIGHT = 10000, 1  # frames in flight, as src/cluster/core.h
HEARTBEAT, ELECTION = 50, 500  # ms, as docs/operations.md


class Etcd:
    """Three servers on loopback, their files where TMPDIR says."""

    def __init__(self):
        self.program = shutil.which("etcd")
        if not self.program:
            raise Skip("etcd is not installed (Debian: etcd-server)")
        self.dir = Path(tempfile.mkdtemp(prefix="kt-bench-etcd-"))
        self.at = [(f"e{i}", free_port(), free_port()) for i in range(3)]
        self.urls = [f"http://127.0.0.1:{c}" for _, c, _ in self.at]
        self.running = {}

    def start(self):
        peers = ",".join(f"{n}=http://127.0.0.1:{p}" for n, _, p in self.at)
        for name, client, peer in self.at:
            own, other = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
            with open(self.dir / f"{name}.log", "ab") as log:
                self.running[name] = subprocess.Popen(
                    [self.program, "--name", name, "--data-dir", str(self.dir / name), "--listen-client-urls", own,
                     "--advertise-client-urls", own, "--listen-peer-urls", other, "--initial-advertise-peer-urls", other,
                     "--initial-cluster", peers, "--heartbeat-interval", str(HEARTBEAT), "--election-timeout", str(ELECTION),
                     "--snapshot-count", "2000", "--logger", "zap", "--log-level", "error"], stdout=log, stderr=log)
        wait_for("etcd is ready", lambda: all(self.healthy(u) for u in self.urls))

    @staticmethod
    def healthy(url):
        try:
            return json.loads(fetch(url + "/health", limit=2))["health"] == "true"
        except (OSError, ValueError):
            return False

    def servers(self):
        return ",".join(u.removeprefix("http://") for u in self.urls)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        for p in self.running.values():
            end(p)
        shutil.rmtree(self.dir, ignore_errors=True)


class Node(Kuangtu):
    """One of two; both have the same folder but for data/."""
    health = "/healthz"

    def __init__(self, etcd, name, prefix, points=POINTS, more=""):
        super().__init__(lambda folder, _: make(folder, points, f"etcd://{etcd.servers()}/{prefix}", more))
        self.node = name

    def command(self):
        return super().command() + ["--node", self.node, "--listen", f"127.0.0.1:{self.port}"]

    def cluster(self):
        try:
            return self.api("/health", limit=2)["cluster"] or {}
        except (OSError, ValueError, http.client.HTTPException):
            return {}

    def role(self):
        return self.cluster().get("role")

    def post(self, text, limit=5):
        """Status of one post; 0: no answer."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        try:
            c.request("POST", "/write", text, {"Authorization": f"Bearer {self.token}"})
            return c.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            c.close()


def make(folder, points, journal_at, more=""):
    token = make_site.make(folder, points, "127.0.0.1:0", sites.TOKEN)
    with open(Path(folder) / "site.yaml", "a", encoding="utf-8") as f:
        f.write(f"journal: {journal_at}\n{more}")
    return token


class Pair:
    made = 0

    def __init__(self, etcd, **more):
        Pair.made += 1
        self.nodes = [Node(etcd, f"node-{n}", f"pair-{Pair.made}", **more) for n in "ab"]

    def __enter__(self):
        for n in self.nodes:
            n.start()
        self.level()
        return self

    def __exit__(self, *why):
        for n in self.nodes:
            n.__exit__(*why)

    def active(self):
        return wait_for("one node is active", lambda: next((n for n in self.nodes if n.role() == "active"), None), every=0.02)

    def other(self, node):
        return self.nodes[1 - self.nodes.index(node)]

    def level(self, seconds=600):
        """Both are at work and the follower has all."""
        first = self.active()
        second = self.other(first)

        def same():
            got = second.cluster()
            return got.get("role") == "follows" and got["last"] >= first.cluster().get("durable", 1 << 62) - 40
        wait_for("the follower is level", same, seconds, 0.02)


def posts(node, lines, n, conns):
    """loadgen on one node; what the common order took meanwhile beside it."""
    def at():
        h = node.api("/health")
        c = h.get("cluster") or {}
        return h["journal"]["last"], c.get("frames", 0), c.get("frame_bytes", 0)
    before = at()
    r = node.load(settle=1, points=POINTS, lines=lines, posts=n, conns=conns, start=int(time.time() * 1000), step=1)
    r["events"], r["frames"], r["frame_bytes"] = (b - a for a, b in zip(before, at()))
    wall = r["samples"] / r["per_s"]
    r["events_per_s"], r["frames_per_s"], r["mb_per_s"] = r["events"] / wall, r["frames"] / wall, r["frame_bytes"] / wall / 1e6
    r["frame_mean"] = int(r["frame_bytes"] / max(r["frames"], 1))
    return r


def bare(etcd, size, seconds):
    return answer(tool("etcdput", "--urls", ",".join(etcd.urls), "--prefix", "bare", "--bytes", size, "--flight", FLIGHT,
                       "--seconds", seconds))


def clean(etcd):
    """What the bare writer left behind is dropped."""
    body = json.dumps({"key": "YmFyZS8=", "range_end": "YmFyZTA="}).encode()
    got = json.loads(fetch(etcd.urls[0] + "/v3/kv/deleterange", body=body))
    fetch(etcd.urls[0] + "/v3/kv/compaction", body=json.dumps({"revision": got["header"]["revision"]}).encode())


def journal(size, ahead, seconds, etcd=None, prefix="j"):
    """The journal of one node by itself, its files where TMPDIR says."""
    with tempfile.TemporaryDirectory(prefix="kt-bench-journal-") as folder:
        address = f"etcd://{etcd.servers()}/{prefix}" if etcd else "file"
        return answer(tool("cluster_bench", "--dir", folder, "--address", address, "--bytes", size, "--ahead", ahead,
                           "--seconds", seconds))


def events(o, book, etcd):
    """Alternating, so that what else runs on the machine meets both; the median ratio is judged, where there
    is always more to send. With 64 events at most each frame waits for our own disk first."""
    seconds = 2 if o.quick else 5
    for size, ahead in ((200, 64), (200, 4096), (2000, 1024)):
        file = journal(size, ahead, seconds)
        got = []
        for i in range(3 if o.quick else 9):
            ours = journal(size, ahead, seconds, etcd, f"j{size}-{ahead}-{i}")
            raw = bare(etcd, int(ours["frame_bytes"]), seconds)
            clean(etcd)
            got.append((ours["frames_per_s"] / raw["per_s"], ours, raw))
        ratio, ours, raw = sorted(got, key=lambda x: x[0])[len(got) // 2]
        book.row(f"events of {size} B through etcd", f"{ours['events_per_s']:,.0f} events/s, {ours['mb_per_s']:.2f} MB/s: "
                 f"{ours['frames_per_s']:.0f} frames/s of {ours['frame_bytes'] / 1000:.1f} kB", "half of the bare writer" if ahead > 64 else "-",
                 f"bare writer: {raw['per_s']:.0f} puts/s, {raw['mb_per_s']:.2f} MB/s; file journal: "
                 f"{file['events_per_s']:,.0f} events/s, {file['mb_per_s']:.1f} MB/s", ratio, load=f"{ahead} not durable yet at most",
                 batch=f"{FLIGHT} frame in flight", durability="own disk and 3 etcd servers", met=ratio >= 0.5 if ahead > 64 else None, ours=ours, bare=raw,
                 file=file, ratios=[g[0] for g in got])


def samples(o, book, etcd):
    for what, lines, conns, n in (("20 000 samples a post", 20000, 4, 100 if o.quick else 400),
                                  ("one sample a post", 1, 200, 30000 if o.quick else 200000)):
        with Kuangtu(sites.plain(POINTS)) as alone:
            file = posts(alone, lines, n, conns)
        with Pair(etcd) as pair:
            us = posts(pair.active(), lines, n, conns)
        goal = {"goal": "100 000 samples/s", "met": us["per_s"] >= 100000} if lines > 1 else {}
        book.row(f"two nodes, {what}", f"{us['per_s']:,.0f} samples/s, p50 {us['p50_ms']:.1f} ms, p99 {us['p99_ms']:.1f} ms; "
                 f"{us['frames_per_s']:.0f} frames/s of {us['frame_mean'] / 1000:.1f} kB",
                 peer=f"one node, file journal: {file['per_s']:,.0f} samples/s", ratio=us["per_s"] / file["per_s"],
                 load=f"{conns} connections", batch=f"{lines} lines", durability="every answer after the active node's disk and "
                 "etcd's quorum", ours=us, file=file, **goal)


def one_kill(pair):
    """Seconds from kill -9 until the other node acknowledges a sample."""
    first = pair.active()
    second = pair.other(first)
    at = time.monotonic()
    first.kill()
    while second.post(f"P00000 value=1 {time.time_ns()}\n") != 204:
        time.sleep(0.01)
        if time.monotonic() - at > 60:
            raise SystemExit("bench: nobody took over within 60 s")
    took = time.monotonic() - at
    first.start()
    pair.level()
    return took


def takeover(o, book, etcd):
    n = 4 if o.quick else 50
    with Pair(etcd) as pair:
        took = [one_kill(pair) for _ in range(n)]
    book.row(f"kill -9 of the active node, {n} times: until the other acknowledges a sample",
             f"median {quantile(took, 0.5):.2f} s, worst {max(took):.2f} s", "5 s", met=max(took) < 5, seconds=took)


def comes_back(o, book, etcd):
    """A standby that was away while 2000 points came once a second."""
    seconds, points = (300 if o.quick else 3600), 2000
    with Pair(etcd, points=points) as pair:
        first = pair.active()
        away = pair.other(first)
        away.kill()
        first.load(settle=0, points=points, lines=points, posts=seconds, conns=1,
                   start=int(time.time() * 1000) - seconds * 1000, step=1000)
        at = time.monotonic()
        away.start()
        pair.level()
        took = time.monotonic() - at
    book.row(f"standby away for {seconds} s at {points} samples/s: until it has all",
             f"{took:.1f} s with its start, {seconds / took:.0f} times real time", "20 times", met=seconds / took >= 20, took_s=took)


def cluster(o, book):
    book.part("Two nodes through etcd (3 servers, all on this machine)",
              "The bare writer puts values of our mean frame size into the same servers, as many at a time, without compare "
              "and without a head: what etcd itself can do here. Ratio: frames a second by its puts a second.")
    with Etcd() as etcd:
        events(o, book, etcd)
        samples(o, book, etcd)
        comes_back(o, book, etcd)


def failover(o, book):
    book.part("Take-over", "One node of two killed with kill -9, again and again; the clock runs until the other acknowledges a sample.")
    with Etcd() as etcd:
        takeover(o, book, etcd)
