# SPDX-License-Identifier: Apache-2.0
"""What the rows of the bench share: servers on fresh folders, probes of the machine, and the book that
every row is written into (printed as it comes, kept as JSON in bench-out/)."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM, TOOLS = ROOT / "build/kuangtu", ROOT / "build/bench"
OUT = ROOT / "bench-out"
SETTLE_S = 6


class Skip(Exception):
    """A row that cannot run here; the text is the reason."""


# ---- machine -------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fsync_probe(folder):
    """Median and 99th percentile of fdatasync after a write of 4 KiB, in ms."""
    path, took = Path(folder) / f"kt-probe-{os.getpid()}", []
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


def machine():
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "?")
    p50, p99 = fsync_probe(tempfile.gettempdir())
    return {"cores": os.cpu_count(), "cpu": model, "fdatasync_p50_ms": round(p50, 3),
            "fdatasync_p99_ms": round(p99, 3), "load_average": os.getloadavg()[0]}


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_seconds(pid):
    """CPU seconds by name of thread."""
    out = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        fields = text.rpartition(")")[2].split()
        out[name] = out.get(name, 0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return out


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def forget_files(folder):
    """The page cache lets go of every file below the folder."""
    os.sync()
    for path in Path(folder).rglob("*"):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def quantile(values, q):
    s = sorted(values)
    return s[min(len(s) - 1, int(len(s) * q))] if s else float("nan")


# ---- HTTP ----------------------------------------------------------------------------------------

def http(url, token=None, body=None, limit=120):
    head = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, data=body, headers=head)
    with urllib.request.urlopen(request, timeout=limit) as r:
        return r.read()


def wait_for(what, fn, seconds=60, every=0.1):
    end = time.monotonic() + seconds
    while True:
        got = fn()
        if got:
            return got
        if time.monotonic() > end:
            raise SystemExit(f"bench: did not happen within {seconds} s: {what}")
        time.sleep(every)


CHILDREN = []


def tool(name, *args, **popen):
    """A measuring program as a child; its answer is one JSON line."""
    CHILDREN.append(subprocess.Popen([str(TOOLS / name), *map(str, args)], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, **popen))
    return CHILDREN[-1]


def end_tools():
    """Those that a row which broke off has left behind."""
    while CHILDREN:
        end(CHILDREN.pop())


def answer(child, limit=900):
    out, err = child.communicate(timeout=limit)
    if child.returncode:
        raise SystemExit(f"bench: {child.args[0]}: exit {child.returncode}: {err.strip()}")
    return json.loads(out)


def end(process):
    if process and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# ---- servers -------------------------------------------------------------------------------------

class Server:
    """One server on a fresh folder; ended with the block."""

    def __init__(self):
        self.dir, self.port, self.process = Path(tempfile.mkdtemp(prefix="kt-bench-")), free_port(), None
        self.env = dict(os.environ)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def start(self):
        with open(self.dir.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=log, env=self.env)
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            try:
                http(self.url + self.health, limit=1)
                return
            except OSError:
                time.sleep(0.02)
        said = self.dir.with_suffix(".log").read_text(errors="replace")[-2000:]
        self.__exit__(None)
        raise SystemExit(f"bench: {self.name} does not start: {said}")

    def stop(self):
        end(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, kind, *_):
        self.stop()
        log = self.dir.with_suffix(".log")
        if kind and log.exists():
            print(log.read_text(errors="replace")[-2000:], file=sys.stderr)
        log.unlink(missing_ok=True)
        shutil.rmtree(self.dir, ignore_errors=True)

    def load(self, settle=SETTLE_S, **opt):
        """Line protocol through loadgen; CPU seconds with what the server puts off until after."""
        args = ["127.0.0.1", self.port, "/write", "--pid", self.process.pid, "--token", self.token]
        for k, v in opt.items():
            args += [f"--{k}"] + ([] if v is True else [v])
        before = cpu_seconds(self.process.pid)
        r = answer(tool("loadgen", *args))
        time.sleep(settle)
        r["cpu_s"] = cpu_seconds(self.process.pid) - before
        r["cpu_s_per_million"] = r["cpu_s"] / max(r["samples"], 1) * 1e6
        return r


class Kuangtu(Server):
    """`make(folder, address)` writes the site and answers the producer's token."""
    health, name = "/healthz", "kuangtu"
    durability = "every answer after fdatasync of the journal"

    def __init__(self, make, ui=""):
        super().__init__()
        self.ui = ui
        self.token = make(self.dir, f"127.0.0.1:{self.port}")

    def command(self):
        return [str(PROGRAM), "serve", str(self.dir), "--ui", str(self.ui)]

    def local(self):
        path = self.dir / "data/run.json"
        wait_for("the program has said its token", path.exists)
        return json.loads(path.read_text())["token"]

    def api(self, path, limit=120):
        return json.loads(http(f"{self.url}/api/v1{path}", self.local(), limit=limit))

    def metrics(self):
        lines = http(self.url + "/metrics").decode().splitlines()
        return {k: float(v) for k, v in (line.split() for line in lines if not line.startswith("#"))}


