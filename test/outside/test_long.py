#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long history on the real VictoriaMetrics: it is away and comes back, old months are read from it,
a cluster's URLs and a password."""

import base64
import http.server
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import kt
from kt import Program, case, equal, free_port, make_site, now_ms, point, wait_for

DAY = 86_400_000
OLD = (now_ms() - 100 * DAY) // 1000 * 1000


class Victoria:
    """The program of Debian on a free port; a folder of its own."""

    def __init__(self):
        self.bin = shutil.which("victoria-metrics")
        if not self.bin:
            raise kt.Skip("victoria-metrics is not installed")
        self.dir, self.port, self.process = kt.temp_dir("kt-vm-"), free_port(), None
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = kt.spawn(
            [self.bin, f"-storageDataPath={self.dir}", "-retentionPeriod=100y",
             "-dedup.minScrapeInterval=1ms", f"-httpListenAddr=127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("VictoriaMetrics answers", self.answers)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5) as r:
                return r.status == 200
        except OSError:
            return False

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def export(self, name, at):
        """{ms: value} of one series."""
        urllib.request.urlopen(self.url + "/internal/force_flush", timeout=kt.LIMIT).close()  # else it hides new samples for seconds
        match = f'{{__name__="kuangtu_{name}",site="outside",point="{at}"}}'
        query = urllib.parse.urlencode({"match[]": match, "start": 0})
        with urllib.request.urlopen(f"{self.url}/api/v1/export?{query}", timeout=kt.LIMIT) as r:
            lines = [json.loads(line) for line in r.read().decode().splitlines()]
        return {t: v for line in lines for t, v in zip(line["timestamps"], line["values"])}


def site_with(url, **more):
    rows = [point("W1", "water.level", "P1", link="push", address="W1"), point("T1", "ch4.face", "P1-face", link="push", address="T1"),
            point("KT-long", "self.long", "mine")]
    victoria = {"url": url, **more}
    return make_site(rows, storage={**kt.STORAGE, "victoria": victoria},
                     limits='limits:\n  - {roles: [self.long], values: {alarm: 2}, unit: "s", direction: high}\n')


def state(p):
    return p.local().get("/health")["long_history"]


def push_old(p, at):
    """Samples around a month of 100 days ago, with qualities; answers {ms: (value, quality)}."""
    want = {OLD + i * 60_000: (round(1 + i * 0.01, 2), "normal") for i in range(50)}
    want[OLD + 70 * 60_000] = (3.5, "calibration")
    want[OLD + 71 * 60_000] = (2.5, "broken")
    p.samples(*[(at, v, t, q) for t, (v, q) in want.items()])
    return want


def raw(p, at, start, end):
    got = p.local().history(at, start, end)
    return {t: (v, q) for t, v, q in zip(got["t"], got["v"], got["q"])}, got


@case("VictoriaMetrics is killed and comes back: every sample arrives, once")
def away():
    vm = Victoria()
    p = Program(site_with(vm.url))
    base, sent = now_ms() // 1000 * 1000 - 600_000, {}

    def push(first, n):
        rows = [("W1", (first + i) / 8, base + (first + i) * 100) for i in range(n)]
        p.samples(*rows)
        sent.update({t: v for _, v, t in rows})

    push(0, 500)
    wait_for("the first part is there", lambda: len(vm.export("value", "W1")) == 500)
    vm.kill9()
    push(500, 1000)
    wait_for("it is seen to be away", lambda: not state(p)["up"])
    assert "127.0.0.1" in state(p)["text"], state(p)
    p.local().alarm("core.long-behind", "KT-long")
    p.kill9()  # ours too: the queue is the journal
    p.start()
    push(1500, 100)
    vm.start()
    wait_for("everything is there", lambda: len(vm.export("value", "W1")) == 1600, 180)
    equal(vm.export("value", "W1"), sent)
    wait_for("it is up again", lambda: state(p)["up"] and state(p)["behind_s"] == 0, 180)
    p.local().no_alarm("core.long-behind", "KT-long")
    metrics = Program.local(p).raw("GET", "/metrics")[1].decode()
    assert "kuangtu_long_history_up 1" in metrics and "kuangtu_long_history_gaps_total 0" in metrics
    shown = kt.kuangtu("show", p.site.dir, "long_history").stdout
    assert vm.url in shown, shown


@case("old months leave this machine and are read from there; key points stay; away is said")
def border():
    vm = Victoria()
    site = site_with(vm.url, local_days=31)
    p = Program(site)
    old, recent = push_old(p, "W1"), {}
    push_old(p, "T1")
    for i in range(20):
        recent[now_ms() // 1000 * 1000 - 50_000 + i * 1000] = (7 + i / 4, "normal")
    p.samples(*[("W1", v, t, q) for t, (v, q) in recent.items()])
    wait_for("all is there and safe", lambda: state(p)["complete"] and len(vm.export("value", "W1")) == 71)
    equal(vm.export("quality", "W1")[OLD + 71 * 60_000], 131)  # broken
    span = (OLD - DAY, OLD + DAY)
    before, _ = raw(p, "W1", *span)
    equal(before, old)
    buckets = p.local().history("W1", *span, buckets=48)
    p.stop()
    month = time.strftime("%Y-%m", time.gmtime(OLD / 1000))
    for f in (site.dir / "data/history").glob("*-20*"):
        os.utime(f, (time.time() - 3 * 3600,) * 2)
    assert list((site.dir / "data/history").glob(f"normal-{month}.db*"))
    mark = len(p.lines)
    p.start()
    p.wait_line(f"normal-{month}.* is dropped: it is in the long history", after=mark)
    assert [f for f in (site.dir / "data/history").glob(f"key-{month}.db*") if "lock" not in f.name]
    after, got = raw(p, "W1", *span)
    equal(after, old)
    equal((got["old"]["resolution_ms"], got["old"]["digits"], got["old"].get("away")), (1, 12, None))
    figures = p.local().history("W1", *span, buckets=48)
    assert state(p)["dedup"], state(p)
    for name in ("t", "min", "max", "last", "count", "quality"):
        equal(figures[name], buckets[name], name)
    for a, b in zip(figures["mean"], buckets["mean"]):
        assert a == b or abs(a - b) < 1e-9, (a, b)
    both, _ = raw(p, "W1", OLD - DAY, now_ms() + 60_000)
    equal(both, {**old, **recent})
    wide = p.local().history("W1", OLD - DAY, now_ms() + 60_000, buckets=10)
    equal(sum(wide["count"]), 71 + 0)  # the broken one counts for no figure
    key, got = raw(p, "T1", *span)
    equal(key, old)
    assert "old" not in got, got
    vm.kill9()
    part, got = raw(p, "W1", OLD - DAY, now_ms() + 60_000)
    equal(part, recent)
    assert "127.0.0.1" in got["old"]["away"], got["old"]
    status, body, _ = p.local().call("GET", "/export", points="W1", **{"from": OLD - DAY, "to": now_ms()})
    assert status >= 500 and "127.0.0.1" in body["error"]["text"], (status, body)


class Front(http.server.BaseHTTPRequestHandler):
    """Takes the URLs of a cluster with tenant 42:7 and a password; a single node stands behind it."""
    vm, seen = "", set()

    def do_GET(self):  # pylint: disable=invalid-name
        self.pass_on(None)

    def do_POST(self):  # pylint: disable=invalid-name
        self.pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def pass_on(self, body):
        path = self.path
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"kt:sesame").decode():
            return self.reply(401, b"who are you")
        for head in ("/insert/42:7/prometheus", "/select/42:7/prometheus"):
            if path.startswith(head + "/api/v1/"):
                Front.seen.add(head)
                path = path[len(head):]
                break
        else:
            if path != "/metrics":
                return self.reply(404, b"no such path " + path.encode())
        headers = {"Content-Type": self.headers.get("Content-Type") or "text/plain"}
        try:
            with urllib.request.urlopen(urllib.request.Request(Front.vm + path, body, headers)) as r:
                return self.reply(r.status, r.read())
        except urllib.error.HTTPError as e:
            return self.reply(e.code, e.read())

    def reply(self, status, data):
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@case("a cluster's URLs, and a password from a file; a wrong one is said")
def cluster():
    vm = Victoria()
    Front.vm = vm.url
    front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{front.server_port}"
    site = site_with(url, read_url=url + "/", tenant="42:7", user="kt", password_file="secrets/vm")
    site.write("secrets/vm", "wrong\n").chmod(0o600)
    p = Program(site)
    p.samples(("W1", 1.5, now_ms() - 5000))
    wait_for("the password is refused", lambda: "HTTP 401" in state(p)["text"])
    p.stop()
    site.write("secrets/vm", "sesame\n")
    p.start()
    wait_for("the sample is there", lambda: list(vm.export("value", "W1").values()) == [1.5])
    assert "/insert/42:7/prometheus" in Front.seen, Front.seen
    assert "sesame" not in "\n".join(p.lines) and "sesame" not in json.dumps(state(p))
    front.shutdown()


@case("settings that do not fit together are refused")
def settings():
    for more, text in ((dict(url="ftp://x"), "http://"), (dict(url="http://x:1", tenant="a"), "tenant"),
                       (dict(url="", local_days=31), "local_days"),
                       (dict(url="http://x:1", user="u"), "password_file")):
        site = site_with(**more)
        got = kt.kuangtu("check", site.dir, check=False)
        assert got.returncode != 0 and text in got.stdout + got.stderr, got.stdout + got.stderr


if __name__ == "__main__":
    raise SystemExit(kt.main())
