# SPDX-License-Identifier: Apache-2.0
"""Cameras for tests: GStreamer's RTSP server with a test picture, and what the program streams of it."""

import os
import signal
import struct
import subprocess
import threading
from pathlib import Path

import kt

PLACE = Path(kt.BIN).resolve().parent
SERVER = PLACE / "kuangtu-sim-camera"
HELPER = PLACE / "kuangtu-camera"


def missing():
    """Why there are no cameras here, or an empty text."""
    for path, what in ((HELPER, "libavformat-dev"), (SERVER, "libgstrtspserver-1.0-dev")):
        if not path.exists():
            return f"{path.name} was not built ({what})"
    have = subprocess.run([str(SERVER), "--check"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return "" if have.returncode == 0 else "GStreamer has no x264enc here (gstreamer1.0-plugins-ugly)"


class Cameras:
    """An RTSP server with some pictures; `kill` and `start` again on the same port."""

    def __init__(self, *words, port=0):
        self.words, self.port, self.process = words, port, None
        self.start()

    def start(self):
        self.process = kt.spawn([str(SERVER), "--port", str(self.port), *self.words],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def freeze(self, frozen):
        os.kill(self.process.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def url(self, name):
        return f"rtsp://127.0.0.1:{self.port}/{name}"


class Stream:
    """What one screen gets: frames as they come, on a thread."""

    def __init__(self, client, *ids):
        self.frames, self.over = [], threading.Event()
        self.connection = client.connection(limit=kt.LIMIT * 4)
        self.connection.request("GET", "/api/v1/cameras/stream?cameras=" + ",".join(ids),
                                headers=client.request_headers())
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while self.status == 200:
                head = self.response.read(4)
                if len(head) < 4:
                    break
                body = self.response.read(struct.unpack("<I", head)[0])
                self.frames.append((body[0], chr(body[1]), body[2:]))
        except (OSError, ValueError, AttributeError):
            pass
        self.over.set()

    def count(self, kind, camera=0):
        return sum(1 for c, k, _ in list(self.frames) if c == camera and k in kind)

    def await_more(self, kind, n=1, camera=0):
        before = self.count(kind, camera)
        kt.wait_for(f"{n} more of {kind}", lambda: self.count(kind, camera) >= before + n, limit=kt.LIMIT * 2)

    def close(self):
        self.connection.close()
