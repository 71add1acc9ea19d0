# SPDX-License-Identifier: Apache-2.0
"""What fault schedules need beside etcd_kit: a way to etcd for each node that can be cut, and a disk for
one etcd server that can be filled. Both use mount namespaces of Linux; where these are not allowed the
case is skipped with the reason."""

import os
import shutil
import socket
import subprocess
import threading

import kt

UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


def need_namespaces():
    if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        raise kt.Skip("a mount namespace is not allowed here")


class Way:
    """A TCP relay to one server, which can be cut: then nothing passes, connections stay as they are, new
    ones are taken and hear nothing. What was sent meanwhile comes late, as on a network that comes back."""

    def __init__(self, host, port):
        self.port, self.open = port, threading.Event()
        self.open.set()
        self.listener = socket.create_server((host, port), backlog=64)
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(conn,), daemon=True).start()

    def relay(self, near):
        self.open.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            far.settimeout(None)
        except OSError:
            near.close()
            return
        for s in (near, far):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pump, args=(far, near), daemon=True).start()
        self.pump(near, far)

    def pump(self, source, to):
        try:
            while True:
                data = source.recv(1 << 16)
                self.open.wait()
                if not data:
                    break
                to.sendall(data)
        except OSError:
            pass
        for s in (source, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.open.set()
        self.listener.close()


class Ways:
    """Of one node to all servers of etcd. Both nodes have the same text in site.yaml, names of hosts, and
    each finds its own addresses behind them: a mount namespace has its own /etc/hosts."""

    def __init__(self, etcd, nth):
        need_namespaces()
        folder = kt.temp_dir("kt-ways-")
        self.etcd, self.ways, lines = etcd, [], ["127.0.0.1 localhost"]
        for i, s in enumerate(etcd.servers):
            host = f"127.0.{nth + 1}.{10 + i}"
            self.ways.append(Way(host, s.client))
            lines.append(f"{host} {s.name}.etcd")
        (folder / "hosts").write_text("\n".join(lines) + "\n")
        self.program = folder / "kuangtu"
        self.program.write_text(f'#!/bin/sh\nexec {" ".join(UNSHARE)} sh -c \'mount --bind {folder}/hosts /etc/hosts && '
                                f'exec {kt.BIN} "$@"\' kuangtu "$@"\n')
        self.program.chmod(0o755)

    def address(self):
        return "etcd://" + ",".join(f"{s.name}.etcd:{s.client}" for s in self.etcd.servers) + "/mine"

    def cut(self):
        for w in self.ways:
            w.open.clear()

    def mend(self):
        for w in self.ways:
            w.open.set()

    def stop(self):
        for w in self.ways:
            w.stop()


class SmallDisk:
    """A tmpfs below one etcd server, in a mount namespace that a sleeping child keeps."""
    SIZE = "400m"  # etcd takes its log in pieces of 64 MB ahead

    def __init__(self, server):
        if os.geteuid() != 0:
            raise kt.Skip("a small disk needs root")
        self.folder = server.dir / server.name
        self.folder.mkdir(mode=0o700)
        self.holder = kt.spawn([*UNSHARE, "sh", "-c", f"mount -t tmpfs -o size={self.SIZE},mode=700 tmpfs {self.folder} && "
                                        "echo ready && exec sleep infinity"], stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"ready\n":
            raise kt.Skip("a tmpfs cannot be mounted here")
        server.before = ["nsenter", "--mount", "--target", str(self.holder.pid)]

    def path(self):
        return f"/proc/{self.holder.pid}/root{self.folder}/filler"

    def fill(self):
        with open(self.path(), "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * (1 << 16))
            except OSError:
                pass

    def free(self):
        os.unlink(self.path())

    def stop(self):
        self.holder.kill()
        self.holder.wait()
