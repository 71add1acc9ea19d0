# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""Two nodes, one order: real etcd servers, two programs on one site."""

import sys
import threading
import time

import etcd_kit
import kt
from etcd_kit import since
from kt import case

POINTS = [kt.point(f"N-{i}", "pressure.air", "P1-face", link="push") for i in range(4)]


class Counter(threading.Thread):
    """Counts up on a point at whichever node takes it; keeps what was acknowledged."""

    def __init__(self, pair, point):
        super().__init__(daemon=True)
        self.pair, self.point, self.next = pair, point, 1
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


@case("kill -9 of the active node: the other takes over, nothing acknowledged is lost or doubled")
def _():
    begin = kt.now_ms() - 1000
    with etcd_kit.Etcd() as etcd, etcd_kit.Pair(etcd, POINTS) as pair:
        first = pair.active()
        counters = [Counter(pair, f"N-{i}") for i in range(3)]
        for c in counters:
            c.start()
        kt.wait_for("acknowledgements", lambda: all(len(c.acked) > 50 for c in counters))
        killed = time.monotonic()
        first.kill9()
        second = pair.other(first)
        kt.wait_for("the other is active", lambda: pair.role(second) == "active")
        kt.note(f"active again after {since(killed):.2f} s")
        after = [len(c.acked) for c in counters]
        kt.wait_for("acknowledgements go on",
                    lambda: all(len(c.acked) > n + 20 for c, n in zip(counters, after)))
        kt.note(f"longest time without: {max(c.longest for c in counters):.2f} s")
        first.start()
        pair.level(first)
        for c in counters:
            c.end()
        for c in counters:
            want = c.acked[-1]
            kt.wait_for("the last is stored", lambda: want in stored(second, c.point, begin))
            values = stored(second, c.point, begin)
            missing = sorted(set(c.acked) - set(values))
            assert not missing, f"{c.point}: acknowledged and not there: {missing[:10]}"
            assert len(values) == len(set(values)), f"{c.point}: stored twice"
        for node in pair.nodes:
            node.stop()
            kt.kuangtu("verify", node.site.dir)


if __name__ == "__main__":
    sys.exit(kt.main())
