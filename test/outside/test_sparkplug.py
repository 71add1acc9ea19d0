# SPDX-License-Identifier: Apache-2.0
"""Sparkplug B over the real broker: births, data, deaths, lost messages, births that are asked for."""

import json
import struct
import sys
import threading

import kt
from kt import case, equal
from peers import Broker, mqtt_text, Publisher

DOUBLE, BOOLEAN, INT64 = 10, 11, 4


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """A whole number, or bytes, as a field of Protocol Buffers."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def metric(name=None, alias=None, value=None, kind=DOUBLE, null=False):
    m = field(1, name.encode()) if name else b""
    m += field(2, alias) if alias is not None else b""
    m += field(3, kt.now_ms()) + field(4, kind)
    if null:
        return field(2, m + field(7, 1))
    if kind == DOUBLE:
        return field(2, m + varint(13 << 3 | 1) + struct.pack("<d", value))
    return field(2, m + field(14 if kind == BOOLEAN else 11, int(value)))


def payload(*metrics, seq=None):
    return field(1, kt.now_ms()) + b"".join(metrics) + (field(3, seq) if seq is not None else b"")


class Edge(Publisher):
    """An edge node: publishes bytes, hears its commands and the host's state."""

    def __init__(self, broker, name="edge"):
        self.bdseq = 0
        super().__init__(broker, f"node-{name}")
        self.name, self.heard, self.seq = name, [], 0
        self.send(0x82, struct.pack(">H", 9) + b"".join(
            mqtt_text(t) + b"\0" for t in (f"spBv1.0/mine/NCMD/{name}", "spBv1.0/STATE/#")))
        equal(self.receive()[0], 0x90, "SUBACK")
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            while True:
                kind, body = self.receive()
                if kind >> 4 == 3:
                    n = struct.unpack(">H", body[:2])[0]
                    self.heard.append((body[2:2 + n].decode(), body[2 + n:]))
        except Exception:  # pylint: disable=broad-except
            return  # closed

    def commands(self):
        return len([t for t, _ in self.heard if "/NCMD/" in t])

    def tell(self, kind, *metrics, device="", seq=True):
        """One message at QoS 0, as the specification wants data and births to be."""
        topic = f"spBv1.0/mine/{kind}/{self.name}{'/' + device if device else ''}"
        body = payload(*metrics, seq=self.seq if seq else None)
        if seq:
            self.seq = (self.seq + 1) % 256
        self.send(0x30, mqtt_text(topic) + body)

    def birth(self, ch4=0.2, pressure=1001.5):
        self.seq = 0
        self.tell("NBIRTH", metric("bdSeq", value=self.bdseq, kind=INT64),
                  metric("Node Control/Rebirth", value=False, kind=BOOLEAN), metric("pressure", 1, pressure))
        self.tell("DBIRTH", metric("CH4", 2, ch4), metric("other", 3, 9), device="T1")


def start(broker, **more):
    link = {"id": "broker", "kind": "mqtt", "host": "127.0.0.1", "port": broker.port, "client_id": "kuangtu-spark",
            "topics": ["spBv1.0/mine/#"], "payload": "sparkplug", "host_id": "kuangtu", **more}
    site = kt.make_site([
        kt.point("P-1", "pressure.air", "P1-face", link="broker", address="mine/edge#pressure"),
        kt.point("T-1", "ch4.main-return", "MR", link="broker", address="mine/edge/T1#CH4"),
        kt.point("P-2", "pressure.air", "P1-face", link="broker", address="mine/edge/T2#gone")], links=[link])
    p = kt.Program(site)
    p.eye = p.user("eye-of-test", "dispatcher")
    kt.wait_for("the broker's session", lambda: p.eye.get("/health")["links"][1]["up"])
    return p


def shows(p, name, value, quality):
    def look():
        got = p.eye.live(name)[name]
        return (value is None or got[0] == value) and got[1] == quality
    kt.wait_for(f"{name} is {value} {quality}", look)


