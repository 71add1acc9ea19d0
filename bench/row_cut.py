# SPDX-License-Identifier: Apache-2.0
"""From a sample on the wire to the cut-off write on the wire, under load and with screens open; and the same
with a throttled disk and producers that never wait."""

import threading
import time

from common import (ROOT, TOOLS, Kuangtu, Mosquitto, answer, cpu_seconds, free_port, quantile, resident_mb, tool,
                    wait_for)
import sites

CHANNELS = 200
BROKER = ROOT / "sites/demo/mosquitto.conf"


def start_cuts(server, broker, device, triggers, seconds):
    return tool("cuts", "--http", server.port, "--mqtt", broker.port, "--device", device, "--token", server.token,
                "--channels", CHANNELS, "--triggers", triggers, "--seconds", seconds, "--pid", server.process.pid)


def cause_of(worst):
    """What the scheduler knows of those milliseconds."""
    named = (("engine", "engine"), ("mb-", "Modbus link"), ("mq-", "MQTT link"))
    parts = [f"{title} waited {worst[k]['waited_ms']:.1f} ms for a processor and ran {worst[k]['ran_ms']:.1f} ms"
             for k, title in named]
    return f"in the {worst['window_ms']:.0f} ms around it " + ", ".join(parts) + \
        f"; the client's own clock was {worst['own_late_ms']:.1f} ms late in all"


def tell(book, r, what, load, batch, durability):
    """One row a wire, one for all; both goals in each."""
    for name in ("http", "mqtt", "modbus", "all"):
        lat = r[name]
        if not lat["n"]:
            continue
        met = lat["p99_ms"] < 5 and lat["p999_ms"] < 25 and r["written"] == r["fired"]
        book.row(f"{what}, {name}", f"p50 {lat['p50_ms']:.2f} ms, p99 {lat['p99_ms']:.2f} ms, p99.9 "
                 f"{lat['p999_ms']:.2f} ms, worst {lat['max_ms']:.1f} ms of {lat['n']}",
                 "p99 < 5 ms, p99.9 < 25 ms", load=load, batch=batch, durability=durability, met=met,
                 latency=lat)
    w = r["worst"]
    for t in r["missed"]:
        print(f"\nNo write: {t['kind']} trigger {t['n']} at {t['at_s']:.1f} s, {t['fate']} (answer after {t['answer_ms']:.0f} ms, "
              f"sent {t['sent_late_ms']:.0f} ms late, calm after {t['calm_ms']:.0f} ms, connection {t['conn']} idle for "
              f"{t['idle_ms']} ms).", flush=True)
    print(f"\nHTTP: {r['connections']} connections, {r['closed_idle']} closed by the program while idle, a new one "
          f"took {r['connect']['max_ms']:.1f} ms at worst.")
    print(f"\nThe worst ({w['kind']}, {w['ms']:.1f} ms): {cause_of(w)}.\n", flush=True)
    book.row(f"{what}: triggers without a write", f"{r['fired'] - r['written']} of {r['fired']}", "0", load=load, batch=batch,
             durability=durability, met=r["written"] == r["fired"], worst=w, missed=r["missed"])


def cut(o, book):
    """10 000 triggers over ten minutes of 100 000 samples/s."""
    seconds = o.seconds or (60 if o.quick else 600)
    triggers, rate, points = seconds * 1000 // 60, 100000, 10000
    device = free_port()
    book.part("Sample on the wire to cut-off write on the wire",
              "200 faces under the rules of pack gas; each trigger is a methane sample over the cut value by HTTP, "
              "MQTT or in the device's own answer; the clock ends when the Modbus write reaches the device.")
    with Mosquitto(BROKER) as broker, Kuangtu(sites.cutting(points, CHANNELS, device, broker.port)) as server:
        feed = tool("feed", "--port", server.port, "--token", server.token, "--points", points, "--lines", 2000,
                    "--rate", rate, "--seconds", seconds + 12, "--conns", 4)
        screens = tool("screens", "--port", server.port, "--token", server.local(), "--clients", 20, "--each", 500,
                       "--points", points, "--seconds", seconds + 12)
        before, began = cpu_seconds(server.process.pid), time.monotonic()
        r = answer(start_cuts(server, broker, device, triggers, seconds), seconds + 120)
        busy = (cpu_seconds(server.process.pid) - before) / (time.monotonic() - began)
        fed, seen = answer(feed), answer(screens)
        tell(book, r, "sample to cut", f"{fed['per_s']:,.0f} samples/s ({busy:.2f} cores), 20 screens",
             "posts of 2000 lines", "the cut goes before durable; producers are answered after fdatasync")
        book.row("the load meanwhile", f"{fed['ok']} posts acknowledged, {fed['busy']} refused, ack p99 "
                 f"{fed['ack'].get('p99_ms', 0):.1f} ms", f"{rate:,} samples/s", load=f"20 screens, values p99 "
                 f"{seen['value'].get('p99_ms', 0):.0f} ms old", batch="2000 lines", durability=server.durability,
                 met=fed["per_s"] > rate * 0.97)


