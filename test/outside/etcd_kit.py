# SPDX-License-Identifier: Apache-2.0
"""Real etcd servers on loopback, and two nodes of the program on one site."""

import json
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

import kt

HEARTBEAT, ELECTION = 50, 500  # ms


class Server:
    def __init__(self, name, folder, cluster):
        self.name, self.dir, self.cluster = name, folder, cluster
        self.client, self.peer = kt.free_port(), kt.free_port()
        self.process, self.before = None, []  # before: words of a command that etcd runs behind

    def start(self):
        program = shutil.which("etcd")
        peers = ",".join(f"{s.name}=http://127.0.0.1:{s.peer}" for s in self.cluster.servers)
        url, peer = f"http://127.0.0.1:{self.client}", f"http://127.0.0.1:{self.peer}"
        self.log = open(self.dir / f"{self.name}.log", "ab")  # pylint: disable=consider-using-with
        self.process = kt.spawn(
            [*self.before, program, "--name", self.name, "--data-dir", str(self.dir / self.name),
             "--listen-client-urls", url, "--advertise-client-urls", url,
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
             "--initial-cluster", peers, "--initial-cluster-state", "new",
             "--heartbeat-interval", str(HEARTBEAT), "--election-timeout", str(ELECTION),
             "--snapshot-count", "2000", "--logger", "zap", *self.cluster.words], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)

    def ask(self, path, body=None, limit=1):
        request = urllib.request.Request(f"http://127.0.0.1:{self.client}{path}",
                                         json.dumps(body or {}).encode())
        with urllib.request.urlopen(request, timeout=limit) as answer:
            return json.load(answer)

    def leads(self):
        try:
            got = self.ask("/v3/maintenance/status")
            return got["leader"] == got["header"]["member_id"]
        except OSError:
            return False

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None


class Etcd:
    """Three servers, or one."""

    def __init__(self, n=3, words=(), start=True):
        if not shutil.which("etcd"):
            raise kt.Skip("etcd is not installed (Debian: etcd-server)")
        self.words, self.dir = words, kt.temp_dir("kt-etcd-")
        self.servers = []
        self.servers += [Server(f"e{i}", self.dir, self) for i in range(n)]
        if start:
            self.start()

    def start(self):
        """Those that do not run."""
        for s in self.servers:
            if not s.process or s.process.poll() is not None:
                s.start()
        self.leader()

    def leader(self):
        return kt.wait_for("etcd has a leader", lambda: next((s for s in self.servers if s.leads()), None))

    def address(self, prefix="mine"):
        return "etcd://" + ",".join(f"127.0.0.1:{s.client}" for s in self.servers) + "/" + prefix

    def stop(self):
        for s in self.servers:
            s.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def local(node):
    """As Program.local(), with the token of the program that began again."""
    node.local_token = json.loads((node.site.dir / "data/run.json").read_text())["token"]
    return kt.Program.local(node)


def second(site):
    """The same folder once more, for another node."""
    other = kt.Site()
    shutil.copytree(site.dir, other.dir, ignore=shutil.ignore_patterns("data"))
    other.tokens = dict(site.tokens)
    other.conf = getattr(site, "conf", None)
    return other


class Pair:
    """Two nodes on one site; `a` has started first. `bins`: the programs, where not the usual one."""

    def __init__(self, etcd, points, files=None, address=None, bins=None, **more):
        self.etcd = etcd
        site = kt.make_site(points, journal=address or etcd.address(), **more)
        for name, text in (files or {}).items():
            site.write(name, text)
        self.sites = [site, second(site)]
        self.nodes = [kt.Program(s, "--node", f"node-{n}", start=False)
                      for s, n in zip(self.sites, "ab")]
        for n, program in zip(self.nodes, bins or [kt.BIN] * 2):
            n.bin = program
            n.port = kt.free_port()  # it may begin again in the same process, at the same address
            n.local = lambda n=n: local(n)
            n.start()

    @staticmethod
    def cluster(node):
        return node.local().get("/health").get("cluster") or {}

    def role(self, node):
        try:
            return self.cluster(node).get("role")
        except (OSError, ValueError, kt.Refused, AssertionError):
            return None

    def active(self, limit=None):
        def look():
            found = [n for n in self.nodes if n.alive() and self.role(n) == "active"]
            return found[0] if len(found) == 1 else None
        return kt.wait_for("one node is active", look, limit)

    def other(self, node):
        return self.nodes[1 - self.nodes.index(node)]

    def level(self, node):
        """The follower has all that the active one has in the common order."""
        def look():
            try:
                mine, all_ = self.cluster(node), self.cluster(self.other(node))
            except (OSError, ValueError, kt.Refused, AssertionError):
                return False  # it may begin again just now
            return mine.get("role") == "follows" and mine["last"] >= all_.get("durable", 1 << 62) - 40
        kt.wait_for("the follower is level", look)

    def stop(self):
        for n in self.nodes:
            n.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def since(moment):
    return time.monotonic() - moment


class Counter(threading.Thread):
    """Counts up on a point at whichever node takes it; keeps what was acknowledged."""

    def __init__(self, pair, point, pause=0):
        super().__init__(daemon=True)
        self.pause = pause
        self.pair, self.point, self.next = pair, point, int(time.time() * 1000) % (1 << 30)
        self.begin = kt.now_ms() - 1000
        self.acked, self.stopping, self.longest, self.when = [], False, 0, time.monotonic()

    def run(self):
        at = 0
        while not self.stopping:
            node = self.pair.nodes[at % 2]
            value, self.next = self.next, self.next + 1
            try:
                status, _ = node.write(f"{self.point} value={value} {time.time_ns()}\n")
            except OSError:
                status = 0
            if status == 204:
                self.acked.append(value)
                self.longest = max(self.longest, since(self.when))
                self.when = time.monotonic()
                time.sleep(self.pause)
            else:
                at += 1
                time.sleep(0.02)

    def end(self):
        self.stopping = True
        self.join()


def stored(node, name, start):
    got = node.local().get("/history", points=name, **{"from": start, "to": kt.now_ms() + 1000},
                           buckets=0)["points"][0]
    return got["v"]
