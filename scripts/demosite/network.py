# SPDX-License-Identifier: Apache-2.0
"""The communication network over SNMP: backbone ring, base stations behind their controller, data room."""

PORT = 70  # of the first device, above the base
SWITCHES = [  # place, names, where (mine coordinates)
    ("dispatch", "地面核心交换机A", "Core switch A", (-900, -560)), ("central-sub", "中央变电所环网交换机", "Ring switch, central substation", (-225, 8)),
    ("substation-1", "一采区变电所环网交换机", "Ring switch, district substation 1", (345, 86)),
    ("substation-2", "二采区变电所环网交换机", "Ring switch, district substation 2", (1520, 86)),
    ("bunker-road", "井底煤仓环网交换机", "Ring switch, coal bunker", (60, 25)), ("surface-sub", "地面核心交换机B", "Core switch B", (-1000, -640))]
# airway, part of its way, reach along the roadways in metres
STATIONS = [("ST3", 0.5, 400), ("A210-300", 0.5, 400), ("A1055-1190", 0.5, 450), ("1203I-1", 0.9, 500), ("1205I-4", 0.5, 550), ("h1207y-4", 0.5, 450)]
DEVICES = [(f"sw{i + 1}", s[1], f"reach{i + 1}") for i, s in enumerate(SWITCHES)] + [("bsc1", "基站控制器", ""), ("room1", "地面数据机房", "")]
OWN = "1.3.6.1.4.1.99999"
IF_STATE, IF_OCTETS, IF_ERRORS = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.2.2.1.14"


class Asset:
    """A device's points as they are made."""

    def __init__(self, p, dev, tid, kind, zh, en, place, at):
        self.p, self.dev, self.id, self.kind, self.zh, self.en, self.place, self.at, self.points = p, dev, tid, kind, zh, en, place, at, []

    def add(self, pid, zh, en, role, oid, src, tail="", **words):
        """`tail`: what the site does with the object; `words`: how the device shows the point."""
        row = self.p._row(pid, self.zh + zh, f"{self.en}, {en}", role, self.place, self.at, link=self.dev, address=oid + tail)
        sense = [f"{k}={words.pop(k)}" for k in ("lo", "hi", "res") if k in words] or (self.p._sense(role) if row["kind"] == "analog" else [])
        words = [f"{k}={v}" for k, v in words.items()]
        self.p.plan.append(" ".join([f"point {pid} src={src} agent={self.dev} oid={oid}", *words, *sense]))
        self.points.append(pid)

    def done(self, to="", **more):
        self.p.thing(self.id, self.kind, self.zh, self.en, self.place, self.points, to)
        self.p.things[-1].update(more)
        self.p.asset(f"TX-{self.id}", self.zh, "switch", self.place, self.points[0], self.at)


def ring(p):
    p.rig("RING", "ring")
    n = len(SWITCHES)
    for i, (place, zh, en, at) in enumerate(SWITCHES, 1):
        dev, sw = f"sw{i}", f"SW{i}"
        a = Asset(p, dev, f"HW-{i}", "switch", zh, en, place, at)
        p.plan.append(f"point ND-{sw} src=rig:RING:reach{i}")
        port = {"form": "int", "on": 1, "off": 2}
        if i < n:
            a.add(f"NX-{sw}", "去向环网口", "port onward", "net.port.next", f"{IF_STATE}.2", f"rig:RING:up{i}", "=1", **port)
        if i > 1:
            a.add(f"PV-{sw}", "来向环网口", "port back", "net.port.prev", f"{IF_STATE}.1", f"rig:RING:up{i - 1}", "=1", **port)
        if i == 1:
            a.add("RING-1", "环网状态", "ring", "net.ring", f"{OWN}.1.0", "rig:RING:whole", "=1", **port)
        a.add(f"UP-{sw}", "连续运行时间", "running since", "net.uptime", "1.3.6.1.2.1.1.3.0", "rig:RING:uptime", "*0.01", form="ticks", factor=100, lo=0, hi=1e9, res=0.1)
        if i < n:
            a.add(f"TR-{sw}", "环网口流量", "traffic", "net.traffic", f"{IF_OCTETS}.2", f"rig:RING:octets{i}", "/s*0.000008", form="count", lo=0, hi=1e15, res=1)
            a.add(f"ER-{sw}", "环网口误码", "errors", "net.errors", f"{IF_ERRORS}.2", "const:0:0:1000", "/s", form="gauge")
        a.points.append(f"KT-link-{dev}")
        a.done(f"HW-{i + 1}" if i < n else "")


