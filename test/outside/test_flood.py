# SPDX-License-Identifier: Apache-2.0
"""Producers that offer more than the disk takes: who is held, who is refused, and what goes first all the same.
The disk is made slow by bench/slowdisk.c while a file is there."""

import http.client
import resource
import socket
import struct
import sys
import threading
from pathlib import Path

import kt
from kt import case, equal, once
from peers import Broker, Publisher, mqtt_text

SLOW = Path(kt.BIN).resolve().parent
ROOM = 1536  # batches of pushes, src/engine/runtime_impl.h


class Slow:
    """A program whose disk is slow inside `with`."""

    def __init__(self, site, sync_ms):
        library = next((p / "bench/slowdisk.so" for p in (SLOW, SLOW.parent) if (p / "bench/slowdisk.so").exists()), None)
        if not library:
            raise kt.Skip("bench/slowdisk.so is not built beside the program")
        self.when = kt.temp_dir() / "slow"
        self.program = kt.Program(site, env={"LD_PRELOAD": str(library), "KT_SLOW_SYNC_MS": str(sync_ms),
                                             "KT_SLOW_WHEN": str(self.when)})

    def __enter__(self):
        self.when.touch()
        return self.program

    def __exit__(self, *_):
        self.when.unlink()


@once
def slow():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4 * ROOM:
        raise kt.Skip(f"{hard} open files are too few")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * ROOM, hard))
    return Slow(kt.make_site([
        kt.point("ENV-1", "pressure.air", "mine", link="push"),
        kt.point("T-1", "ch4.face", "P1-face", link="push"),
        kt.point("K-unacked", "self.unacked", "mine"),
        kt.point("K-held", "self.held", "mine"),
    ]), 1500)


def head(token, n, more=""):
    return f"POST /write HTTP/1.1\r\nHost: t\r\nAuthorization: Token {token}\r\nContent-Length: {n}\r\n{more}\r\n".encode()


def dial(program):
    return socket.create_connection(("127.0.0.1", program.port), timeout=kt.LIMIT)


def keep_posting(program, token, stop):
    c = http.client.HTTPConnection("127.0.0.1", program.port, timeout=kt.LIMIT)
    while not stop.is_set():
        c.request("POST", "/write", b"ENV-1 value=1000", {"Authorization": f"Token {token}"})
        c.getresponse().read()
    c.close()


@case("what waits for the disk and who is held are points of the program itself")
def _():
    s, stop = slow(), threading.Event()
    c, token = s.program.local(), s.program.site.tokens["narrow"]
    equal(c.live("K-held")["K-held"][0], 0)
    with s:
        producers = [threading.Thread(target=keep_posting, args=(s.program, token, stop)) for _ in range(12)]
        for p in producers:
            p.start()
        try:
            kt.wait_for("what waits is seen", lambda: c.live("K-unacked")["K-unacked"][0] > 0.5)
            kt.wait_for("the held are seen", lambda: c.live("K-held")["K-held"][0] >= 50)
        finally:
            stop.set()
    for p in producers:
        p.join()


@case("no room: refused before the body, with Retry-After; a cut-off sample is taken and live all the same")
def _():
    s = slow()
    program, site = s.program, s.program.site
    line, taken = b"ENV-1 value=1001", []

    def flood():
        """One more post on a connection of its own; true once it was refused."""
        taken.append(dial(program))
        taken[-1].sendall(head(site.tokens["narrow"], len(line)) + line)
        probe = dial(program)
        probe.sendall(head(site.tokens["narrow"], 100, "Expect: 100-continue\r\n"))
        answer = probe.recv(4096)
        probe.close()
        return answer.startswith(b"HTTP/1.1 429") and answer
    with s:
        for _ in range(ROOM - 100):
            taken.append(dial(program))
            taken[-1].sendall(head(site.tokens["narrow"], len(line)) + line)
        refused = kt.wait_for("a producer is refused before it sends its body", flood, every=0)
        assert b"Retry-After: " in refused, refused
        pusher = dial(program)
        body = b"T-1 value=0.31\nENV-1 value=1002"
        pusher.sendall(head(site.tokens["pusher"], len(body)) + body)
        kt.wait_for("the cut-off sample is live", lambda: program.local().live("T-1")["T-1"][0] == 0.31)
    for c in [*taken, pusher]:
        c.close()
    kt.wait_for("there is room again", lambda: program.write("ENV-1 value=1003")[0] == 204)


