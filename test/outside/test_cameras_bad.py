# SPDX-License-Identifier: Apache-2.0
"""Cameras that are none: an endless head, a broken description, garbage for pictures, a huge length, silence."""

import os
import re
import socket
import sys
import threading

import camera_kit
import kt
from kt import case, equal

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
       "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\na=control:track1\r\n")


class Bad:
    """Says `how` to each who asks."""

    def __init__(self, how):
        self.how, self.server, self.asked = how, socket.create_server(("127.0.0.1", 0)), 0
        threading.Thread(target=self.run, daemon=True).start()

    def url(self):
        return f"rtsp://127.0.0.1:{self.server.getsockname()[1]}/x"

    def run(self):
        while True:
            try:
                c, _ = self.server.accept()
            except OSError:
                return
            self.asked += 1
            threading.Thread(target=self.one, args=(c,), daemon=True).start()

    def one(self, c):
        try:
            with c:
                c.settimeout(20)
                while data := c.recv(4096).decode("latin-1"):
                    cseq = re.search(r"CSeq: (\d+)", data)
                    self.answer(c, data.split(" ")[0], cseq.group(1) if cseq else "0")
        except OSError:
            pass

    def answer(self, c, method, cseq):
        head = f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n"
        if self.how == "endless":
            while True:
                c.sendall(b"X-A: " + b"a" * 60000 + b"\r\n" if self.asked % 2 else b"a" * 60000)
        if self.how == "silent":
            return
        if self.how == "garbage" and method in ("SETUP", "PLAY"):
            c.sendall(f"{head}Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n".encode())
            while method == "PLAY":
                body = os.urandom(1200)
                rtp = bytes([0x80, 96]) + body[:2] + os.urandom(8) + body[12:]
                c.sendall(b"$\0" + len(rtp).to_bytes(2, "big") + rtp)
        elif self.how == "huge" and method == "DESCRIBE":
            c.sendall(f"{head}Content-Type: application/sdp\r\nContent-Length: 2147483647\r\n\r\n".encode())
            while True:
                c.sendall(b"a=" + b"x" * 60000 + b"\r\n")
        elif method == "DESCRIBE":
            sdp = SDP if self.how == "garbage" else "m=video\r\na=rtpmap:\r\na=fmtp:96 sprop-parameter-sets=" + "%" * 5000 + "\r\n"
            c.sendall(f"{head}Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}".encode())
        else:
            c.sendall(f"{head}Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n".encode())


def rss_mb(pid):
    text = open(f"/proc/{pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) // 1024


@case("none of them has a signal, none takes the program along or fills its memory; a good camera plays beside")
def _():
    good = camera_kit.Cameras("C1")
    bad = {how: Bad(how) for how in ("endless", "sdp", "garbage", "huge", "silent")}
    made = kt.make_site([kt.point("T1", "ch4.face", "P1-face", link="push")], links=[{"id": "video", "kind": "camera", "probe_s": 10}])
    made.write("cameras.csv", "id,name,place,url\n" + f"GOOD,g,P1-face,{good.url('C1')}\n" +
               "".join(f"{how},b,P1-face,{b.url()}\n" for how, b in bad.items()))
    program = kt.Program(made)
    client = program.user("wang", "dispatcher")
    look = camera_kit.Stream(client, "GOOD", *bad)
    look.await_more("km", 3)
    before = rss_mb(program.process.pid)

    def known():
        by = {c["id"]: c for c in client.get("/cameras")["items"]}
        return by if all(by[how]["known"] for how in bad) else None
    by = kt.wait_for("a word on each", known, limit=kt.LIMIT * 2)
    equal([how for how in bad if by[how]["signal"] and how != "garbage"], [])
    kt.wait_for("each was asked again", lambda: all(b.asked >= 2 for b in bad.values()), limit=kt.LIMIT * 2)
    look.await_more("km", 20)
    assert program.alive()
    after = rss_mb(program.process.pid)
    kt.note(f"memory {before} MB, then {after} MB; " + "; ".join(f"{h}: {by[h]['why']} {by[h]['text']}" for h in bad))
    assert after < before + 150, (before, after)
    look.close()
    for b in bad.values():
        b.server.close()
    good.kill()
    program.stop()


if __name__ == "__main__":
    why = camera_kit.missing()
    if why:
        print(f"1..0 # SKIP {why}")
        sys.exit(0)
    sys.exit(kt.main())