# ---- flood -----------------------------------------------------------------------------------------

class Watch(threading.Thread):
    """Memory and refusals of the server, each half second; the alarms about itself."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.resident, self.rules, self.ended = server, [], set(), False

    def run(self):
        while not self.ended:
            self.resident.append((time.monotonic(), resident_mb(self.server.process.pid)))
            try:
                for a in self.server.api("/alarms?category=self&limit=100", limit=20)["items"]:
                    self.rules.add(a["rule"])
            except OSError:
                pass
            time.sleep(0.5)

    def growth(self):
        """Median of the last fifth against that of the second fifth, in MB."""
        mb = [m for _, m in self.resident]
        n = len(mb) // 5
        return quantile(mb[-n:], 0.5) - quantile(mb[n:2 * n], 0.5), max(mb)


def missing(server, acks, points):
    """Acknowledged samples that history does not have, of every tenth point: each acknowledged post is one sample
    of every point."""
    times = sorted(int(line) for line in open(acks, encoding="ascii"))
    lost, step = 0, 25
    looked_at = range(0, points, 10)
    for first in range(0, len(looked_at), step):
        ids = ",".join(f"P{i:05d}" for i in looked_at[first:first + step])
        got = {p: set() for p in ids.split(",")}
        at = times[0]
        while at is not None:
            more = None
            for p in server.api(f"/history?points={ids}&from={at}&to={times[-1] + 1}&buckets=0")["points"]:
                got[p["id"]].update(p["t"])
                if p["cut"]:
                    more = p["t"][-1] if more is None else min(more, p["t"][-1])
            at = more
        lost += sum(len(set(times) - have) for have in got.values())
    return lost, len(times) * len(looked_at)


def flood(o, book):
    """Ten times what the node takes while its disk is throttled."""
    seconds, points, lines = o.seconds or (60 if o.quick else 600), 4000, 4000
    slow = {"KT_SLOW_SYNC_MS": "20", "KT_SLOW_KBPS": "2000"}
    device = free_port()
    book.part("Producers that never wait, a disk that is throttled",
              "The disk is throttled by bench/slowdisk.c through LD_PRELOAD: each sync takes 20 ms more, and what was "
              "written before it goes at 2000 KB/s.")
    with Mosquitto(BROKER) as broker:
        server = Kuangtu(sites.cutting(points, CHANNELS, device, broker.port, selves=True))
        server.env.update(slow, LD_PRELOAD=str(TOOLS / "slowdisk.so"))
        with server:
            took = server.load(settle=0, points=points, lines=lines, posts=100, conns=8,
                               start=int(time.time() * 1000) - 3600000, step=10)
            capacity = took["per_s"]
            acks = server.dir / "acks"
            feed = tool("feed", "--port", server.port, "--token", server.token, "--points", points, "--lines", lines,
                        "--rate", int(capacity * 10), "--seconds", seconds + 12, "--conns", 64, "--acks", acks)
            watch = Watch(server)
            watch.start()
            triggers = seconds * 1000 // 60
            r = answer(start_cuts(server, broker, device, triggers, seconds), seconds + 180)
            fed = answer(feed, seconds + 300)
            watch.ended = True
            watch.join()
            grown, most = watch.growth()
            load = f"offered {capacity * 10:,.0f} samples/s, ten times the {capacity:,.0f} it takes on this disk"
            durability = "answers after the slowed fdatasync"
            tell(book, r, "sample to cut in a flood", load, f"{lines} lines", durability)
            book.row("memory", f"{grown:+.0f} MB over the flood, most {most:.0f} MB", "flat", load=load, batch=f"{lines} lines",
                     durability=durability, met=grown < max(32, most * 0.05), resident_mb=[round(m) for _, m in watch.resident])
            book.row("producers", f"{fed['ok']} posts acknowledged, {fed['busy']} refused, {fed['held_back']} held back, "
                     f"{fed['other']} other, {fed['early']} not offered, {fed['closed']} connections closed", "slowed or refused", load=load,
                     batch=f"{lines} lines", durability=durability,
                     met=fed["busy"] + fed["held_back"] > 0 and fed["other"] == 0)
            book.row("alarms about itself", ", ".join(sorted(watch.rules)) or "none", "at least one", load=load,
                     met=bool(watch.rules))
            server.kill()
            server.env.pop("LD_PRELOAD")
            server.start()
            lost, all_ = wait_for("the program answers with its new token", lambda: known(server, acks, points))
            lost = settled(lost, lambda: missing(server, acks, points)[0])
            book.row("acknowledged and lost, after kill -9", f"{lost} of {all_:,}", "0", load=load, met=lost == 0)


def settled(lost, look):
    """After the start history takes what the journal holds, as fast as the machine has time for it."""
    least, began = lost, time.monotonic()
    while lost and time.monotonic() < began + 120:
        time.sleep(2)
        lost = look()
        if lost < least:
            least, began = lost, time.monotonic()
    return lost


def known(server, acks, points):
    try:
        return missing(server, acks, points)
    except OSError:
        return None  # run.json is of the life before
