#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""A mine of two nodes and a county of two: whichever of them dies, the stream upward goes on where it
was, and what came to the mine is at the county once."""

import shutil
import time

import etcd_kit
import kt
import region_kit
from etcd_kit import Counter, Pair
from kt import case, equal, now_ms, wait_for


def text_of(pair, name):
    return region_kit.link(pair.active(), name)["text"]


def begin_again(pair, node):
    node.start()
    pair.level(node)


def swap_mine(mine, _county, _leaf):
    first = mine.active()
    first.kill9()
    return lambda: begin_again(mine, first)


def swap_county(_mine, county, _leaf):
    first = county.active()
    first.kill9()
    return lambda: begin_again(county, first)


def swap_both(mine, county, leaf):
    ends = swap_mine(mine, county, leaf), swap_county(mine, county, leaf)
    return lambda: [e() for e in ends]


def lose_leaf(mine, county, leaf):
    """With the node its NATS server goes, and what that kept."""
    end = swap_mine(mine, county, leaf)
    leaf.kill9()
    shutil.rmtree(leaf.dir / "js")
    leaf.start()
    return end


@case("nodes killed at both ends while samples go upward: all of it, in order, once")
def _():
    start = now_ms() - 1000
    with etcd_kit.Etcd() as etcd:
        hub = region_kit.Nats("county")
        leaf = region_kit.Nats("mine-a", hub)
        with Pair(etcd, address=etcd.address("mine-a"), **region_kit.mine("mine-a", leaf)) as mine, \
                Pair(etcd, address=etcd.address("county"), **region_kit.county(hub, ["mine-a"])) as county:
            counters = [Counter(mine, name, pause=0.01) for name in ("W1", "W2")]
            for c in counters:
                c.start()
            wait_for("samples are at the county", lambda: stored(county, "mine-a-W1", start))
            for fault in (lose_leaf, swap_both):
                mend = fault(mine, county, leaf)
                at = time.time()
                wait_for(f"{fault.__name__}: the mine acknowledges", lambda at=at: mine.active().write(
                    f"T1 value=0.2 {time.time_ns()}\n")[0] == 204 and time.time() - at > 0.5)
                fresh = counters[0].next
                wait_for(f"{fault.__name__}: samples go on upward", lambda fresh=fresh: [
                    v for _, v, _ in stored(county, "mine-a-W1", start) if v > fresh])
                mend()
            mine.active().samples(("T1", 2.6, now_ms()))
            for c in counters:
                c.end()
            for node in county.nodes:
                compare(mine, node, counters, start)
            assert " 0 gaps" in text_of(county, "mine-a"), text_of(county, "mine-a")
            alarms_once(county)
            for node in mine.nodes + county.nodes:
                node.stop()
                kt.kuangtu("verify", node.site.dir)
            for node in county.nodes:
                twice = [k for k, n in region_kit.in_journal(node, "mine-a").items() if n > 1]
                assert not twice, f"written twice to a county's journal: {len(twice)}, {twice[:3]}"


def stored(pair, name, start):
    try:
        return region_kit.stored(pair.active(), name, start, now_ms() + 1000)
    except (OSError, ValueError, kt.Refused):
        return []  # it was the active one


def compare(mine, node, counters, start):
    for c in counters:
        want = region_kit.stored(mine.active(), c.point, start, now_ms() + 1000)
        missing = set(c.acked) - {v for _, v, _ in want}
        assert not missing, f"{c.point}: acknowledged and not at the mine: {sorted(missing)[:5]}"
        wait_for(f"all of {c.point} is at the county", lambda c=c, want=want: len(
            region_kit.stored(node, f"mine-a-{c.point}", start, now_ms() + 1000)) >= len(want))
        got = region_kit.stored(node, f"mine-a-{c.point}", start, now_ms() + 1000)
        other = sorted(set(got) ^ set(want))
        assert got == want, f"{c.point}: {len(got)} are not {len(want)}; at one of them: {other[:6]}"


def alarms_once(county):
    eye = county.active().user("zhou", "official")

    def rows():
        return [r["fields"]["no"] for r in eye.get("/records/mine_event")["items"]]
    wait_for("the alarm is there", lambda: rows())
    wait_for("rows rest", lambda: rows() == (time.sleep(0.5), rows())[1])
    equal(len(rows()), len(set(rows())))


if __name__ == "__main__":
    try:
        CODE = kt.main()
    finally:
        region_kit.end()
    raise SystemExit(CODE)
