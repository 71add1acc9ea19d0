# SPDX-License-Identifier: Apache-2.0
"""Real SIP peers for tests: baresip as desk, phone and speaker, SIPp as one that behaves badly."""

import fcntl
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import wave

import kt

MODULES = "/usr/lib/baresip/modules"


def need(*programs):
    for p in programs:
        if not shutil.which(p):
            raise kt.Skip(f"{p} is not installed")


GIVEN = {}  # port: the locked file that keeps it from other test programs


def udp_port():
    """A port that is free with the next one, over UDP and TCP (baresip takes both); not one of those
    that the machine itself gives away. It is given to nobody else while this program lives, whether
    anybody listens on it yet or not."""
    for _ in range(1000):
        port = 10000 + 10 * random.randrange(600)
        if port in GIVEN:
            continue
        lock = open(pathlib.Path(tempfile.gettempdir()) / f"kt-port-{os.getuid()}-{port}", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                for p in (port, port + 1):
                    with socket.socket(socket.AF_INET, kind) as s:
                        s.bind(("127.0.0.1", p))
            GIVEN[port] = lock
            return port
        except OSError:
            lock.close()
    raise AssertionError("no free port")


def listens(port):
    """Has a process taken this UDP port? Read, not tried: a trial would be in its way."""
    with open("/proc/net/udp") as table:
        return any(line.split()[1].endswith(f":{port:04X}") for line in list(table)[1:])


def press_from_elsewhere(key, pt=101):
    """A key (RFC 4733) to every port that a call of ours can have, from an address that is in no call."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.9", 0))
        packet = struct.pack("!BBHIIBBH", 0x80, 0x80 | pt, 1, 4711, 815, "0123456789*#".index(key), 0x8a, 800)
        for port in range(16384, 32768, 2):
            s.sendto(packet, ("127.0.0.1", port))


def tone(path, hz, seconds=30, rate=8000):
    """A WAV file that sounds."""
    import math
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(2 * math.pi * hz * i / rate)))
                               for i in range(seconds * rate)))
    return path


def loudness(samples):
    """Root mean square of 16-bit samples, 0 to 1."""
    if not samples:
        return 0.0
    return (sum(s * s for s in samples) / len(samples)) ** 0.5 / 32768


def channels(data):
    """The channels of a WAV file (bytes) as lists of samples."""
    import io
    with wave.open(io.BytesIO(data)) as w:
        n, c = w.getnframes(), w.getnchannels()
        v = struct.unpack(f"<{n * c}h", w.readframes(n))
        return [v[i::c] for i in range(c)]


class Baresip:
    """A phone or speaker. auto: it answers by itself; hz: it hums so."""

    def __init__(self, name, auto=True, hz=440):
        need("baresip")
        self.name, self.auto = name, auto
        self.dir = kt.temp_dir("kt-sip-")
        self.heard = self.dir / "heard"
        self.heard.mkdir()
        self.hum = tone(self.dir / "hum.wav", hz)
        (self.dir / "contacts").write_text("")
        PEERS.append(self)
        for _ in range(5):
            self.port = udp_port()
            self.configure()
            self.spawn()
            kt.wait_for(f"{name} is up", lambda: any("ready" in x or "init failed" in x for x in self.lines))
            if not any("init failed" in x for x in self.lines):
                return
            self.kill()  # somebody else was quicker to take the port
        raise AssertionError(f"{name} finds no port: {self.lines}")

    def configure(self):
        (self.dir / "accounts").write_text(
            f"<sip:{self.name}@127.0.0.1:{self.port}>;regint=0;"
            f"answermode={'auto' if self.auto else 'manual'};audio_codecs=PCMA,PCMU\n")
        modules = ["g711.so", "aufile.so", "aubridge.so", "sndfile.so", "stdio.so"]
        (self.dir / "config").write_text(
            f"sip_listen 127.0.0.1:{self.port}\nnet_interface 127.0.0.1\nmodule_path {MODULES}\n"
            "poll_method epoll\naudio_player aubridge,nil\nrtp_ports 17000-31000\n"
            f"audio_source aufile,{self.hum}\naudio_alert aubridge,nil\nringback_disabled yes\n"
            f"snd_path {self.heard}\nrtp_stats no\n"
            + "".join(f"module {m}\n" for m in modules) +
            "module_tmp account.so\nmodule_app menu.so\n")

    def spawn(self):
        self.lines = []
        self.process = kt.spawn(["baresip", "-f", str(self.dir)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        errors="replace", bufsize=1, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def uri(self):
        return f"sip:{self.name}@127.0.0.1:{self.port}"

    def press(self, keys):
        """Keys of its keypad, in a call."""
        self.process.stdin.write(keys)
        self.process.stdin.flush()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def heard_bytes(self):
        return sum(f.stat().st_size for f in self.heard.glob("*dec*.wav"))

    def sound(self):
        """Loudness of what it heard, the best of its recordings."""
        best = 0.0
        for f in self.heard.glob("*dec*.wav"):
            try:
                best = max(best, *(loudness(c) for c in channels(f.read_bytes())))
            except (wave.Error, EOFError, struct.error):
                continue
        return best


class Sipp:
    """A peer that plays a scenario (XML of SIPp) as the one that is called."""

    def __init__(self, scenario, port):
        need("sipp")
        self.dir = kt.temp_dir("kt-sipp-")
        self.port = port
        (self.dir / "s.xml").write_text(scenario)
        self.process = kt.spawn(
            ["sipp", "-sf", "s.xml", "-i", "127.0.0.1", "-p", str(self.port), "-nostdin",
             "-cp", str(udp_port()), "-trace_err"],
            cwd=self.dir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        PEERS.append(self)
        kt.wait_for("SIPp listens", lambda: self.process.poll() is not None or listens(port))
        assert self.process.poll() is None, f"SIPp ended: {self.errors()}"

    def errors(self):
        return " ".join(f.read_text(errors="replace") for f in self.dir.glob("*errors.log"))

    @property
    def uri(self):
        return f"sip:bad@127.0.0.1:{self.port}"

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


PEERS = []


def stop_all():
    while PEERS:
        PEERS.pop().stop()