@case("births and data by alias arrive, an alarm is raised; a lost message is doubt and a birth is asked for")
def _():
    with Broker() as b:
        for version in (5, 4):
            edge = Edge(b)
            p = start(b, version=version)
            kt.wait_for("the birth is asked for", edge.commands)
            edge.birth()
            shows(p, "P-1", 1001.5, "normal")
            shows(p, "T-1", 0.2, "normal")
            edge.tell("DDATA", metric(alias=2, value=0.8), metric(alias=3, value=7), device="T1")
            p.eye.alarm("gas.over-limit", "T-1")
            asked = edge.commands()
            edge.seq += 1  # one is lost
            edge.tell("NDATA", metric("pressure", 1, 1002.5))
            shows(p, "P-1", 1002.5, "gap")
            shows(p, "T-1", 0.8, "gap")
            p.eye.alarm("gas.over-limit", "T-1")  # doubt clears nothing
            kt.wait_for("the birth is asked for again", lambda n=asked, e=edge: e.commands() > n)
            edge.birth(ch4=0.3)
            shows(p, "T-1", 0.3, "normal")
            shows(p, "P-1", 1001.5, "normal")
            edge.close()
            p.stop()


@case("a death is a fault at once, the will of an older session is not; null is no value")
def _():
    with Broker() as b:
        p = start(b)
        edge = Edge(b)
        edge.bdseq = 7
        edge.birth()
        shows(p, "T-1", 0.2, "normal")
        edge.tell("DDEATH", device="T1")
        shows(p, "T-1", 0.2, "comm-fault")
        shows(p, "P-1", 1001.5, "normal")
        edge.birth(ch4=0.4)
        shows(p, "T-1", 0.4, "normal")
        edge.tell("NDEATH", metric("bdSeq", value=6, kind=INT64), seq=False)
        edge.tell("DDATA", metric(alias=2, value=0.5), device="T1")
        shows(p, "T-1", 0.5, "normal")
        edge.tell("DDATA", metric(alias=2, null=True), device="T1")
        shows(p, "T-1", 0.5, "device-fault")
        edge.tell("NDEATH", metric("bdSeq", value=7, kind=INT64), seq=False)
        shows(p, "P-1", 1001.5, "comm-fault")
        shows(p, "T-1", None, "comm-fault")
        p.stop()


@case("what cannot be read harms nobody; the host tells its state, and that it is gone")
def _():
    with Broker() as b:
        p = start(b)
        edge = Edge(b)

        def state():
            said = [json.loads(body) for topic, body in edge.heard if topic == "spBv1.0/STATE/kuangtu"]
            return said[-1]["online"] if said else None
        kt.wait_for("the state", lambda: state() is True)
        edge.birth()
        shows(p, "P-1", 1001.5, "normal")
        for body in (b"\x12\xff", b"\x0b\x0c", b"x" * 3000, b"\x12\x02\x20\x0a"):
            edge.send(0x30, mqtt_text("spBv1.0/mine/NDATA/edge") + body)
        shows(p, "P-1", 1001.5, "gap")
        edge.birth(pressure=1003.5)
        shows(p, "P-1", 1003.5, "normal")
        p.kill9()
        kt.wait_for("the will", lambda: state() is False)
        p.start()
        kt.wait_for("the state again", lambda: state() is True)
        p.stop()
        kt.wait_for("a state of going", lambda: state() is False)


@case("check names an address that no metric can have")
def _():
    link = {"id": "b", "kind": "mqtt", "host": "h", "client_id": "c", "topics": ["spBv1.0/#"], "payload": "sparkplug"}
    site = kt.make_site([kt.point("P-1", "pressure.air", "mine", link="b", address="mine/edge/T1"),
                         kt.point("P-2", "pressure.air", "mine", link="b", address="mine#x")], links=[link])
    p = kt.kuangtu("check", site.dir, check=False)
    equal((p.returncode, (p.stdout + p.stderr).count("GROUP/NODE#METRIC")), (3, 2), p.stdout + p.stderr)


if __name__ == "__main__":
    sys.exit(kt.main())
