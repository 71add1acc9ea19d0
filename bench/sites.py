# SPDX-License-Identifier: Apache-2.0
"""Sites for the rows. Every maker is `make(folder, address)` and answers the producer's token."""

import make_site

TOKEN = "bench-token-0123456789"
SELVES = [f"self-{r},{r},{r},{kind},{unit},self.{r},mine" for r, kind, unit in
          (("queue", "analog", "%"), ("lag", "analog", "s"), ("unacked", "analog", "s"), ("held", "analog", "%"),
           ("disk", "analog", "%"), ("refused", "counter", "1"),
           ("journal", "switch", ""))]


def plain(points, **more):
    """N pushed analog points (P00000 …), one alarm rule each."""
    return lambda folder, address: make_site.make(folder, points, address, TOKEN, **more)


def over_mqtt(points, port):
    """N points over MQTT, topic m/Pnnnnn."""
    links = f'  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {port}, client_id: kuangtu-bench, ' \
            'topics: ["m/#"], version: 3}\n'

    def make(folder, address):
        rows = [f"P{i:05d},测点{i},Point {i},analog,m,water.level,mr,0,4,0.01,broker,m/P{i:05d}"
                for i in range(points)]
        return make_site.write(folder, address, TOKEN, links=links, rows=rows)
    return make


def cutting(points, channels, modbus, mqtt, selves=False):
    """N plain points for the load; beside them `channels` faces, each with a methane sensor over HTTP (H),
    MQTT (M) and Modbus (B), a switch (coil) and its feed state, under the shipped rules of pack gas."""
    links = f'  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {mqtt}, client_id: kuangtu-bench, ' \
            'topics: ["m/#"], version: 3}\n' \
            f"  - {{id: sub, kind: modbus, host: 127.0.0.1, port: {modbus}, unit: 1, timeout_ms: 500, scan_ms: 500}}\n"
    places, rows = [], []
    for k in range(channels):
        places += [f"W{k},mine,panel,工作面{k}区,Panel {k},,,,", f"F{k},W{k},face,工作面{k},Face {k},,,,"]
        rows += [f"H{k:05d},甲烷H{k},CH4 H{k},analog,%CH4,ch4.face,F{k},0,4,0.01,push,,,",
                 f"M{k:05d},甲烷M{k},CH4 M{k},analog,%CH4,ch4.face,F{k},0,4,0.01,broker,m/M{k:05d},,",
                 f"B{k:05d},甲烷B{k},CH4 B{k},analog,%CH4,ch4.face,F{k},0,4,0.01,sub,i{k}:u16*0.01,,",
                 f"D{k:05d},馈电{k},Feed {k},switch,,feed.state,F{k},,,,sub,d{k},,",
                 f"S{k:05d},断电{k},Switch {k},output,,switch.power,F{k},,,,sub,c{k},D{k:05d},F{k}"]

    rows += SELVES if selves else []

    def make(folder, address):
        return make_site.make(folder, points, address, TOKEN, links=links, places=places, more=rows,
                              packs="core, gas")
    return make
