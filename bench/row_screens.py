# SPDX-License-Identifier: Apache-2.0
"""What people see: alarms in a storm, two hundred screens, the map in a browser without a GPU."""

import json
import os
import shutil
import subprocess
import time
import urllib.request

from common import (ROOT, Kuangtu, Skip, answer, cpu_seconds, end, http, quantile, thread_seconds, tool,
                    wait_for)
import sites

OWN = "Viel-Licht-2026"  # no name of the user in it


def alarms(o, book):
    """100 000 points, all in alarm; then 10 000 changes a second."""
    points, rate, seconds = 100000, 10000, 20 if o.quick else 60
    book.part("Alarms: 100 000 points, a storm")
    with Kuangtu(sites.plain(points)) as s:
        first = answer(tool("feed", "--port", s.port, "--token", s.token, "--points", points, "--lines", 5000, "--rate",
                            50000, "--seconds", 2, "--values", "high"))
        wait_for("all points are in alarm", lambda: s.metrics()["kuangtu_alarms_active"] >= points, 120)
        quiet = [list_ms(s) for _ in range(3)]
        before = s.metrics()["kuangtu_outcomes_total"]
        screens = tool("screens", "--port", s.port, "--token", s.local(), "--clients", 3, "--each", 500, "--points", points,
                       "--seconds", seconds + 60)
        time.sleep(2)
        cpu, began = cpu_seconds(s.process.pid), time.monotonic()
        feed = tool("feed", "--port", s.port, "--token", s.token, "--points", points, "--lines", 1000, "--rate", rate,
                    "--seconds", seconds, "--values", "low-high")
        stormy = []
        while feed.poll() is None:
            stormy.append(list_ms(s))
            time.sleep(1)
        fed = answer(feed)
        busy = (cpu_seconds(s.process.pid) - cpu) / (time.monotonic() - began)
        time.sleep(3)
        end_politely(screens)
        seen = answer(screens)
        changes = s.metrics()["kuangtu_outcomes_total"] - before
        load = f"100 000 active, {rate:,} changes/s, 3 screens ({busy:.2f} cores)"
        book.row("the list opens, no storm", f"{quantile(quiet, 0.5):.0f} ms, worst {max(quiet):.0f} ms", "under 1 s",
                 load="100 000 active alarms", met=max(quiet) < 1000)
        book.row("the list opens, in the storm", f"{quantile(stormy, 0.5):.0f} ms, worst {max(stormy):.0f} ms", "under 1 s",
                 load=load, met=max(stormy) < 1000)
        lat = seen["alarm"]
        book.row("the strip behind the alarm", f"p50 {lat.get('p50_ms', 0):.0f} ms, p99 {lat.get('p99_ms', 0):.0f} ms, worst "
                 f"{lat['max_ms']:.0f} ms", "never more than 500 ms", load=load, batch="1000 lines",
                 durability="shown when durable", met=lat["max_ms"] <= 500 and lat["n"] > 0)
        expected = fed["samples"]
        book.row("changes that a screen did not get", f"{expected - seen['alarms_least']:.0f} of {expected:,} "
                 f"({changes:,.0f} outcomes written; {seen['ended']} streams ended)", "0", load=load,
                 met=seen["alarms_least"] >= expected and seen["ended"] == 0 and first["other"] == 0)


def list_ms(server):
    """As the screen opens it: the first page, parsed."""
    begun = time.perf_counter()
    json.loads(http(f"{server.url}/api/v1/alarms?state=active", server.local()))
    return (time.perf_counter() - begun) * 1e3


def end_politely(child):
    child.terminate()


