# SPDX-License-Identifier: Apache-2.0
"""The table of points: one entry gives both the row of points.csv and the line of the plant's plan."""

import math
from dataclasses import dataclass, field

from .layout import to_crs

# role or its family: range, noise (of resolution), seconds of lag
FAMILY = {
    "ch4": (0, 4, 1.0, 6), "ch4.heading": (0, 40, 1.0, 6), "ch4.heading-return": (0, 40, 1.0, 6),
    "co": (0, 500, 0.6, 15), "co2": (0, 5, 1.0, 15), "o2": (0, 25, 0.6, 15), "h2s": (0, 50, 0.4, 15),
    "temp": (-10, 60, 0.8, 30), "wind": (0, 15, 2.0, 5), "dust": (0, 1000, 2.0, 8), "pressure.diff": (0, 5000, 1.5, 3),
    "pressure.fan": (0, 5000, 2.0, 3), "pressure.air": (600, 1100, 0.5, 20), "power.current": (0, 1200, 1.5, 0.5),
    "power.voltage": (0, 40000, 1.5, 0.2), "power.active": (0, 8000, 2.0, 0.5), "belt.speed": (0, 6, 1.0, 0.5),
    "drain.flow": (0, 400, 1.0, 2), "drain.conc": (0, 100, 1.0, 5), "drain.suction": (0, 101, 1.0, 2), "drain.temp": (-10, 80, 0.5, 20),
    "bundle.co": (0, 5000, 0.5, 5), "bundle.c2h4": (0, 1000, 0, 5), "bundle.o2": (0, 25, 1.0, 5), "goaf.temp": (-10, 120, 0.5, 20),
    "fire.graham": (0, 100, 0, 0), "round.ch4": (0, 100, 0, 0),
    "belt.load": (0, 4000, 4.0, 2), "belt.coal": (0, 2000, 0, 0), "water.level": (0, 60, 0.6, 5), "water.flow": (0, 3000, 4.0, 2),
    "face.position": (0, 60, 0.2, 0.5), "face.speed": (0, 20, 0.5, 1), "face.moves": (0, 10000000, 0, 0), "face.moves-auto": (0, 10000000, 0, 0),
    "face.starts-auto": (0, 10000000, 0, 0), "face.starts-hand": (0, 10000000, 0, 0), "face.support": (0, 60, 1.0, 2), "mix.set": (0, 10, 0, 0),
    "mix.concentration": (0, 15, 0.5, 0.5), "mix.valve": (0, 100, 0.5, 0.5), "mix.level": (0, 3, 0.5, 1), "mix.pressure": (0, 50, 1.0, 0.5),
    "mix.position": (0, 100, 0.5, 0.5), "mix.water": (0, 100, 0.5, 0.5), "mix.oil": (0, 100, 0, 1), "mix.pumps": (0, 4, 0, 0), "mix.gain": (0, 1000, 0, 0), "mix.reset": (0, 3600, 0, 0),
    "clean.turbidity": (0, 100, 0.5, 2), "clean.level": (0, 3, 0.5, 1), "clean.flow": (0, 50, 0.5, 1), "fill.flow": (0, 120, 0.5, 1),
    "fill.solids": (0, 100, 0.5, 1), "fill.pressure": (0, 25, 0.5, 1), "entry.length": (0, 2000, 0, 0), "entry.closing": (0, 1000, 0.5, 1), "filter.set": (0, 2, 0, 0),
    "filter": (0, 2, 0.5, 1), "filter.flushes": (0, 10000000, 0, 0), "drill.depth": (0, 100, 0, 0.2), "drill.rate": (0, 10, 0.5, 0.5),
    "drill.torque": (0, 50, 1.0, 0.5), "drill.air": (0, 2, 1.0, 0.5), "drill.hole": (0, 100000, 0, 0), "drill.planned": (0, 100, 0, 0),
    "drill.done": (0, 100000, 0, 0), "truck.soc": (0, 100, 0.5, 1), "truck.speed": (0, 30, 0.5, 0.5), "truck.load": (0, 300, 1.0, 1),
    "truck.cycles": (0, 1000000, 0, 0), "truck.energy": (0, 100000000, 0, 0), "truck.last": (-1000, 5000, 0, 0), "truck.litres": (0, 1000, 0, 0),
    "net.uptime": (0, 1e9, 0, 0), "net.traffic": (0, 10000, 0, 0), "net.errors": (0, 1000, 0, 0), "base": (0, 500, 0, 0), "room.battery": (0, 100, 0, 0),
    "room.temperature": (-20, 80, 0.5, 0), "host": (0, 100, 0, 0), "host.machines": (0, 1000, 0, 0),
    "pump.hours": (0, 200000, 0, 0), "pump.next": (0, 3, 0, 0), "water.inflow": (0, 3000, 2.0, 4), "sump.volume": (0, 20000, 1.0, 2),
    "hoist.depth": (-5, 600, 0.3, 0.1), "hoist.speed": (0, 15, 0.5, 0.1), "hoist.envelope": (0, 15, 0, 0.1), "hoist.brake": (0, 10, 1.0, 0.2),
    "hoist.load": (0, 30, 1.0, 1), "hoist.cycles": (0, 10000000, 0, 0), "barrier.speed": (0, 30, 0.5, 0.2), "breaker.insulation": (0, 1000, 5.0, 1),
    "compressor.pressure": (0, 1.6, 0.4, 1), "compressor.temp": (0, 200, 1.0, 2), "compressor.oil": (0, 1, 0.5, 1),
    "refuge.o2": (0, 25, 0.4, 2), "refuge.co2": (0, 5, 0.8, 2), "refuge.co": (0, 500, 0.3, 2), "refuge.pressure": (0, 1000, 2.0, 1),
    "refuge.bottle": (0, 20, 0.3, 1), "refuge.inside": (0, 200, 0, 0),
    "fan.main.flow": (-400, 400, 1.0, 2), "fan.main.oil": (0, 1, 1.0, 2), "fan.main.shake": (0, 50, 2.0, 2),
    "fan.local.flow": (0, 1500, 1.0, 2), "voice.unreached": (0, 1000, 0, 0), "self.queue": (0, 100, 0, 0), "self.lag": (0, 3600, 0, 0), "self.unacked": (0, 3600, 0, 0), "self.history": (0, 86400, 0, 0), "self.held": (0, 100, 0, 0),
    "self.disk": (0, 100, 0, 0), "self.clock": (-3600, 3600, 0, 0), "self.backup": (0, 3660, 0, 0),
}
TYPES = {"substation": "u16", "plc": "f32.be", "meter": "f32.le"}