def publish_many(broker, topic, n):
    """Messages 1 to n at QoS 1, none of which waits for another; all are with the broker when it returns."""
    pub, id_ = Publisher(broker, "flood"), 0
    packets = []
    for i in range(1, n + 1):
        id_ = id_ % 65535 + 1
        body = mqtt_text(topic) + struct.pack(">H", id_) + str(i).encode()
        packets.append(bytes([0x32, len(body)]) + body)
    reader = threading.Thread(target=lambda: [pub.receive() for _ in range(n)])
    reader.start()
    pub.sock.sendall(b"".join(packets))
    reader.join()
    pub.close()


@case("a flood over MQTT that nobody has read yet: a cut-off sample of the same broker does not wait behind it")
def _():
    n = 120_000
    with Broker() as b:
        link = {"id": "broker", "kind": "mqtt", "host": "127.0.0.1", "port": b.port, "client_id": "kuangtu-flood",
                "topics": ["mine/#"], "version": 3}
        s = Slow(kt.make_site([kt.point("M-1", "pressure.air", "mine", link="broker", address="mine/one"),
                               kt.point("T-1", "ch4.face", "P1-face", link="broker", address="mine/gas")], links=[link]), 4000)
        c, sensor = s.program.local(), Publisher(b, "sensor")

        def live(name, value):
            return c.live(name)[name][0] == value
        kt.wait_for("the sessions", lambda: c.get("/health")["links"][1]["up"])
        sensor.publish("mine/gas", "0.2")
        kt.wait_for("a value", lambda: live("T-1", 0.2))
        with s:
            publish_many(b, "mine/one", n)
            sensor.publish("mine/gas", "0.31")
            kt.wait_for("the cut-off sample is live", lambda: live("T-1", 0.31))
            assert not live("M-1", n), "the flood was over before; nothing is shown"
        kt.wait_for("the flood is taken", lambda: live("M-1", n))
        s.program.stop()


@case("samples that wait for history while a reload turns the points round: each is in its own point's, none is lost")
def _():
    ids = [f"R-{i}" for i in range(6)]
    rows = {i: kt.point(i, "water.level", "mine", link="push", range_lo=0, range_hi=100_000, resolution=1) for i in ids}
    taken, stop, lock = {i: set() for i in ids}, threading.Event(), threading.Lock()
    s = Slow(kt.make_site([rows[i] for i in ids[:5]]), 60)
    program, start = s.program, kt.now_ms()

    def push(name, k):
        """Value k of a point names the point; true when it is safe."""
        n = ids.index(name)
        if program.write(f"{name} value={n * 10_000 + k} {(start + k * 7 + n) * 1_000_000}")[0] == 204:
            with lock:
                taken[name].add(n * 10_000 + k)
            return True
        return False

    def producer(first):
        for k in range(first, 9_000, 8):
            for name in ids:
                push(name, k)
            if stop.is_set():
                return
    def load(order):
        program.site.write("points.csv", kt.csv_text([rows[i] for i in order]))
        kt.kuangtu("reload", program.site.dir)
    threads = [threading.Thread(target=producer, args=(i,)) for i in range(8)]
    with s:
        for t in threads:
            t.start()
        kt.wait_for("samples of the first order", lambda: all(len(taken[i]) > 8 for i in ids[:5]), every=0.02)
        for order in (ids[::-1], ids[3:] + ids[1:3]):  # one is new, all is turned round, one goes
            last = {i: len(taken[i]) for i in order}
            load(order)
            kt.wait_for("samples of this order", lambda o=order, n=last: all(len(taken[i]) > n[i] for i in o), every=0.02)
        stop.set()
        for t in threads:
            t.join()
        program.kill9()  # what waited for history is in the journal alone
    program.start()
    load(ids)  # the one that was gone is there again
    c = program.local()

    def settled():
        for i in ids:
            found = c.history(i, start - 1000, start + 100_000)["v"]
            assert all(v // 10_000 == ids.index(i) for v in found), (i, found)
            if taken[i] - set(found):
                return False
        return True
    kt.wait_for("all are in history", settled)
    kt.note(f"{sum(map(len, taken.values()))} samples")
    program.stop()


if __name__ == "__main__":
    sys.exit(kt.main())