class Victoria(Server):
    health, name, token = "/health", "victoria-metrics", "none"
    durability = "answers when the samples are in memory"

    def __init__(self):
        super().__init__()
        if not shutil.which("victoria-metrics"):
            raise Skip("victoria-metrics is not installed")

    def command(self):
        return [shutil.which("victoria-metrics"), f"-storageDataPath={self.dir}/vm", "-retentionPeriod=100y",
                f"-httpListenAddr=127.0.0.1:{self.port}", "-search.maxPointsPerTimeseries=1000000",
                "-search.maxSamplesPerQuery=1000000000"]


class Mosquitto:
    """The real broker with a configuration of the repository, on a free port."""

    def __init__(self, conf):
        self.program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if not self.program:
            raise Skip("mosquitto is not installed")
        self.dir, self.port = Path(tempfile.mkdtemp(prefix="kt-bench-mq-")), free_port()
        lines = [line for line in Path(conf).read_text().splitlines() if not line.startswith("listener ")]
        path = self.dir / "mosquitto.conf"
        path.write_text(f"listener {self.port} 127.0.0.1\n" + "\n".join(lines) + "\n")
        self.process = subprocess.Popen([self.program, "-c", str(path)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        wait_for("the broker listens", listens)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- the book ------------------------------------------------------------------------------------

class Book:
    """Rows as they come: printed as a table, kept as JSON."""

    def __init__(self):
        self.machine, self.rows, self.title = machine(), [], None
        m = self.machine
        print(f"# Kuangtu bench\n\n{m['cores']} cores ({m['cpu']}); fdatasync of 4 KiB: p50 "
              f"{m['fdatasync_p50_ms']:.2f} ms, p99 {m['fdatasync_p99_ms']:.2f} ms; load average "
              f"{m['load_average']:.1f}")

    def part(self, title, *notes):
        self.title = title
        print(f"\n## {title}\n")
        for n in notes:
            print(n + "\n")
        print("| what | figure | goal | peer | ratio | load | batch | durability | met |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)

    def row(self, what, figure, goal="-", peer="-", ratio=None, load="-", batch="-", durability="-",
            met=None, **raw):
        """met: True, False, or None where there is nothing to meet. raw: numbers for the JSON."""
        said = {True: "met", False: "NOT MET", None: "-"}[met]
        text = f"{ratio:.2f}" if ratio is not None else "-"
        print(f"| {what} | {figure} | {goal} | {peer} | {text} | {load} | {batch} | {durability} | {said} |",
              flush=True)
        self.rows.append({"part": self.title, "what": what, "figure": figure, "goal": goal, "peer": peer,
                          "ratio": ratio, "load": load, "batch": batch, "durability": durability, "met": met,
                          "load_average": round(os.getloadavg()[0], 2), **raw})
        self.write()

    def skip(self, what, why):
        print(f"| {what} | skipped: {why} | | | | | | | - |", flush=True)
        self.rows.append({"part": self.title, "what": what, "skipped": why})
        self.write()

    def fail(self, what, why):
        why = " ".join(why.split())
        print(f"| {what} | broke off: {why[:300]} | | | | | | | NOT MET |", flush=True)
        self.rows.append({"part": self.title, "what": what, "failed": why})
        self.write()

    def failed(self):
        return [r for r in self.rows if "failed" in r]

    def write(self):
        OUT.mkdir(exist_ok=True)
        (OUT / "bench.json").write_text(json.dumps({"machine": self.machine, "rows": self.rows}, indent=1,
                                                   ensure_ascii=False))

    def unmet(self):
        return [r for r in self.rows if r.get("met") is False]