def screens(o, book):
    """200 browsers, 500 visible points each, 2 Hz."""
    points, clients, each, seconds = 10000, 200, 500, 15 if o.quick else 60
    book.part("200 screens", "Delivery: from the time in the sample, set by the producer as it sends, to its event read by "
              "the browser. CPU: that of the program with the screens less that without, under the same load.")
    with Kuangtu(sites.plain(points)) as s:
        def fed():
            return tool("feed", "--port", s.port, "--token", s.token, "--points", points, "--lines", points, "--rate",
                        points * 2, "--seconds", seconds, "--conns", 1)
        feed, before = fed(), cpu_seconds(s.process.pid)
        answer(feed)
        alone = cpu_seconds(s.process.pid) - before
        screens_ = tool("screens", "--port", s.port, "--token", s.local(), "--clients", clients, "--each", each, "--points",
                        points, "--seconds", seconds + 30)
        time.sleep(4)
        feed, before, threads = fed(), cpu_seconds(s.process.pid), thread_seconds(s.process.pid)
        answer(feed)
        both = cpu_seconds(s.process.pid) - before
        after = thread_seconds(s.process.pid)
        end_politely(screens_)
        seen = answer(screens_)
        share = (both - alone) / seconds * 100
        streams = (after.get("streams", 0) - threads.get("streams", 0)) / seconds * 100
        lat, load = seen["value"], f"{clients} screens, {each} points each, all change at 2 Hz"
        book.row("CPU", f"{share:.1f} % of a core (thread of the streams {streams:.1f} %)", "under 5 %",
                 load=load, durability="shown as applied", met=share < 5)
        book.row("delivery", f"p50 {lat['p50_ms']:.0f} ms, p99 {lat['p99_ms']:.0f} ms, worst {lat['max_ms']:.0f} ms; "
                 f"{seen['live'] / clients / seconds:.1f} events/s a screen, {seen['ended']} ended", "p99 under 50 ms",
                 load=load, batch=f"{points} lines", met=lat["p99_ms"] < 50 and seen["ended"] == 0)


def own_password(server, first):
    """The first log-in asks for a password of one's own."""
    head = {"Content-Type": "application/json", "X-Kuangtu": "1"}
    login = urllib.request.Request(f"{server.url}/api/v1/login", headers=head,
                                   data=json.dumps({"user": "bench", "password": first}).encode())
    with urllib.request.urlopen(login) as r:
        head["Cookie"] = r.headers["Set-Cookie"].split(";")[0]
    change = urllib.request.Request(f"{server.url}/api/v1/password", headers=head,
                                    data=json.dumps({"old": first, "new": OWN}).encode())
    urllib.request.urlopen(change).read()
    return OWN


def map_(o, book):
    """5 000 live points at 2 Hz in headless Chromium without a GPU."""
    points, seconds = 5000, 20 if o.quick else 60
    book.part("The map", "Debian's Chromium, headless, software drawing; time between frames while values come.")
    if not shutil.which("chromium"):
        raise Skip("chromium is not installed")
    ui = ROOT / "web/dist"
    if not (ui / "index.html").exists() or not (ROOT / "web/node_modules/playwright-core").exists():
        raise Skip("web/dist or web/node_modules is missing (scripts/build)")
    spread = {"at": lambda i: (500000 + i % 100 * 40, 4000000 + i // 100 * 40)}
    with Kuangtu(sites.plain(points, **spread), ui=ui) as s:
        p = subprocess.run([str(ROOT / "build/kuangtu"), "user", "add", str(s.dir), "bench", "--roles", "dispatcher"],
                           capture_output=True, text=True, check=True)
        password = own_password(s, p.stdout.split("password ")[1].split()[0])
        feed = tool("feed", "--port", s.port, "--token", s.token, "--points", points, "--lines", points, "--rate", points * 2,
                    "--seconds", seconds + 25, "--conns", 1)
        env = {**os.environ, "KT_URL": s.url + "/", "KT_USER": "bench", "KT_PASSWORD": password, "KT_SECONDS": str(seconds)}
        r = subprocess.run(["node", str(ROOT / "bench/map.mjs")], env=env, capture_output=True, text=True, check=False)
        end(feed)
        if r.returncode:
            raise SystemExit("bench: map.mjs: " + r.stderr[-1500:] + r.stdout[-500:])
        m = json.loads(r.stdout.strip().splitlines()[-1])
        for what, f in m["phases"].items():
            book.row(what, f"median {f['median']:.1f} ms, p99 {f['p99']:.1f} ms, worst {f['worst']:.1f} ms of {f['frames']} "
                     f"frames", "median under 20 ms, none over 100 ms", load=f"{m['drawn']} points at 2 Hz, 1366 × 768",
                     met=f["median"] < 20 and f["worst"] <= 100, frames=f)
