# SPDX-License-Identifier: Apache-2.0
"""The demonstration mine under the program: a copy of its site and the simulated plant, on free ports."""

import os
import random
import re
import secrets
import shutil
import socket
import subprocess

import kt

PORTS, CLAIM = 64, 99  # of one plant; the one that says whose they are
DEVICE_MS = 5000  # a simulated device that a busy machine lets wait is not a silent one


def claim_ports():
    """A run of ports that nobody listens on, and the listening socket that keeps others from it."""
    for base in random.sample(range(20000, 31000, 100), 110):
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", base + CLAIM))
            claim.listen()
            if not any(answers(port) for port in range(base, base + PORTS)):
                return base, claim
        except OSError:
            pass
        claim.close()
    raise kt.Skip("no run of free ports")


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Mine:
    def __init__(self, scenario="calm", speed=10, journal=None):
        if not os.access(kt.SIM, os.X_OK):
            raise kt.Skip(f"{kt.SIM} is not built")
        demo = kt.SOURCE / "sites/demo"
        self.base, self.claim = claim_ports()
        self.site = kt.Site()
        shutil.copytree(demo, self.site.dir, ignore=shutil.ignore_patterns("data", "secrets", "drop"))
        text = re.sub(r"port: 15(\d\d\d)", lambda m: f"port: {self.base + int(m.group(1))}",
                      self.site.read("site.yaml"))
        text = text.replace("timeout_ms: 500", f"timeout_ms: {DEVICE_MS}")
        text += f"journal: {journal}\n" if journal else ""
        self.site.write("site.yaml", text)
        self.site.replace("points.csv", "@127.0.0.1:15005", f"@127.0.0.1:{self.base + 5}")
        self.site.secret("envgw.token")
        (self.site.dir / "secrets/envgw.token").write_text(secrets.token_urlsafe(24))
        self.site.secret("network.community")
        self.sim = kt.spawn(
            [kt.SIM, str(demo / "sim.plan"), "--scenario", scenario, "--speed", str(speed),
             "--base-port", str(self.base), "--no-mqtt", "--community", str(self.site.dir / "secrets/network.community")], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.sim.stdout.readline()
        try:
            assert "ready" in line, line
            words = ["--sim-clock", f"127.0.0.1:{self.base}", *(["--node", "node-a"] if journal else [])]
            # no camera of the site is there: what reads them need not try
            self.program = kt.Program(self.site, *words, env={"KT_CAMERA": "/bin/true"})
            self.op = self.program.user("operator-1", "dispatcher")
            self.op.points_stay = True
        except BaseException:
            self.sim.kill()
            self.claim.close()
            raise

    def control(self, line):
        with socket.create_connection(("127.0.0.1", self.base + 1), timeout=kt.LIMIT) as s:
            s.sendall(line.encode() + b"\n")
            answer = s.makefile(encoding="utf-8").readline().strip()
        assert answer.startswith("ok"), f"{line}: {answer}"
        return answer

    def links(self):
        return [x for x in self.op.get("/health")["links"] if x["kind"] == "modbus"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stop()
        self.sim.terminate()
        self.sim.wait()
        self.claim.close()
