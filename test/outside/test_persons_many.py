# SPDX-License-Identifier: Apache-2.0
"""Two thousand persons at 1 Hz over a real broker, on a thousand roadways: everybody is counted, every one
has a way out, and how long that took is said."""

import json
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
                        packs=("core", "gas", "personnel"),
                        links=[link(broker, "tags", "people/#"), {"id": "drop", "kind": "minefile", "in": "drop/in"}])
    (site.dir / "drop/in").mkdir(parents=True)
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


CARDS = 20_000  # the program keeps so many


@case("when more cards were heard than are kept, a new one that calls for help is heard all the same")
def _():
    broker = Broker()
    try:
        site = make(broker)
        site.write("people/stations.csv", site.read("people/stations.csv") + "F1,anchor,W1,10,,80,drop\n")
        program = kt.Program(site)
        try:
            see = program.user("eye-one", "see")
            for turn, (way, first) in enumerate(((1, 0), (1, CARDS // 2), (2, 0), (2, CARDS // 2))):  # all in, all out
                at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + turn + 8 * 3600))
                rows = "".join(f"{100_000 + first + c};甲;{way};{at};{at if way == 2 else ''};;;F1;{at};早班;0;正常;0;0;~"
                               for c in range(CARDS // 2))
                name = f"140000000001_RYSS_{at.translate({45: None, 58: None, 32: None})}.txt"
                part = site.dir / "drop" / name
                part.write_text(f"140000000001;演示;{at}~{rows}||", encoding="utf-8")
                part.rename(site.dir / "drop/in" / name)
                below = (CARDS // 2, CARDS, CARDS // 2, 0)[turn]
                kt.wait_for("all of the file", lambda n=below: see.get("/personnel")["count"] == n)
            pub = Publisher(broker, "anchors")
            kt.wait_for("a call of one never heard before", lambda: pub.publish("people/one", json.dumps(
                {"ts": kt.now_ms(), "tags": [{"card": "7", "a": [["A2", 5.0]], "sos": True}]})) or
                see.live("P-sos")["P-sos"][0] == 1)
        finally:
            program.stop()
    finally:
        broker.stop()


if __name__ == "__main__":
    sys.exit(kt.main())
