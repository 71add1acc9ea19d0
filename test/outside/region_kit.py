# SPDX-License-Identifier: Apache-2.0
"""Mines and their county over real NATS servers."""

import pathlib
import re
import shutil
import subprocess
from collections import Counter

import kt
from kt import free_port, point

PLACES = "id,parent,kind,name,air_to\ncounty,,mine,演示县,\nmine-a,county,panel,甲矿,\nmine-b,county,panel,乙矿,\n"


class Nats:
    """One nats-server of Debian with JetStream; a leaf of `hub` when there is one."""

    def __init__(self, domain, hub=None):
        self.bin = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
        if not self.bin:
            raise kt.Skip("nats-server is not installed")
        self.dir, self.port, self.leaf = kt.temp_dir("kt-nats-"), free_port(), free_port()
        leaf = (f'remotes = [{{url: "nats-leaf://127.0.0.1:{hub.leaf}"}}], reconnect: 1' if hub
                else f"listen: 127.0.0.1:{self.leaf}")
        self.conf = self.dir / "nats.conf"
        self.conf.write_text(f'listen: 127.0.0.1:{self.port}\nmax_payload: 8MB\nping_interval: "2s"\nping_max: 2\n'
                             f'jetstream {{store_dir: "{self.dir}/js", domain: "{domain}"}}\nleafnodes {{{leaf}}}\n')
        self.process = None
        self.start()

    def start(self):
        self.process = kt.spawn([self.bin, "-c", str(self.conf)], stdout=subprocess.DEVNULL,
                                        stderr=open(self.dir / "log", "ab"))
        SERVERS.append(self)

    def kill9(self):
        self.process.kill()
        self.process.wait()


SERVERS = []


def mine(name, nats):
    """What kt.make_site() takes for a mine that shares W*, T1."""
    rows = [point("W1", "water.level", "P1", link="push"), point("W2", "water.level", "P1", link="push"),
            point("PRIVATE", "water.level", "P1", link="push"), point("T1", "ch4.face", "P1-face", link="push", address="T1")]
    up = {"id": "county", "kind": "upward", "port": nats.port, "node": name, "silent_s": 5,
            "share": {"points": ["W*", "T1"], "alarms": True, "registers": ["county_request"]}}
    people = [dict(p) for p in kt.PEOPLE] + [
        {"id": "chief", "places": ["*"], "rights": ["view", "record.read", "county_request.answer"]}]
    return {"points": rows, "links": [up], "people": people, "packs": ("core", "gas", "dispatch"), "id": name}


def county(nats, mines=("mine-a", "mine-b")):
    """What kt.make_site() takes for their county."""
    rows = [point(f"{m}-{p}", "mine.level", m, link=m, address=p, unit="m") for m in mines for p in ("W1", "W2")]
    rows += [point(f"LINK-{m}", "self.link", m, address=m) for m in mines]
    links = [{"id": m, "kind": "mine", "port": nats.port, "silent_s": 5} for m in mines]
    people = [dict(kt.PEOPLE[0], places=["*"]),
              {"id": "official", "places": ["*"], "rights": ["view", "mine_event.read", "county_order.read",
                                                             "county_order.write", "record.read"]}]
    return {"points": rows, "places": PLACES, "links": links, "people": people, "packs": ("core", "region"), "id": "county"}


def link(program, name):
    return next(x for x in program.local().get("/health")["links"] if x["id"] == name)


def stored(program, name, start, end):
    got = program.local().get("/history", points=name, buckets=0, **{"from": start, "to": end})["points"][0]
    assert not got["cut"]
    return list(zip(got["t"], got["v"], got["q"]))


def in_journal(program, origin=None):
    """Every sample in a stopped program's journal, as often as it stands there: (point, ms, value, quality)."""
    tool = pathlib.Path(kt.BIN).resolve().with_name("journal_samples")
    if not tool.exists():
        raise kt.Skip(f"{tool} is not built (ninja -C build)")
    out = subprocess.run([tool, program.site.dir / "data", *([origin] if origin else [])], check=True, capture_output=True, text=True)
    return Counter(tuple(line.split()[2:]) for line in out.stdout.splitlines())


def requests_in_journal(program, mine):
    """The keys of requests that stand in a journal for what a mine sent, as often as they stand there."""
    found = Counter()
    for f in (program.site.dir / "data/journal").glob("seg-*"):
        found.update(re.findall(rb'"console":"","key":"(' + mine.encode() + rb'/\d+/\d+)"', f.read_bytes()))
    return found


def end():
    for s in SERVERS:
        s.process.kill()
        s.process.wait()
