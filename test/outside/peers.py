# SPDX-License-Identifier: Apache-2.0
"""Protocol peers for tests, written from the protocols' texts: a Modbus TCP device that can be told
to misbehave, and the real MQTT broker as a child process."""

import gzip
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time

import kt

OK, LATE, HALF, WRONG_UNIT, EXCEPTION, SILENT, CLOSE = range(7)


class Modbus:
    """One device: coils, discrete inputs, holding and input registers. Thread-safe.

    feeds: {coil: (discrete input, seconds)}: the input follows the coil after a delay; None as the
    delay: it does not follow.
    """

    def __init__(self, unit=1, port=None):
        self.unit, self.port = unit, port or kt.free_port()
        self.lock = threading.RLock()
        self.coils, self.discretes = [1] * 64, [0] * 64
        self.holding, self.inputs = [0] * 256, [0] * 256
        self.fence = None  # holding register of the fencing token: older ones are refused
        self.token, self.refused = 0, []  # the highest token; closings refused, with their token
        self.feeds, self.writes, self.requests, self.timers = {}, [], 0, []
        self.mode, self.mode_of = OK, {}  # mode_of: {function code: mode}
        self.canned = []  # frames that answer the next requests, with the request's transaction id
        self.changed = threading.Condition(self.lock)
        self.server, self.connections = None, set()
        self.start()

    # life

    def start(self):
        device = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                device.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def stop(self):
        """Vanish from the network: nothing listens, connections are cut."""
        if not self.server:
            return
        self.server.shutdown()
        self.server.server_close()
        self.server = None
        with self.lock:
            for c in list(self.connections):
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            for t in self.timers:
                t.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # the wire

    def serve(self, conn):
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections.add(conn)
        told = [0]  # the token as this client told it
        try:
            while True:
                head = self.read(conn, 7)
                tid, proto, length, unit = struct.unpack(">HHHB", head)
                pdu = self.read(conn, length - 1)
                if proto != 0 or not self.answer(conn, tid, unit, pdu, told):
                    return
        except (OSError, EOFError):
            pass
        finally:
            with self.lock:
                self.connections.discard(conn)
            conn.close()

    @staticmethod
    def read(conn, n):
        got = b""
        while len(got) < n:
            more = conn.recv(n - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def answer(self, conn, tid, unit, pdu, told):
        with self.lock:
            self.requests += 1
            mode = self.mode_of.get(pdu[0], self.mode)
            body = b""
            if mode in (OK, HALF, WRONG_UNIT, LATE):
                body = self.fenced(pdu, told) or self.reply(pdu)
            self.changed.notify_all()
            canned = self.canned.pop(0) if self.canned else None
        if canned:
            conn.sendall(struct.pack(">H", tid) + canned[2:])
            return True
        if mode == CLOSE:
            return False
        if mode == SILENT:
            return True
        if mode == LATE:
            time.sleep(1.5)
        if mode == EXCEPTION:
            body = bytes([pdu[0] | 0x80, 4])
        if mode == WRONG_UNIT:
            unit = (unit + 6) % 250
        frame = struct.pack(">HHHB", tid, 0, len(body) + 1, unit) + body
        conn.sendall(frame[:len(frame) // 2] if mode == HALF else frame)
        return True

    def fenced(self, pdu, told):
        """The answer of a device that keeps a token, where it is not the usual one."""
        if self.fence is None:
            return None
        if pdu[0] == 16 and struct.unpack(">H", pdu[1:3])[0] == self.fence:
            token = int.from_bytes(pdu[6:14], "big")
            if token < self.token:
                return bytes([pdu[0] | 0x80, 3])
            self.token = told[0] = token
            return pdu[:5]
        if (pdu[0] in (5, 6) and any(pdu[3:5]) or pdu[0] == 16) and told[0] < self.token:
            self.refused.append((time.monotonic(), told[0]))
            return bytes([pdu[0] | 0x80, 3])
        return None

    def reply(self, pdu):
        code = pdu[0]
        if code in (1, 2, 3, 4):
            start, count = struct.unpack(">HH", pdu[1:5])
            table = {1: self.coils, 2: self.discretes, 3: self.holding, 4: self.inputs}[code]
            if start + count > len(table):
                return bytes([code | 0x80, 2])
            values = table[start:start + count]
            if code <= 2:
                raw = bytearray((count + 7) // 8)
                for i, v in enumerate(values):
                    raw[i // 8] |= (1 if v else 0) << (i % 8)
            else:
                raw = b"".join(struct.pack(">H", v & 0xffff) for v in values)
            return bytes([code, len(raw)]) + bytes(raw)
        if code == 5:
            at, value = struct.unpack(">HH", pdu[1:5])
            self.set_coil(at, 1 if value == 0xff00 else 0, wire=True)
            return pdu[:5]
        if code == 6:
            at, value = struct.unpack(">HH", pdu[1:5])
            self.holding[at] = value
            self.writes.append((time.monotonic(), "h", at, value))
            return pdu[:5]
        return bytes([code | 0x80, 1])

    # the plant behind it

    def set_coil(self, at, value, wire=False):
        with self.lock:
            self.coils[at] = value
            if wire:
                self.writes.append((time.monotonic(), "c", at, value))
            follow = self.feeds.get(at)
            if follow and follow[1] is not None:
                t = threading.Timer(follow[1], self.set_discrete, (follow[0], value))
                t.daemon = True
                self.timers.append(t)
                t.start()
            self.changed.notify_all()

    def set_discrete(self, at, value):
        with self.lock:
            self.discretes[at] = value
            self.changed.notify_all()

    def set_input(self, at, value):
        with self.lock:
            self.inputs[at] = value

    def set_mode(self, mode):
        with self.lock:
            self.mode = mode

    def coil_writes(self, at):
        with self.lock:
            return [value for _, table, where, value in self.writes if table == "c" and where == at]

    def wait(self, what, fits, limit=None):
        end = time.monotonic() + max(limit or 0, kt.LIMIT)
        with self.changed:
            while not fits(self):
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"the device did not see: {what}; writes {self.writes}")
                self.changed.wait(min(left, 0.2))


def captured(path, port):
    """(client's, server's) payloads of TCP with this port in a capture, in order; pcap, maybe gzipped."""
    data = (gzip.open(path) if path.suffix == ".gz" else open(path, "rb")).read()
    end = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack(end + "I", data[20:24])[0]
    at, sides = 24, ([], [])
    while at + 16 <= len(data):
        size = struct.unpack(end + "I", data[at + 8:at + 12])[0]
        ip = data[at + 16:at + 16 + size][{1: 14, 113: 16}.get(link, 0):]
        at += 16 + size
        if len(ip) < 40 or ip[0] >> 4 != 4 or ip[9] != 6:
            continue
        tcp = ip[(ip[0] & 15) * 4:struct.unpack(">H", ip[2:4])[0]]
        ports = struct.unpack(">HH", tcp[:4])
        payload = tcp[(tcp[12] >> 4) * 4:]
        if payload and port in ports:
            sides[ports[0] == port].append(payload)
    return sides


def write_coil(port, at, value, unit=1):
    """Write one coil as any client could; answers the exception code, 0 when it was done."""
    with socket.create_connection(("127.0.0.1", port), timeout=kt.LIMIT) as s:
        s.sendall(struct.pack(">HHHBBHH", 7, 0, 6, unit, 5, at, 0xff00 if value else 0))
        answer = s.recv(64)
    return answer[8] if answer[7] & 0x80 else 0


def write_register(port, at, value, token, fence=40, unit=1):
    """Tell the token as a node does, then write a holding register; answers as write_coil."""
    def ask(s, pdu):
        s.sendall(struct.pack(">HHHB", 7, 0, len(pdu) + 1, unit) + pdu)
        answer = s.recv(64)
        return answer[8] if answer[7] & 0x80 else 0
    with socket.create_connection(("127.0.0.1", port), timeout=kt.LIMIT) as s:
        ask(s, struct.pack(">BHHBQ", 16, fence, 4, 8, token))
        return ask(s, struct.pack(">BHH", 6, at, value))


def write_float(port, at, value, unit=1):
    """Write two holding registers, high word first, as any client could; answers as write_coil."""
    with socket.create_connection(("127.0.0.1", port), timeout=kt.LIMIT) as s:
        s.sendall(struct.pack(">HHHBBHHBf", 7, 0, 11, unit, 16, at, 2, 4, value))
        answer = s.recv(64)
    return answer[8] if answer[7] & 0x80 else 0


class Broker:
    """mosquitto on a port of its own, messages kept on disk."""

    def __init__(self, version=None):
        self.program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if not self.program:
            raise kt.Skip("mosquitto is not installed")
        self.port, self.dir, self.process = kt.free_port(), kt.temp_dir("kt-mosq-"), None
        (self.dir / "conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.dir}/\nautosave_interval 1\nmax_queued_messages 0\n"
            f"max_inflight_messages 0\nuser root\n", encoding="utf-8")
        self.start()

    def start(self):
        self.process = kt.spawn([self.program, "-c", str(self.dir / "conf")],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        kt.wait_for("the broker listens", self.listens)

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def mqtt_text(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


class Publisher:
    """MQTT 3.1.1, QoS 1: what the broker has acknowledged is counted."""

    def __init__(self, broker, name):
        self.sock = socket.create_connection(("127.0.0.1", broker.port), timeout=kt.LIMIT)
        self.next_id, self.acked, self.lock = 1, 0, threading.Lock()
        body = mqtt_text("MQTT") + bytes([4, 2]) + struct.pack(">H", 60) + mqtt_text(name)
        self.send(0x10, body)
        kind, got = self.receive()
        assert kind == 0x20 and got[1] == 0, "the broker refused the publisher"

    def send(self, kind, body):
        n, head = len(body), bytes([kind])
        while True:
            n, digit = n >> 7, n & 127
            head += bytes([digit | (128 if n else 0)])
            if not n:
                break
        self.sock.sendall(head + body)

    def receive(self):
        kind = Modbus.read(self.sock, 1)[0]
        length = shift = 0
        while True:
            b = Modbus.read(self.sock, 1)[0]
            length |= (b & 127) << shift
            shift += 7
            if b < 128:
                break
        return kind, Modbus.read(self.sock, length)

    def publish(self, topic, text, qos=1):
        """Send and, at QoS 1, wait for the broker's acknowledgement."""
        body = mqtt_text(topic)
        if qos:
            body += struct.pack(">H", self.next_id)
            self.next_id = self.next_id % 65535 + 1
        self.send(0x30 | qos << 1, body + text.encode())
        if qos:
            kind, _ = self.receive()
            assert kind == 0x40
            self.acked += 1

    def close(self):
        self.sock.close()
