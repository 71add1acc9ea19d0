#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mine and its county over real NATS leaf nodes: values, alarms and requests; thirteen hours
without a link, and everything killed while they are sent afterwards."""

import os
import random
import re
import shutil
from collections import Counter

import kt
import region_kit
from kt import Program, case, equal, make_site, now_ms, once, wait_for
from region_kit import Nats, link, stored

HOURS = 13


@once
def region():
    hub = Nats("county")
    leaf = Nats("mine-a", hub)
    return hub, leaf, Program(make_site(**region_kit.county(hub))), Program(make_site(**region_kit.mine("mine-a", leaf)))


@case("values with their own time, alarms as rows; what is not shared stays; a silent mine is said")
def values():
    _, _, county, mine = region()
    start = now_ms() // 1000 * 1000 - 60_000
    mine.samples(("W1", 1.25, start), ("PRIVATE", 9, start), ("T1", 2.6, start + 1000))
    wait_for("the value is there", lambda: stored(county, "mine-a-W1", start - 1000, start + 1000))
    equal(stored(county, "mine-a-W1", start - 1000, start + 1000), [(start, 1.25, "normal")])
    eye = county.user("zhou", "official")

    def events():
        return [r["fields"] for r in eye.get("/records/mine_event")["items"]]
    wait_for("the alarm is there", lambda: [e for e in events() if e["subject"].startswith("gas.") and e["point"] == "T1"])
    body = events()[-1]["body"]
    assert '"by"' not in body and '"zh":"甲烷' in body, body
    for f in (county.site.dir / "data/journal").glob("seg-*"):
        assert b"PRIVATE" not in f.read_bytes()
    assert link(county, "mine-a")["up"] and not link(county, "mine-b")["up"]
    county.local().alarm("core.link-down", "LINK-mine-b")
    assert re.search(r"[\d.]+ kB/s", link(county, "mine-a")["text"]), link(county, "mine-a")
    assert re.search(r"[\d.]+ kB/s", link(mine, "county")["text"]), link(mine, "county")


@case("a request of the county is a case at the mine, and a person's answer comes back")
def request():
    _, _, county, mine = region()
    asks, answers = county.user("wang", "official"), mine.user("li", "chief")
    asks.ask("record.create", register="county_order", fields={"mine": "mine-a", "title": "报送本周通风报表"})

    def cases():
        return answers.get("/records/county_request")["items"]
    got = wait_for("the case is there", cases)[0]
    equal((got["fields"]["title"], got["state"]), ("报送本周通风报表", "asked"))
    answers.ask("record.move", record=got["id"], version=got["version"], transition="refuse", note="本周检修")
    wait_for("the answer is there", lambda: [
        r for r in asks.get("/records/mine_event")["items"]
        if r["fields"]["subject"] == "county_request" and r["fields"]["state"] == "refused"])
    equal(len(cases()), 1)


@case("thirteen hours without a link, then servers and programs killed: all of it, in order, once")
def outage():
    hub, leaf, county, mine = region()
    hub.kill9()
    wait_for("the mine sees it", lambda: not link(mine, "county")["up"])
    late = county.local().get("/health")["engine"]["late"]
    end = now_ms() // 1000 * 1000
    start = end - HOURS * 3_600_000
    rows = [(f"W{p}", round(i / 10 + p, 1), start + i * 4000) for i in range(HOURS * 900) for p in (1, 2)]
    for i in range(0, len(rows), 5000):
        mine.samples(*rows[i:i + 5000])
    assert not [r for r in stored(county, "mine-a-W2", start, end + 1000)]
    hub.start()
    wait_for("it begins", lambda: stored(county, "mine-a-W2", start, end + 1000))
    leaf.kill9()  # while it is sent
    leaf.start()
    mine.kill9()
    county.kill9()
    mine.start()
    county.start()
    hub.kill9()
    hub.start()
    for p in (1, 2):
        want = stored(mine, f"W{p}", start, end + 1000)
        assert len(want) >= HOURS * 900
        wait_for(f"all of W{p} is there", lambda p=p, n=len(want):
                 len(stored(county, f"mine-a-W{p}", start, end + 1000)) == n, limit=180)
        equal(stored(county, f"mine-a-W{p}", start, end + 1000), want)
    wait_for("it is quiet", lambda: "0 messages not confirmed" in link(mine, "county")["text"])
    text = link(county, "mine-a")["text"]
    assert " 0 gaps" in text, text
    # present values went ahead: what came behind them was late
    got = county.local().get("/health")["engine"]["late"] - late
    assert got > len(rows) * 0.9, (got, len(rows))
    kt.note(text)
    kt.kuangtu("verify", county.site.dir)


@case("the leaf node loses its store: a stream of another name, nothing is missing")
def lost_store():
    _, leaf, county, mine = region()
    before = re.search(r"stream (\S+)", link(mine, "county")["text"]).group(1)
    leaf.kill9()
    shutil.rmtree(leaf.dir / "js")
    at = now_ms() // 1000 * 1000
    mine.samples(("W1", 77.5, at))
    leaf.start()
    wait_for("the value is there", lambda: (at, 77.5, "normal") in stored(county, "mine-a-W1", at - 1000, at + 1000))
    after = re.search(r"stream (\S+)", link(mine, "county")["text"]).group(1)
    assert before != after, after
    assert " 0 gaps" in link(county, "mine-a")["text"], link(county, "mine-a")


@case("a county that comes back from an older copy gets what it lacks, under another stream")
def older_copy():
    _, _, county, mine = region()
    kept = county.site.dir / "data/upward/mine-a.json"
    wait_for("it is quiet", lambda: "0 messages not confirmed" in link(mine, "county")["text"])
    old = kept.read_text()
    at = now_ms() // 1000 * 1000
    mine.samples(("W2", 55.5, at))
    wait_for("the value is there", lambda: (at, 55.5, "normal") in stored(county, "mine-a-W2", at - 1000, at + 1000))
    before = re.search(r"stream (\S+)", link(mine, "county")["text"]).group(1)
    county.stop()
    kept.write_text(old)
    county.start()
    mine.samples(("W2", 66.5, at + 1000))
    wait_for("it goes on", lambda: (at + 1000, 66.5, "normal") in stored(county, "mine-a-W2", at, at + 2000))
    equal([v for _, v, _ in stored(county, "mine-a-W2", at, at + 2000)], [55.5, 66.5])
    assert before != re.search(r"stream (\S+)", link(mine, "county")["text"]).group(1)
    assert " 0 gaps" in link(county, "mine-a")["text"], link(county, "mine-a")


def once_in_journal(county, mine):
    """Every shared sample and alarm of the mine's journal stands in the county's, and stands there once."""
    for p in (county, mine):
        p.stop()
    here, there = region_kit.in_journal(county, "mine-a"), region_kit.in_journal(mine, "pusher")
    sent = Counter({(f"mine-a-{k[0]}", *k[1:]): n for k, n in there.items() if k[0] in ("W1", "W2")})
    assert here == sent, f"more at the county: {(here - sent).most_common(3)}, less: {(sent - here).most_common(3)}"
    asked = region_kit.requests_in_journal(county, "mine-a")
    twice = [k for k, n in asked.items() if n > 1]
    assert asked and not twice, twice[:3]
    kt.note(f"{here.total()} samples and {asked.total()} requests, each once in the county's journal")
    for p in (county, mine):
        p.start()


@case("killed between its journal and the kept place: what comes again is not written again")
def between():
    _, _, county, mine = region()
    wait_for("it is quiet", lambda: "0 messages not confirmed" in link(mine, "county")["text"])
    kept = county.site.dir / "data/upward"
    kept.rename(kept.with_name("away"))
    kept.write_text("no folder: no place can be kept")
    at = now_ms() // 1000 * 1000 - 5000
    for i in range(5):
        mine.samples(("W1", 100 + i, at + i * 1000), ("W2", 200 + i, at + i * 1000), ("T1", 2.6 if i % 2 else 0.2, at + i * 1000))
    wait_for("all of it is in the county's journal", lambda: len([v for _, v, _ in stored(county, "mine-a-W2", at, at + 5000) if v >= 200]) == 5)
    wait_for("nothing is said that was not kept", lambda: "0 messages not confirmed" not in link(mine, "county")["text"])
    county.kill9()
    kept.unlink()
    kept.with_name("away").rename(kept)
    before = len(county.lines)
    county.start()
    county.wait_line(r"inputs stand in the journal behind the place", after=before)
    wait_for("it is quiet", lambda: "0 messages not confirmed" in link(mine, "county")["text"])
    once_in_journal(county, mine)


@case("killed again and again while it takes: each sample once in its journal")
def again_and_again():
    _, _, county, mine = region()
    seed = int(os.environ.get("KT_SEED", now_ms()))
    kt.note(f"KT_SEED={seed}")
    luck, base = random.Random(seed), now_ms() - 60_000
    for kill in range(4):
        until, i = now_ms() + luck.randint(20, 400), 0
        while now_ms() < until:
            mine.samples(*[(f"W{p}", kill * 1000 + i, base + kill * 5000 + i * 4 + p) for p in (1, 2)])
            i += 1
        county.kill9()
        county.start()
    wait_for("all is confirmed", lambda: "0 messages not confirmed" in link(mine, "county")["text"])
    kt.note(f"{sum('behind the place that was kept' in x for x in county.lines)} starts in this file found inputs behind their place")
    once_in_journal(county, mine)


def main():
    try:
        return kt.main()
    finally:
        region_kit.end()


if __name__ == "__main__":
    os.environ.setdefault("KT_LIMIT", "60")
    raise SystemExit(main())
