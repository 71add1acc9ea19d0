# SPDX-License-Identifier: Apache-2.0
"""Persons below at 1 Hz over a real broker, their ways out within the running program. It uses the
worlds of test/outside."""

import statistics
import sys
import time

from common import ROOT, Skip, cpu_seconds

sys.path.insert(0, str(ROOT / "test/outside"))


def persons(o, book):
    import kt
    import test_persons_many as many
    from peers import Broker, Publisher
    seconds = 15 if o.quick else 60
    book.part("Persons below", "2 000 tags at 1 Hz in messages of 200 over mosquitto, 1 000 roadways, 500 anchors.")
    try:
        broker = Broker()
    except kt.Skip as why:
        raise Skip(str(why)) from why
    try:
        program = kt.Program(many.make(broker))
        try:
            see = program.user("eye-one", "see")
            kt.wait_for("the broker", lambda: all(i["up"] for i in see.get("/health")["links"] if i["kind"] == "mqtt"))
            pub, pid = Publisher(broker, "anchors"), program.process.pid
            many.walk(pub, 3)
            before, began = cpu_seconds(pid), time.monotonic()
            many.walk(pub, seconds)
            busy = (cpu_seconds(pid) - before) / (time.monotonic() - began)
            count = see.get("/personnel")["count"]
            book.row("2 000 persons at 1 Hz", f"{100 * busy:.1f} % of a core, {count} counted", "2000 counted",
                     load="1 Hz over MQTT", durability="acknowledged when durable", met=count == many.PERSONS, cpu=busy)
            see.ask("evacuation.start", place="mine", reason="bench")
            took = []
            for t in range(10):
                many.walk(pub, 1, turn=30 * t)
                plan = see.get("/personnel")["evacuation"]["plan"]
                took += [plan["took_ms"]] if plan else []
            book.row("all ways out, within the running program", f"{statistics.median(took):.1f} ms, worst {max(took):.1f} ms",
                     "50 ms", met=statistics.median(took) < 50, median_ms=statistics.median(took), worst_ms=max(took))
        finally:
            program.stop()
    finally:
        broker.stop()
