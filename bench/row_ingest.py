# SPDX-License-Identifier: Apache-2.0
"""What comes in: line protocol in large and small posts, one sample a request over HTTP and MQTT, restart."""

import os
import statistics
import subprocess
import time

from common import (ROOT, TOOLS, Kuangtu, Mosquitto, Skip, Victoria, answer, cpu_seconds, resident_mb, tool, wait_for)
import sites

BROKER = ROOT / "sites/demo/mosquitto.conf"


def now_ms():
    """Samples are of the present, a step a round of the points, so that rules look at each of them."""
    return int(time.time() * 1000)


def rounds(make_server, n, **opt):
    """Median over the rounds, each on a server of its own, CPU of the settling time included."""
    out = []
    for _ in range(n):
        with make_server() as s:
            out.append(s.load(start=now_ms(), **opt))
    return {k: statistics.median(r[k] for r in out) for k in out[0]}


def ingest(o, book):
    million = 1 if o.quick else 4
    book.part("Ingest of line protocol over HTTP, 10 000 series",
              "Ratio: CPU seconds a million samples, ours by the peer's, with what is done after the answers.")
    goals = {20000: ("a quarter of the peer's CPU, 5 M samples/s", lambda r, ratio: ratio <= 0.25 and r["per_s"] >= 5e6),
             1000: ("0.20 CPU s a million", lambda r, ratio: r["cpu_s_per_million"] <= 0.2),
             100: ("0.7 CPU s a million", lambda r, ratio: r["cpu_s_per_million"] <= 0.7)}
    for lines, conns, random in ((20000, 1, False), (1000, 4, True), (100, 4, False)):
        posts = million * 1_000_000 // lines if lines > 100 else 5000
        opt = {"points": 10000, "lines": lines, "conns": conns, "posts": posts, "step": 1}
        if random:
            opt["random"] = True
        ours = rounds(lambda: Kuangtu(sites.plain(10000)), o.rounds, **opt)
        peer = rounds(Victoria, o.rounds, **opt)
        ratio = ours["cpu_s_per_million"] / peer["cpu_s_per_million"]

        def said(r):
            return f"{r['cpu_s_per_million']:.3f} CPU s a million, {r['per_s']:,.0f} samples/s, p99 {r['p99_ms']:.1f} ms"
        book.row(f"{lines} lines a post, {'random' if random else 'stable'} order", said(ours), goals[lines][0], said(peer), ratio,
                 load=f"{conns} connections", batch=f"{lines} lines",
                 durability=f"ours {Kuangtu.durability}; peer {Victoria.durability}",
                 met=goals[lines][1](ours, ratio), ours=ours, theirs=peer)


def single_http(o, book):
    opt = {"points": 10000, "lines": 1, "conns": 64, "posts": 60000 if o.quick else 300000, "step": 1}
    ours = rounds(lambda: Kuangtu(sites.plain(10000)), o.rounds, settle=1, **opt)
    peer = rounds(Victoria, o.rounds, settle=1, **opt)
    fast = book.machine["fdatasync_p50_ms"] < 1
    book.row("HTTP keep-alive", f"{ours['per_s']:,.0f}/s, p50 {ours['p50_ms']:.2f} ms, p99 {ours['p99_ms']:.2f} ms, "
             f"{ours['cpu_s_per_million']:.1f} CPU s a million", "30 000/s where a 4 KiB fdatasync takes under 1 ms",
             f"{peer['per_s']:,.0f}/s, {peer['cpu_s_per_million']:.1f} CPU s a million", ours["per_s"] / peer["per_s"],
             load=f"64 connections; fdatasync {book.machine['fdatasync_p50_ms']:.2f} ms", batch="1 sample",
             durability=f"ours {Kuangtu.durability}; peer {Victoria.durability}",
             met=ours["per_s"] >= 30000 if fast else None, ours=ours, theirs=peer)


def publish(broker, messages, points):
    return tool("mqttload", "publish", "--port", broker.port, "--points", points, "--messages", messages,
                "--window", 1000)


