# SPDX-License-Identifier: Apache-2.0
"""A small mine with real phones and speakers for a story in a browser (test/browser/voice-real.mjs):
prints its address, a person and a password, and lives until its input ends."""

import json
import sys

import kt
import voice_kit as vk

RIGHTS = ["view", "history.read", "alarm.ack", "call", "call.hear", "broadcast", "record.read", "record.write"]


def main():
    desk, phone, speaker = vk.Baresip("desk"), vk.Baresip("phone", hz=880), vk.Baresip("sp")
    rows = [("DESK", "desk", "mine", desk.uri, "调度台话机", 0, 0), ("PH1", "phone", "P1-face", phone.uri, "工作面电话", 800, 300),
            ("SP1", "speaker", "P1-face", speaker.uri, "工作面音箱", 820, 330),
            ("SP2", "speaker", "P1-return", f"sip:x@127.0.0.1:{vk.udp_port()}", "回风巷音箱", 400, 400)]
    points = [kt.point(i, f"voice.{r}", p, link="sip", address=u, x=x, y=y, name=n) for i, r, p, u, n, x, y in rows]
    site = kt.make_site(points, packs=("core", "gas", "voice"),
                        people=[{"id": "dispatcher", "places": ["mine"], "rights": RIGHTS}],
                        links=[{"id": "sip", "kind": "sip", "host": "127.0.0.1", "port": vk.udp_port(), "probe_s": 2}])
    program = kt.Program(site, "--ui", str(kt.SOURCE / "web/dist"))
    who = program.user("wang", "dispatcher")
    print(json.dumps({"url": program.url + "/", "user": "wang", "password": who.password}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    try:
        main()
    except kt.Skip as e:
        print(json.dumps({"skip": str(e)}), flush=True)
    finally:
        for p in kt.PROGRAMS:
            p.stop()
        vk.stop_all()
        kt.clean_up()
