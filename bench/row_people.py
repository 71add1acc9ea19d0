# SPDX-License-Identifier: Apache-2.0
"""Persons below at 1 Hz over a real broker, their ways out within the running program; one linkage, each step from the
sample on the wire. Both use the worlds of test/outside."""

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


def linkage(_, book):
    import kt
    import test_linkage
    book.part("One linkage", "methane over its cut-off value in a device over Modbus (scan 200 ms): each step, from the value in the "
              "device on, as the journal has it.")
    w = test_linkage.World()
    at = kt.now_ms()
    w.plant.device.set_input(0, 160)
    x = kt.wait_for("all steps", lambda: (lambda i: i if i and all(
        s["state"] in ("proved", "done", "unavailable", "failed") for s in i["steps"]) else None)(w.incident()))
    begin = x["at"] - at
    book.row("alarm raised", f"{begin} ms", "1000 ms", met=begin < 1000)
    for s in x["steps"]:
        ms = begin + s["after_ms"]
        book.row(f"step {s['step']}: {s['state']}", f"{ms} ms", "1000 ms", met=ms < 1000 if s["state"] != "unavailable" else None,
                 load=s.get("text", ""))
    w.plant.stop()
    w.broker.stop()