@dataclass
class Device:
    id: str
    port: int
    form: str
    name: str
    next: dict = field(default_factory=dict)

    def take(self, unit, table, width):
        key = (unit, table)
        at = self.next.get(key, 0)
        self.next[key] = at + width
        return at


class Points:
    def __init__(self, mine, roles, limits):
        self.mine, self.roles, self.limits = mine, roles, limits
        self.devices, self.rows, self.plan, self.ids = {}, [], [], set()
        self.assets, self.files, self.pushed, self.published = [], [], [], []
        self.things = []  # rows of assets.csv
        self.rigs = []  # machines with a PLC of their own

    # -- devices
    def device(self, did, form, name):
        self.devices[did] = Device(did, 21 + len(self.devices), form, name)

    # -- where
    def along(self, eid, frac, side=4.0):
        """A point beside a roadway, in mine coordinates."""
        e = self.mine.edges[eid]
        pts = e.pts
        want = frac * sum(math.dist(p, q) for p, q in zip(pts, pts[1:]))
        for p, q in zip(pts, pts[1:]):
            d = math.dist(p, q)
            if want <= d or q is pts[-1]:
                t = min(1.0, want / d) if d else 0
                nx, ny = (-(q[1] - p[1]) / d, (q[0] - p[0]) / d) if d else (0, 0)
                return p[0] + t * (q[0] - p[0]) + side * nx, p[1] + t * (q[1] - p[1]) + side * ny
            want -= d
        return pts[-1]

    # -- points
    def _family(self, role):
        for key in (role, role.rsplit(".", 1)[0], role.split(".")[0]):
            if key in FAMILY:
                return FAMILY[key]
        return 0, 1, 0, 0

    def _row(self, pid, zh, en, role, place, at, **kw):
        r = self.roles.get(role)
        if r is None:
            raise SystemExit(f"{pid}: the packs have no role \"{role}\"")
        if place not in self.mine.places:
            raise SystemExit(f"{pid}: no place \"{place}\"")
        if pid in self.ids:
            raise SystemExit(f"{pid}: stands twice")
        self.ids.add(pid)
        row = {"id": pid, "name": zh, "name_en": en, "kind": r["kind"], "unit": r["unit"], "role": role, "place": place}
        if r["kind"] == "analog":
            lo, hi, _, _ = self._family(role)
            row.update(range_lo=lo, range_hi=hi, resolution=r["resolution"])
        if at:
            row["x"], row["y"] = to_crs(at)
        row.update(kw)
        self.rows.append(row)
        return row

    def _sense(self, role):
        """Words of the plan for an analog point of a role."""
        r = self.roles[role]
        lo, hi, noise, tau = self._family(role)
        lim = self.limits.get(role, {}) if role.split(".")[0] in ("ch4", "co") else {}
        words = [f"lo={lo}", f"hi={hi}", f"res={r['resolution']:g}", f"noise={noise * r['resolution']:g}", f"tau={tau}"]
        words += [f"{k}={lim[k]:g}" for k in ("alarm", "cut", "restore") if k in lim]
        if role.startswith("ch4"):
            words.append("cal=1")
        return words

    def add(self, pid, zh, en, role, place, src, dev, at=None, unit=1, state=None, **kw):
        """A point on a Modbus device."""
        row = self._row(pid, zh, en, role, place, at, link=dev, **kw)
        d, kind = self.devices[dev], row["kind"]
        words, status = [], ""
        if kind == "analog":
            typ = TYPES[d.form]
            if typ == "u16" and row["range_lo"] < 0:
                typ = "i16"
            table = "i" if d.form == "substation" else "h"
            off = d.take(unit, table, 2 if typ.startswith("f32") else 1)
            scale = row["resolution"] if typ in ("u16", "i16") else 1
            addr = f"{table}{off}:{typ}" + (f"*{scale:g}" if scale != 1 else "")
            words = [f"table={table}", f"offset={off}", f"type={typ}", f"scale={scale:g}", *self._sense(role)]
            if d.form == "substation":
                status = f"i{200 + off}"
        else:
            table = "c" if kind == "output" else "d"
            off = d.take(unit, table, 1)
            addr = f"{table}{off}"
            words = [f"table={table}", f"offset={off}"]
            if state:
                status = f"i{300 + d.take(unit, 'state', 1)}"
        if status:
            addr += "|" + status
            words.append(f"status={status[0]}:{status[1:]}")
        row["address"] = f"{unit}/{addr}" if unit != 1 else addr
        self.plan.append(f"point {pid} device={dev} unit={unit} src={src} " + " ".join(words))
        return pid

    def _free(self, pid, role, src):
        words = self._sense(role) if self.roles[role]["kind"] == "analog" else []
        self.plan.append(" ".join([f"point {pid} src={src}", *words]))

    def publish(self, pid, zh, en, role, place, src, client, topic, field="", at=None, bare=False, **kw):
        """A point that an MQTT client publishes: a bare number, the value, or another field of a JSON object."""
        self._row(pid, zh, en, role, place, at, link="broker", address=topic + (f"#{field}" if field else ""), **kw)
        self._free(pid, role, src)
        self.published.append(f"publish {client} {pid} topic={topic}" + ("" if bare else f" field={field or 'value'}"))
        return pid

    def drop(self, pid, zh, en, role, place, src, file_id, what, at=None, **kw):
        """A point that comes in mine files."""
        self._row(pid, zh, en, role, place, at, link="drop", address=file_id, **kw)
        self._free(pid, role, src)
        self.files.append(f"file {pid} id={file_id} type={what} place={self.mine.places[place].name} unit={self.roles[role]['unit']}")
        return pid

    def push(self, pid, zh, en, role, place, src, at=None, **kw):
        self._row(pid, zh, en, role, place, at, link="push", address="", **kw)
        self._free(pid, role, src)
        self.pushed.append(f"push {pid}")
        return pid

    def counted(self, pid, zh, en, role, place, at=None):
        """A point without a link: the program counts it from others, or a person sets it."""
        self._row(pid, zh, en, role, place, at, link="", address="")

    def carried(self, pid, zh, en, role, place, address):
        """A detector on a vehicle, which the plan of the vehicles publishes."""
        self._row(pid, zh, en, role, place, None, link="broker", address=address)

    def sip(self, pid, zh, en, role, place, at, address):
        """A phone or speaker."""
        self._row(pid, zh, en, role, place, at, link="sip", address=address)

    def self_point(self, pid, zh, en, role, address=""):
        self._row(pid, zh, en, role, "dispatch", None, link="", address=address)

    # -- machines with a PLC of their own
    def coil(self, pid, zh, en, role, place, dev, at=None, open_=True, two_person=False, **kw):
        """An output that a PLC judges; `open_`: as it begins."""
        self.add(pid, zh, en, role, place, f"coil:{pid}", dev, at, two_person="yes" if two_person else "", **kw)
        self.plan.append(f"switch {pid}" + (" open=1" if open_ else ""))

    def rig(self, rid, kind, **words):
        self.rigs.append(f"rig {rid} kind={kind} " + " ".join(f"{k}={v}" for k, v in words.items()))

    def thing(self, tid, kind, zh, en, place, points, to=""):
        self.things.append({"id": tid, "kind": kind, "name": zh, "name_en": en, "place": place, "to": to,
                            "points": ";".join(points)})

    # -- what belongs together
    def output(self, pid, zh, en, role, place, dev, at=None, serves=(), parent="", volt=1140, kw=0, meter=None,
               two_person=False, feed_id=None, tags=""):
        """A switch with its feed state on the load side and, with `meter` (gateway, unit), its meter."""
        feed = feed_id or "KD-" + pid
        self.add(pid, zh, en, role, place, f"coil:{pid}", dev, at, feed=feed, fed_by=parent, serves=";".join(serves) if serves else "",
                 two_person="yes" if two_person else "", tags=tags)
        self.add(feed, f"{zh}馈电", f"{en}, feed", "feed.state", place, f"feed:{pid}", dev, at)
        self.plan.append(f"switch {pid} feed={feed} volt={volt}" + (f" parent={parent}" if parent else ""))
        if kw:
            self.plan.append(f"machine M-{pid} kind=load switch={pid} kw={kw}")
        if meter:
            dev, unit = meter
            self.add(f"I-{pid}", f"{zh}电流", f"{en}, current", "power.current", place, f"amp:{pid}", dev, at, unit=unit)
            self.add(f"U-{pid}", f"{zh}电压", f"{en}, voltage", "power.voltage", place, f"volt:{pid}", dev, at, unit=unit)
            self.add(f"P-{pid}", f"{zh}功率", f"{en}, power", "power.active", place, f"kw:{pid}", dev, at, unit=unit)
        self.asset(f"KG-{pid}", zh, "switch", place, feed, at)
        return pid

    def asset(self, aid, name, kind, place, point, at, angle=0):
        if at:
            self.assets.append((aid, name, kind, place, point, at, angle))

    def on_modbus(self):
        return sum(1 for r in self.rows if r["link"] in self.devices)