def stations(p, m):
    p.rig("BASES", "bases")
    for i, (edge, frac, reach) in enumerate(STATIONS, 1):
        e = m.edges[edge]
        place = m.places[e.place]
        a = Asset(p, "bsc1", f"JZ-{i}", "base", f"{place.name}基站", f"Base station, {place.en}", e.place, p.along(e.id, frac, 0))
        a.add(f"JZ-{i}", "状态", "state", "base.state", f"{OWN}.2.1.{i}", f"rig:BASES:up{i}", "=1", form="int", on=1, off=2)
        a.add(f"ZD-{i}", "注册终端", "terminals", "base.terminals", f"{OWN}.2.2.{i}", f"rig:BASES:terminals{i}", form="gauge")
        a.add(f"SJ-{i}", "注册手机", "phones", "base.phones", f"{OWN}.2.3.{i}", f"rig:BASES:phones{i}", form="gauge")
        a.done(length_m=reach)


def room(p):
    p.rig("ROOM", "room")
    a = Asset(p, "room1", "JF-1", "room", "地面数据机房", "Surface data room", "dispatch", (-894, -552))
    for pid, zh, en, role, oid, sig, tail, words in (
            ("SD-JF1", "市电", "mains", "room.mains", "1.3.6.1.2.1.33.1.4.1.0", "mains", "=3", {"form": "int", "on": 3, "off": 5}),
            ("DL-JF1", "UPS电量", "battery", "room.battery", "1.3.6.1.2.1.33.1.2.4.0", "battery", "", {"form": "int"}),
            ("WD-JF1", "温度", "temperature", "room.temperature", f"{OWN}.4.0", "temp", "", {"form": "text"}),
            ("MJ-JF1", "门", "door", "room.door", f"{OWN}.5.0", "open", "=2", {"form": "int", "on": 2, "off": 1}),
            ("FZ-JF1", "主机负载", "host load", "host.load", "1.3.6.1.2.1.25.3.3.1.2.1", "load", "", {"form": "int"}),
            ("NC-JF1", "主机内存", "host memory", "host.memory", f"{OWN}.6.0", "memory", "", {"form": "gauge"}),
            ("CC-JF1", "主机存储", "host storage", "host.disk", f"{OWN}.7.0", "disk", "", {"form": "text"}),
            ("XN-JF1", "虚拟机数", "virtual machines", "host.machines", f"{OWN}.8.0", "machines", "", {"form": "gauge"})):
        a.add(pid, zh, en, role, oid, f"rig:ROOM:{sig}", tail, **words)
    a.points += ["KT-link-room1", "KT-link-bsc1"]
    a.done()


def agents():
    """Of the plan; a switch that the ring does not reach says nothing."""
    return [f"agent {d} port={PORT + i}" + (f" alive=ND-{d.upper()}" if reach else "") for i, (d, _, reach) in enumerate(DEVICES)]


def links(base):
    """Of site.yaml."""
    return [f"  - {{id: {d}, kind: snmp, host: 127.0.0.1, port: {base + PORT + i}, password_file: secrets/network.community, scan_ms: 2000, timeout_ms: 1000, retries: 2}}"
            for i, (d, _, _) in enumerate(DEVICES)]


def build(eq):
    ring(eq.p)
    stations(eq.p, eq.m)
    room(eq.p)
