# SPDX-License-Identifier: Apache-2.0
"""MQTT with the real broker: what it delivers at QoS 1 is acknowledged only when it is on disk."""

import json
import random
import socket
import sys
import threading
import time

import kt
from kt import case, equal
from peers import Broker, Publisher, captured


def start(broker, **more):
    link = {"id": "broker", "kind": "mqtt", "host": "127.0.0.1", "port": broker.port,
            "client_id": "kuangtu-test", "topics": ["mine/#"], "version": 5, "time_field": "ts",
            "value_field": "value", **more}
    site = kt.make_site([
        kt.point("M-1", "pressure.air", "P1-face", link="broker", address="mine/one"),
        kt.point("M-2", "pressure.air", "P1-face", link="broker", address="mine/two"),
        kt.point("M-3", "water.level", "P1-face", link="broker", address="mine/pump#sensor.level"),
        kt.point("T-1", "ch4.main-return", "MR", link="broker", address="mine/gas"),
        kt.point("L-1", "self.link", "mine", address="broker")], links=[link])
    p = kt.Program(site)
    p.eye = p.user("eye-of-test", "dispatcher")
    kt.wait_for("the broker's session", lambda: p.eye.get("/health")["links"][1]["up"])
    return p


def values(p, name, begin):
    got, found = begin, []
    while got < kt.now_ms() + 1000:
        part = p.eye.history(name, got, got + 600_000)
        found += part["v"]
        got = part["t"][-1] if part["cut"] else got + 600_000
    return found


@case("plain numbers, JSON, nested fields and times arrive; an alarm is raised from one")
def _():
    with Broker() as b:
        for version in (5, 4):
            p = start(b, version=version)
            pub = Publisher(b, "pub-1")
            pub.publish("mine/one", "1001.5")
            pub.publish("mine/pump", json.dumps({"sensor": {"level": 3.25, "other": 1}}))
            t = kt.now_ms()
            pub.publish("mine/two", json.dumps({"value": 1002.5, "ts": t}))
            pub.publish("mine/nobody", "77")
            pub.publish("mine/one/more", "78")
            kt.wait_for("the values", lambda p=p: p.eye.live("M-1")["M-1"][0] == 1001.5 and
                        p.eye.live("M-3")["M-3"][0] == 3.25)
            kt.wait_for("the value with its time",
                        lambda p=p, t=t: p.eye.live("M-2")["M-2"][::2] == (1002.5, t))
            pub.publish("mine/gas", "0.8")
            p.eye.alarm("gas.over-limit", "T-1")
            pub.publish("mine/one", "1003.5", qos=0)
            kt.wait_for("QoS 0", lambda p=p: p.eye.live("M-1")["M-1"][0] == 1003.5)
            pub.close()
            p.stop()


@case("a payload that cannot be read harms nobody")
def _():
    with Broker() as b:
        p = start(b)
        pub = Publisher(b, "pub-1")
        for text in ("", "{", "[]", "abc", "1e999", "\x00\xff", "{\"value\": \"x\"}", "9" * 5000,
                     "{\"value\":" * 200):
            pub.publish("mine/one", text)
        pub.publish("mine/one", "1004.5")
        kt.wait_for("the good one", lambda: p.eye.live("M-1")["M-1"][0] == 1004.5)
        assert p.eye.get("/health")["links"][1]["errors"] > 0