def to_plain_subscriber(messages, points):
    """What the same broker passes to a client that only acknowledges."""
    with Mosquitto(BROKER) as broker:
        plain = tool("mqttload", "subscribe", "--port", broker.port, "--messages", messages)
        plain.stderr.readline()
        time.sleep(0.5)
        sent = answer(publish(broker, messages, points))
        got = answer(plain)
        return {"lost": messages - got["messages"], "per_s": got["messages"] / (got["ended"] - sent["begun"]),
                "cpu_s": cpu_seconds(broker.process.pid)}


def to_kuangtu(messages, points):
    """The same producer; the end is when the program has acknowledged the last one that the broker has."""
    with Mosquitto(BROKER) as broker, Kuangtu(sites.over_mqtt(points, broker.port)) as server:
        def link():
            return next((x for x in server.api("/health")["links"] if x["id"] == "broker"), {})
        wait_for("the link is up", lambda: link().get("up"))
        child = publish(broker, messages, points)
        sent = answer(child)
        last, ended = -1, time.monotonic()
        while time.monotonic() < ended + 20:
            n = server.metrics()["kuangtu_samples_total"]
            if n != last:
                last, ended = n, time.monotonic()
            if n >= messages:
                break
            time.sleep(0.01)
        time.sleep(1)
        stored = stored_samples(server, points, sent["start_ms"], messages)
        return {"lost": messages - stored, "per_s": stored / (ended - sent["begun"]),
                "cpu_s": cpu_seconds(server.process.pid)}


def stored_samples(server, points, start_ms, messages):
    n, to = 0, start_ms + messages // points + 1
    for first in range(0, points, 100):
        ids = ",".join(f"P{i:05d}" for i in range(first, min(first + 100, points)))
        got = server.api(f"/history?points={ids}&from={start_ms}&to={to}&buckets=1")
        n += sum(sum(p["count"]) for p in got["points"])
    return n


def single_mqtt(o, book):
    messages, points = (200000 if o.quick else 1000000), 1000
    out = []
    for _ in range(o.rounds):
        plain, ours = to_plain_subscriber(messages, points), to_kuangtu(messages, points)
        out.append((ours["per_s"] / plain["per_s"], ours, plain))
    ratio, ours, plain = sorted(out, key=lambda x: x[0])[len(out) // 2]
    lost = sum(x[1]["lost"] for x in out)
    book.row("MQTT QoS 1", f"{ours['per_s']:,.0f}/s, {lost} lost, {ours['cpu_s']:.1f} CPU s",
             "nine tenths of a plain subscriber, none lost",
             f"{plain['per_s']:,.0f}/s, {plain['lost']} lost, broker {plain['cpu_s']:.1f} CPU s", ratio,
             load=f"{messages:,} messages, window 1000", batch="1 sample",
             durability="PUBACK after fdatasync; the subscriber acknowledges at once; sites/demo/mosquitto.conf",
             met=ratio >= 0.9 and lost == 0, ours=ours, theirs=plain)


def single(o, book):
    book.part("One sample per request")
    for fn in (single_http, single_mqtt):
        try:
            fn(o, book)
        except Skip as why:
            book.skip(fn.__name__, str(why))


def restart(o, book):
    points, posts = (10000, 50) if o.quick else (100000, 60)
    book.part("Start after kill -9")
    with Kuangtu(sites.plain(points)) as s:
        s.load(settle=0, points=points, lines=20000, posts=posts, start=now_ms(), step=1)
        s.kill()
        begun = time.monotonic()
        s.start()
        took = time.monotonic() - begun
        resident = resident_mb(s.process.pid)
        book.row("live values again", f"{took:.2f} s, {resident:.0f} MB resident",
                 "2 s, 300 MB" + (" with 100 000 points" if o.quick else ""),
                 load=f"{points:,} points, {posts * 20000:,} samples in the journal", batch="20 000 lines",
                 durability=Kuangtu.durability, met=took < 2 and resident < 300, seconds=took)


def programs(o, book):
    if o.quick and not o.only:
        return
    book.part("Rooms by themselves")
    for name in ("lineproto_bench", "journal_bench", "engine_bench", "history_bench", "record_bench"):
        print(f"\n### {name}\n", flush=True)
        subprocess.run([str(TOOLS / name)], check=False, env={**os.environ, "KT_SOURCE": str(ROOT)})
