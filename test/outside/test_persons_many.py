# SPDX-License-Identifier: Apache-2.0
"""Two thousand persons at 1 Hz over a real broker, on a thousand roadways: everybody is counted, every one
has a way out, and how long that took is said."""

import sys
import time

import kt
from kt import case, equal
from peers import Broker, Publisher
from people_kit import grid, link, second

PERSONS = 2000
RIGHTS = ["view", "history.read", "person.see", "evacuation"]


def make(broker):
    airways, stations = grid()
    site = kt.make_site([kt.point("P-below", "people.below", "mine"), kt.point("P-sos", "people.sos", "mine")],
                        people=[{"id": "see", "places": ["mine"], "rights": RIGHTS}],
                        packs=("core", "gas", "personnel"), links=[link(broker, "tags", "people/#")])
    site.write("airways.csv", airways)
    site.write("people/stations.csv", stations)
    site.write("people/areas.csv", "place,kind,max,hours,no_lone,lost_s,words,words_en\nmine,normal,,,no,60,,\n")
    return site


def walk(pub, seconds, turn=0):
    """1 Hz for so long."""
    for t in range(seconds):
        began = time.monotonic()
        for text in second(PERSONS, kt.now_ms(), turn + t):
            pub.publish("people/all", text)
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))


@case("2 000 persons at 1 Hz are all counted; an evacuation gives each a way out, recomputed as they move")
def _():
    broker = Broker()
    try:
        program = kt.Program(make(broker))
        try:
            see = program.user("eye-one", "see")
            kt.wait_for("the broker's session", lambda: all(
                i["up"] for i in see.get("/health")["links"] if i["kind"] == "mqtt"))
            pub = Publisher(broker, "anchors")
            walk(pub, 4)
            kt.wait_for("all below", lambda: see.get("/personnel")["count"] == PERSONS)
            kt.wait_for("the point", lambda: see.live("P-below")["P-below"][0] == PERSONS)
            see.ask("evacuation.start", place="mine", reason="all of them")
            first = kt.wait_for("a plan", lambda: see.get("/personnel")["evacuation"]["plan"])
            equal((first["persons"], first["exit"] + first["refuge"] + first["not_safe"] + first["unknown"]), (PERSONS, PERSONS))
            equal(first["unknown"], 0)
            kt.note(f"all ways out in {first['took_ms']:.1f} ms")
            at = see.get("/personnel")["evacuation"]["planned"]
            walk(pub, 2, turn=40)
            kt.wait_for("another plan", lambda: see.get("/personnel")["evacuation"]["planned"] > at)
        finally:
            program.stop()
    finally:
        broker.stop()


if __name__ == "__main__":
    sys.exit(kt.main())
