# SPDX-License-Identifier: Apache-2.0
"""Devices over SNMP: Debian's snmpd as the peer (v2c, v3 with authentication and privacy), and one that answers badly."""

import atexit
import shutil
import socket
import subprocess
import sys
import threading

import kt
from kt import case, equal

SNMPD = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin:/usr/local/sbin")
BASE = "1.3.6.1.4.1.99999"
SCRIPT = """#!/bin/sh
# pass: what a switch and a data room would say, from files beside it; column 5 has four rows
oid=$2
if [ "$1" = -n ]; then
    case $oid in
    .%(base)s.5) oid=.%(base)s.5.1;; .%(base)s.5.1) oid=.%(base)s.5.2;; .%(base)s.5.2) oid=.%(base)s.5.7;;
    .%(base)s.5.7) oid=.%(base)s.5.9;; .%(base)s.5.9) oid=.%(base)s.6.1;; *) exit 0;;
    esac
elif [ "$1" != -g ]; then
    echo set >> %(dir)s/written; exit 0
fi
case $oid in
.%(base)s.1) echo $oid; echo integer; cat %(dir)s/ring;;
.%(base)s.2) echo $oid; echo counter; cat %(dir)s/octets;;
.%(base)s.3) echo $oid; echo string; echo 23.5 C;;
.%(base)s.4) echo $oid; echo string; echo on line;;
.%(base)s.5.7) echo $oid; echo integer; echo 2;;
.%(base)s.5.*) echo $oid; echo integer; echo 1;;
.%(base)s.6.1) echo $oid; echo integer; echo 1;;
esac
"""
WORDS = ("mine-ring", "auth-word-of-test", "priv-word-of-test", "another-word-than-that")


def udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Snmpd:
    """A device: its values are files."""

    def __init__(self):
        self.dir, self.port = kt.temp_dir(), udp_port()
        self.put("ring", 1)
        self.put("octets", 4294967000)
        script = self.dir / "device"
        script.write_text(SCRIPT % {"base": BASE, "dir": self.dir})
        script.chmod(0o755)
        (self.dir / "device.conf").write_text(
            f"agentAddress udp:127.0.0.1:{self.port}\nrwcommunity mine-ring 127.0.0.1\n"
            "createUser watcher SHA auth-word-of-test AES priv-word-of-test\nrwuser watcher priv\n"
            "createUser keyed SHA auth-word-of-test AES priv-word-of-test\nrwuser keyed priv\n"
            "createUser plain SHA-256 auth-word-of-test\nrouser plain auth\n"
            f"pass .{BASE} {script}\n")
        self.start()

    def put(self, name, value):
        new = self.dir / f"{name}.new"
        new.write_text(f"{value}\n")
        new.rename(self.dir / name)

    def start(self):
        self.process = kt.spawn(
            [SNMPD, "-f", "-C", "-c", str(self.dir / "device.conf"), "-Lf", str(self.dir / "log"), "-I", "-smux"],
            env={"SNMP_PERSISTENT_DIR": str(self.dir), "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)  # also where a case failed

    def stop(self):
        self.process.kill()
        self.process.wait()


class Spoiler:
    """Stands before a device: passes on what is asked, and while `on` answers what nobody should believe."""

    def __init__(self, port):
        self.front, self.back = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.front.bind(("127.0.0.1", 0))
        self.back.settimeout(2)
        self.port, self.device = self.front.getsockname()[1], port
        self.on, self.seen, self.last = threading.Event(), set(), b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                asked, who = self.front.recvfrom(65536)
                self.back.sendto(asked, ("127.0.0.1", self.device))
                answer = self.back.recv(65536)
                if not self.on.is_set():
                    self.last = answer
                    self.front.sendto(answer, who)
                    continue
                other = bytearray(answer)  # another's number: the request id follows the tag of the answer
                other[answer.find(b"\xa2") + 4] ^= 0x55
                wrong = [("number", bytes(other)), ("half", answer[:len(answer) // 2]), ("huge", b"\x30\x82\xff\xff" + b"\x02" * 60000),
                         ("empty", b""), ("nested", b"\x30\x80" * 4000), ("old", self.last)]
                for kind, text in wrong:
                    self.front.sendto(text, who)
                    self.seen.add(kind)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:  # right, from elsewhere
                    stranger.sendto(answer, who)
            except OSError:
                if self.front.fileno() < 0:
                    return


def value(client, name):
    return client.live(name)[name]


@case("snmpd over v2c and v3: states, rates over the end of a counter, texts, rows; a wrong key, a wrong community, a spoiled way")
def _():
    device = Snmpd()
    spoiler = Spoiler(device.port)
    link = {"kind": "snmp", "host": "127.0.0.1", "port": device.port, "scan_ms": 300, "timeout_ms": 1500, "retries": 0}
    three = {**link, "version": 3, "password_file": "secrets/auth"}
    links = [{"id": "two", **link, "password_file": "secrets/word"},
             {"id": "three", **three, "user": "watcher", "key_file": "secrets/key"},
             {"id": "plain", **three, "user": "plain", "auth": "sha256"},
             {"id": "key", **three, "user": "keyed", "password_file": "secrets/other", "key_file": "secrets/key", "scan_ms": 500},
             {"id": "word", **link, "password_file": "secrets/other", "timeout_ms": 300},
             {"id": "spoilt", **link, "port": spoiler.port, "password_file": "secrets/word", "timeout_ms": 300}]
    points = [kt.point("RING", "net.ring", "mine", link="two", address=f"{BASE}.1=1|7"),
              kt.point("RATE", "net.traffic", "mine", unit="Mbit/s", link="two", address=f"{BASE}.2/s*0.000008"),
              kt.point("TEMP", "room.temperature", "mine", unit="degC", link="two", address=f"{BASE}.3"),
              kt.point("MAINS", "room.mains", "mine", link="two", address=f"{BASE}.4='on line'"),
              kt.point("TEXT", "host.load", "mine", unit="%", link="two", address=f"{BASE}.4"),
              kt.point("GONE", "host.disk", "mine", unit="%", link="two", address=f"{BASE}.99"),
              kt.point("ROWS", "base.terminals", "mine", unit="1", link="two", address=f"{BASE}.5/n"),
              kt.point("ONES", "base.phones", "mine", unit="1", link="three", address=f"{BASE}.5/n=1"),
              kt.point("RING3", "net.ring", "mine", link="three", address=f"{BASE}.1=1"),
              kt.point("PLAIN", "net.ring", "mine", link="plain", address=f"{BASE}.1=1"),
              kt.point("KEY", "net.port.next", "mine", link="key", address=f"{BASE}.1=1"),
              kt.point("WORD", "net.port.next", "mine", link="word", address=f"{BASE}.1=1"),
              kt.point("SPOILT", "net.ring", "mine", link="spoilt", address=f"{BASE}.1=1")]
    made = kt.make_site(points, packs=("core", "gas", "network"), links=links)
    for name, text in zip(("word", "auth", "key", "other"), WORDS):
        made.write(f"secrets/{name}", text + "\n").chmod(0o600)
    program = kt.Program(made)
    client = program.user("wang", "dispatcher")
    for name in ("RING", "RING3", "PLAIN", "SPOILT", "MAINS"):
        kt.wait_for(name, lambda name=name: value(client, name)[:2] == (1, "normal"))
    equal([value(client, n)[:2] for n in ("TEMP", "ROWS", "ONES")], [(23.5, "normal"), (4, "normal"), (3, "normal")])
    equal([value(client, n)[1] for n in ("TEXT", "GONE")], ["device-fault", "device-fault"])

    device.put("octets", 500000)  # 32 bits ran over: 500 296 octets more
    kt.wait_for("traffic over the end of the counter", lambda: 0.001 < (value(client, "RATE")[0] or 0) < 100)
    kt.wait_for("no traffic", lambda: value(client, "RATE")[:2] == (0, "normal"))

    state = {x["id"]: x for x in client.get("/health")["links"]}
    equal({n: state[n]["up"] for n in ("two", "three", "plain", "key", "word")},
          {"two": True, "three": True, "plain": True, "key": False, "word": False})
    assert "refuses" in state["key"]["text"], state["key"]
    equal([value(client, n)[1] for n in ("KEY", "WORD")], ["never", "never"])

    spoiler.on.set()
    kt.wait_for("the spoilt one counts as silent", lambda: value(client, "SPOILT")[1] == "comm-fault")
    device.put("ring", 2)
    kt.wait_for("a healed ring: nobody waits for the spoilt one", lambda: value(client, "RING")[:2] == (0, "normal"))
    equal(len(spoiler.seen), 6)
    spoiler.on.clear()
    kt.wait_for("its return", lambda: value(client, "SPOILT")[:2] == (0, "normal"))

    device.stop()
    kt.wait_for("silence", lambda: value(client, "RING")[1] == "comm-fault" and value(client, "RING3")[1] == "comm-fault")
    device.put("ring", 1)
    device.put("octets", 4294966000)  # of other times: what went by while it was silent is not known
    device.start()
    first = kt.wait_for("the traffic again", lambda: v if (v := value(client, "RATE"))[1] == "normal" else None)
    equal(first[0], 0, "a counter of a silent device gives no rate")
    kt.wait_for("the return of both", lambda: value(client, "RING")[:2] == (1, "normal") and value(client, "RING3")[:2] == (1, "normal"))
    assert program.alive()
    program.stop()
    assert not any(w in line for line in program.lines for w in WORDS), "a secret is in the log"
    assert not (device.dir / "written").exists(), "something was set"
    device.stop()


if __name__ == "__main__":
    if not SNMPD:
        print("1..0 # SKIP snmpd is not installed")
        sys.exit(0)
    sys.exit(kt.main())
