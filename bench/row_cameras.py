# SPDX-License-Identifier: Apache-2.0
"""Cameras: from a click to the first picture, beside what a plain RTSP client needs for its first frame."""

import json
import os
import shutil
import subprocess
import time

from common import PROGRAM, ROOT, Kuangtu, Skip, end, quantile
import make_site
import sites
from row_screens import own_password

CLICKS = 20


def missing():
    beside = PROGRAM.resolve().parent
    for path in (beside / "kuangtu-sim-camera", beside / "kuangtu-camera", ROOT / "web/dist/index.html",
                 ROOT / "web/node_modules/playwright-core"):
        if not path.exists():
            return f"{path.name} is missing (scripts/build)"
    for program in ("chromium", "gst-launch-1.0"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return ""


def a_site(ids, port):
    def make(folder, address):
        token = make_site.write(folder, address, sites.TOKEN, rows=[], packs="core",
                                links="  - {id: video, kind: camera, probe_s: 86400, before_s: 2, keep_days: 1}\n")
        rows = [f"{i},{i},{i},mr,rtsp://127.0.0.1:{port}/{i}" for i in ids]
        (folder / "cameras.csv").write_text("\n".join(["id,name,name_en,place,url", *rows]) + "\n")
        return token
    return make


def plain_client(port, name):
    """Seconds until GStreamer's client holds its first frame, its own start included."""
    began = time.monotonic()
    subprocess.run(["gst-launch-1.0", "-q", "rtspsrc", f"location=rtsp://127.0.0.1:{port}/{name}", "latency=0",
                    "protocols=tcp", "!", "rtph264depay", "!", "h264parse", "!", "fakesink", "num-buffers=1"],
                   timeout=60, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def cameras(o, book):
    """Each click opens a camera that nobody looked at, so nothing of it is in memory."""
    book.part("Cameras", "Debian's Chromium, headless; from the click until the browser shows a frame. Each camera is "
              "opened for the first time, after four the program is given time to let go of them, for GStreamer's server "
              "encodes their pictures on the same machine. Beside it: "
              "gst-launch-1.0 on cameras of the same server, until its first frame, not decoded.")
    why = missing()
    if why:
        raise Skip(why)
    n = 8 if o.quick else CLICKS
    ids, theirs = [f"C{i:02d}" for i in range(n)], [f"G{i:02d}" for i in range(n)]
    beside = PROGRAM.resolve().parent
    server = subprocess.Popen([str(beside / "kuangtu-sim-camera"), "--port", "0", *ids, *theirs],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(server.stdout.readline())
        os.environ.setdefault("KT_CAMERA", str(beside / "kuangtu-camera"))
        peer = [plain_client(port, name) * 1e3 for name in theirs]
        with Kuangtu(a_site(ids, port), ui=ROOT / "web/dist") as s:
            p = subprocess.run([str(PROGRAM), "user", "add", str(s.dir), "bench", "--roles", "dispatcher"],
                               capture_output=True, text=True, check=True)
            password = own_password(s, p.stdout.split("password ")[1].split()[0])
            env = {**os.environ, "KT_URL": s.url + "/", "KT_USER": "bench", "KT_PASSWORD": password,
                   "KT_CAMERAS": ",".join(ids)}
            r = subprocess.run(["node", str(ROOT / "bench/cameras.mjs")], env=env, capture_output=True, text=True,
                               check=False)
            if r.returncode:
                raise SystemExit("bench: cameras.mjs: " + r.stderr[-1500:] + r.stdout[-500:])
            took = json.loads(r.stdout.strip().splitlines()[-1])
    finally:
        end(server)
    mine, other = quantile(took, 0.5), quantile(peer, 0.5)
    book.row("click to first picture", f"median {mine:.0f} ms, worst {max(took):.0f} ms", "under 1 s",
             peer=f"gst-launch: median {other:.0f} ms, worst {max(peer):.0f} ms", ratio=mine / other,
             load=f"{n} cameras, 1 key frame a second", met=max(took) < 1000)
