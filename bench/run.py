#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: the figures of Kuangtu beside a peer's in the same run, with the same client.

Every server gets fresh data on the same disk. CPU seconds are those of the server's process alone; a
figure is the median of the rounds. What is measured, batch size and durability stand beside each row.
  bench/run.py [--quick] [--only NAME]
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import make_site  # noqa: E402

PROGRAM, BUILD = ROOT / "build/kuangtu", ROOT / "build/bench"


SETTLE_S = 6


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_http(url, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return time.monotonic()
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"bench: {url} does not answer")


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


class Server:
    """One server on a fresh folder; ended with the block."""

    def __init__(self, dir_):
        self.dir, self.port, self.process = Path(dir_), free_port(), None

    def __enter__(self):
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_http(f"http://127.0.0.1:{self.port}{self.health}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def load(self, **opt):
        args = [str(BUILD / "loadgen"), "127.0.0.1", str(self.port), "/write", "--pid", str(self.process.pid), "--token", self.token]
        for k, v in opt.items():
            args += [f"--{k}"] + ([] if v is True else [str(v)])
        before = cpu_seconds(self.process.pid)
        r = json.loads(subprocess.run(args, check=True, capture_output=True, text=True).stdout)
        time.sleep(SETTLE_S)  # what a server puts off until after its answers counts as well
        r["cpu_s"] = cpu_seconds(self.process.pid) - before
        r["cpu_s_per_million"] = r["cpu_s"] / max(r["samples"], 1) * 1e6
        return r


class Kuangtu(Server):
    """durable: every answer comes after fdatasync of the journal; one alarm rule a point (make_site.py)."""
    health, name = "/healthz", "kuangtu"

    def __init__(self, dir_, points):
        super().__init__(dir_)
        self.token = make_site.make(dir_, points, f"127.0.0.1:{self.port}")

    def command(self):
        return [str(PROGRAM), "serve", str(self.dir), "--ui", ""]


class Victoria(Server):
    """not durable: the answer comes when the samples are in memory."""
    health, name, token = "/health", "victoria-metrics", "none"

    def command(self):
        return [shutil.which("victoria-metrics"), f"-storageDataPath={self.dir}/vm", "-retentionPeriod=100y",
                f"-httpListenAddr=127.0.0.1:{self.port}"]

    def __init__(self, dir_, points):
        super().__init__(dir_)


def fsync_probe(folder):
    path, took = Path(folder) / "probe", []
    with open(path, "wb", buffering=0) as f:
        f.write(b"\0" * (1 << 20))
        os.fsync(f.fileno())
        for i in range(200):
            f.seek(i * 4096)
            f.write(b"x" * 4096)
            t = time.perf_counter()
            os.fdatasync(f.fileno())
            took.append(time.perf_counter() - t)
    path.unlink()
    took.sort()
    return took[len(took) // 2] * 1e3, took[int(len(took) * 0.99)] * 1e3


def median_run(kind, points, rounds, **opt):
    """Median over the rounds, each on a server of its own, CPU of the settling time included."""
    out = []
    for _ in range(rounds):
        with kind(tempfile.mkdtemp(prefix="kt-bench-"), points) as s:
            start = int((time.time() - 86400) * 1000)
            out.append(s.load(points=points, start=start, **opt))
    return {k: statistics.median(r[k] for r in out) for k in out[0]}


def row(*cells):
    print("| " + " | ".join(str(c) for c in cells) + " |", flush=True)


def head(title, *cells):
    print(f"\n## {title}\n")
    row(*cells)
    row(*["---"] * len(cells))


def bench_ingest(o):
    million = 1 if o.quick else 4
    head("Ingest of line protocol over HTTP, 10 000 series", "posts", "connections", "order", "server", "samples/s",
         "CPU s per million", "p99 ms", "of the peer's CPU")
    shapes = [(20000, 1, False), (1000, 4, True), (100, 4, False)]
    for lines, conns, random in shapes:
        posts = million * 1_000_000 // lines if lines > 100 else 5000
        opt = {"lines": lines, "conns": conns, "posts": posts, "step": 1000}
        if random:
            opt["random"] = True
        ours = median_run(Kuangtu, 10000, o.rounds, **opt)
        peer = median_run(Victoria, 10000, o.rounds, **opt) if shutil.which("victoria-metrics") else None
        for who, r in (("kuangtu (durable)", ours), ("victoria-metrics", peer)):
            if r:
                ratio = f"{r['cpu_s_per_million'] / peer['cpu_s_per_million']:.2f}" if peer else "-"
                row(f"{lines} lines", conns, "random" if random else "stable", who, f"{r['per_s']:,.0f}",
                    f"{r['cpu_s_per_million']:.3f}", f"{r['p99_ms']:.1f}", ratio)


def bench_single(o):
    head("One sample per request, HTTP keep-alive", "connections", "server", "acknowledged/s", "p50 ms", "p99 ms")
    for kind in (Kuangtu, Victoria):
        if kind is Victoria and not shutil.which("victoria-metrics"):
            continue
        r = median_run(kind, 10000, o.rounds, lines=1, conns=64, posts=20000 if o.quick else 100000, step=1000)
        row(64, kind.name, f"{r['per_s']:,.0f}", f"{r['p50_ms']:.2f}", f"{r['p99_ms']:.2f}")


def bench_restart(o):
    head("Start after kill -9", "points", "samples in the journal", "live values after s", "resident MB")
    points, posts = (10000, 50) if o.quick else (100000, 60)
    s = Kuangtu(tempfile.mkdtemp(prefix="kt-bench-"), points)
    with s:
        s.load(points=points, lines=20000, posts=posts, start=int(time.time() * 1000) - 60000)
        s.process.kill()
        s.process.wait()
        begun = time.monotonic()
        s.start()
        row(f"{points:,}", f"{posts * 20000:,}", f"{time.monotonic() - begun:.2f}", f"{resident_mb(s.process.pid):.0f}")


def bench_programs(o):
    for name in ("lineproto_bench", "journal_bench", "engine_bench", "history_bench"):
        program = BUILD / name
        if program.exists():
            print(f"\n## {name}\n", flush=True)
            subprocess.run([str(program)], check=False)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--quick", action="store_true", help="one round, fewer samples")
    p.add_argument("--only", default="", help="ingest, single, restart or programs")
    o = p.parse_args()
    o.rounds = 1 if o.quick else 3
    p50, p99 = fsync_probe(tempfile.gettempdir())
    print(f"# Kuangtu bench\n\n{os.cpu_count()} cores; fdatasync of 4 KiB: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    for name, fn in (("ingest", bench_ingest), ("single", bench_single), ("restart", bench_restart), ("programs", bench_programs)):
        if o.only in ("", name):
            fn(o)


if __name__ == "__main__":
    main()
