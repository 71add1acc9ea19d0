# SPDX-License-Identifier: Apache-2.0
"""Vehicles below with tags and mobile methane detectors: points, and vehicles.plan for kuangtu-sim. All of it is made up (演示)."""

from collections import deque

from . import people

LIMITS = '  - {roles: [ch4.mobile], values: {alarm: 1.0}, unit: "%CH4", direction: high}\n'
# card, number of the vehicle, way over these nodes, metres a second, seconds in the open, detector, roadways without a base station
FLEET = [
    ("9001", "CL-01", ["1203I@160", "1203I@840"], 4, 60, "", []),
    ("9002", "CL-02", ["1205I@160", "1205I@1020"], 4, 30, "YT-CL02", ["1205I-4"]),
    ("9003", "XJ-01", ["WA480", "WA1100"], 4, 40, "YT-XJ01", ["WA1"]),
]
COUNTED = [("vehicles", "井下车辆数", "Vehicles below"), ("vehicles-lost", "失联车辆数", "Vehicles not heard"),
           ("vehicles-forbidden", "禁入区域车辆数", "Vehicles where they may not be"), ("vehicles-speeding", "超速车辆数", "Vehicles over the speed")]


def rows():
    """Of points.csv: what the program counts."""
    return [{"id": f"P-{what}", "name": f"全矿{zh}", "name_en": f"{en}, mine", "kind": "analog", "unit": "1", "role": f"people.{what}",
             "place": "mine", "range_lo": 0, "range_hi": 1000, "resolution": 1} for what, zh, en in COUNTED]


def build(eq):
    for _, no, _, _, _, detector, _ in FLEET:
        if detector:
            eq.p.carried(detector, f"{no}随车甲烷", f"{no}, methane on it", "ch4.mobile", "mine", topic(no) + "#ch4")


def topic(no):
    return f"mine/vehicle/{no}"


def shortest(mine, start, goal):
    """Roadways from node to node, by those that a vehicle can take."""
    seen, queue = {start: []}, deque([start])
    while queue:
        node = queue.popleft()
        if node == goal:
            return seen[node]
        for e in mine.edges.values():
            if not e.net or people.kind(e) in ("closed", "belt") or e.door or node not in (e.a, e.b):
                continue
            other = e.b if node == e.a else e.a
            if other not in seen:
                seen[other] = [*seen[node], e.id]
                queue.append(other)
    raise SystemExit(f"vehicles: no way from {start} to {goal}")


def way(mine, nodes):
    out, at = [], "S"
    for node in ["AS", *nodes]:
        out += shortest(mine, at, node)
        at = node
    return out


def plan(mine):
    lines = []
    for card, no, nodes, speed, wait, detector, dark in FLEET:
        words = [f"vehicle {card}", f"way={':'.join(way(mine, nodes))}", f"speed={speed}", "rest=20", f"wait={wait}"]
        words += [f"topic={topic(no)}"] if detector else []
        words += [f"dark={':'.join(dark)}"] if dark else []
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"