@case("what a real broker has sent, in a capture: read, nothing taken that is no number, nobody harmed")
def _():
    path = kt.SHARED and kt.SHARED / "data/protocols/zeek_mqtt.pcap"
    if not path or not path.exists():
        raise kt.Skip("KT_SHARED has no capture of MQTT")
    sessions = []
    for packet in captured(path, 1883)[1]:
        sessions += [[]] if packet[0] == 0x20 else []  # CONNACK
        sessions[-1].append(packet)
    equal([any(p[0] >> 4 == 3 for p in s) for s in sessions], [True, True], "each has a PUBLISH")
    told = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        def broker():
            for packets in sessions:  # the program comes again by itself
                conn, _ = server.accept()
                with conn:
                    conn.recv(4096)  # CONNECT
                    conn.sendall(packets[0])
                    conn.recv(4096)  # SUBSCRIBE
                    conn.sendall(b"".join(packets[1:]))
            told.set()
        threading.Thread(target=broker, daemon=True).start()
        link = {"id": "broker", "kind": "mqtt", "host": "127.0.0.1", "port": server.getsockname()[1],
                "client_id": "kuangtu-test", "topics": ["#"], "version": 3}
        p = kt.Program(kt.make_site([
            kt.point("M-1", "pressure.air", "P1-face", link="broker", address="SampleTopic"),
            kt.point("ENV-1", "pressure.air", "P1-face", link="push")], links=[link]))
        eye = p.user("eye-of-test", "dispatcher")
        assert told.wait(kt.LIMIT), "both sessions were held"
        p.samples(("ENV-1", 1000.5))
        kt.wait_for("others go on", lambda: eye.live("ENV-1")["ENV-1"][0] == 1000.5)
        equal(eye.live("M-1")["M-1"][0], None)


@case("kill -9 between receipt and disk: everything the broker delivered is there")
def _():
    seed = time.time_ns() % 10**9
    kt.note(f"seed {seed}")
    chance = random.Random(seed)
    with Broker() as b:
        p = start(b)
        begin = kt.now_ms() - 1000
        pub = Publisher(b, "pub-count")
        stop = threading.Event()

        def publish():
            while not stop.wait(0.001):  # thousands are enough, and are read back soon
                pub.publish("mine/two", str(pub.acked + 1))
        thread = threading.Thread(target=publish, daemon=True)
        thread.start()
        for _ in range(5):
            reached = pub.acked + chance.randint(50, 400)
            kt.wait_for("messages", lambda r=reached: pub.acked >= r)
            p.kill9()
            time.sleep(chance.uniform(0, 0.3))
            p.start()
            p.eye = p.login("eye-of-test", p.eye.password)
        stop.set()
        thread.join()
        total = pub.acked
        kt.note(f"{total} messages, 5 kills")
        kt.wait_for("the last one", lambda: p.eye.live("M-2")["M-2"][0] == total)
        missing = []

        def complete():
            found = set(values(p, "M-2", begin))
            missing[:] = [i for i in range(1, total + 1) if float(i) not in found]
            return not missing
        try:
            kt.wait_for("all in history", complete, every=0.5)
        except AssertionError:
            raise AssertionError(f"{len(missing)} of {total} are missing: {missing[:10]}") from None
        p.stop()
        kt.kuangtu("verify", p.site.dir)


@case("the broker restarts: the link says so and goes on by itself; nothing kept is lost")
def _():
    with Broker() as b:
        p = start(b)
        pub = Publisher(b, "pub-1")
        pub.publish("mine/one", "1")
        kt.wait_for("the value", lambda: p.eye.live("M-1")["M-1"][0] == 1)
        b.stop()
        p.eye.alarm("core.link-down", "L-1")
        b.start()
        pub = Publisher(b, "pub-2")
        pub.publish("mine/one", "2")
        kt.wait_for("the value after", lambda: p.eye.live("M-1")["M-1"][0] == 2, 40)
        p.eye.alarm("core.link-down", "L-1", "rtn")
        p.stop()  # published while the program is away: its session is kept by the broker
        pub.publish("mine/one", "3")
        p.start()
        p.eye = p.login("eye-of-test", p.eye.password)
        kt.wait_for("what came meanwhile", lambda: p.eye.live("M-1")["M-1"][0] == 3, 40)


@case("a flood is taken as fast as the disk is, memory stays flat")
def _():
    with Broker() as b:
        p = start(b)
        pubs = [Publisher(b, f"pub-{i}") for i in range(3)]
        before = p.eye.get("/health")["resident_bytes"]

        def flood(pub):
            for i in range(3000):
                pub.publish("mine/one", str(i))
        threads = [threading.Thread(target=flood, args=(pub,)) for pub in pubs]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        pubs[0].publish("mine/two", "42")
        kt.wait_for("the last", lambda: p.eye.live("M-2")["M-2"][0] == 42)
        grown = p.eye.get("/health")["resident_bytes"] - before
        assert grown < 200 << 20, f"memory grew by {grown >> 20} MiB"


if __name__ == "__main__":
    sys.exit(kt.main())
