# SPDX-License-Identifier: Apache-2.0
"""More requests than the record room takes at once, while its file is held: the rest is refused with
when to come again, what was taken is answered, and sent again nothing is there twice."""

import json
import selectors
import socket
import sqlite3
import sys

import kt
import records_kit as kit
from kt import case, equal

TAKEN, MORE = 2000, 60


class Flood:
    """One connection each, sent and not waited for."""

    def __init__(self, client):
        self.client, self.answers, self.buffers = client, {}, {}
        self.look = selectors.DefaultSelector()

    def send(self, key):
        body = json.dumps({"verb": "record.create", "key": key, "args": {
            "register": "project", "fields": {"no": key, "title": "同时"}}}).encode()
        head = "".join(f"{k}: {v}\r\n" for k, v in self.client.request_headers().items())
        s = socket.create_connection(("127.0.0.1", self.client.program.port))
        s.sendall(f"POST /api/v1/requests HTTP/1.1\r\nHost: x\r\n{head}Content-Type: application/json\r\n"
                  f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        s.setblocking(False)
        self.buffers[key] = b""
        self.look.register(s, selectors.EVENT_READ, key)

    def take(self, key):
        """The server itself may have too much to do and say so (503), before the room is asked."""
        if self.buffers[key].startswith(b"HTTP/1.1 503"):
            self.send(key)
        else:
            self.answers[key] = self.buffers[key]

    def wait(self, n):
        """Until so many have been answered."""
        def enough():
            for found, _ in self.look.select(timeout=0.2):
                got = found.fileobj.recv(65536)
                self.buffers[found.data] += got
                if not got:
                    self.look.unregister(found.fileobj)
                    found.fileobj.close()
                    self.take(found.data)
            return len(self.answers) >= n
        kt.wait_for(f"{n} answers", enough, limit=240)

    def by_status(self):
        out = {}
        for key, raw in self.answers.items():
            out.setdefault(int(raw.split(b" ", 2)[1]), []).append(key)
        return out


@case("2060 requests while the room's file is held: 2000 wait and are done, 60 are told to come again, none is lost or doubled")
def flood():
    site = kit.make_site()
    site.replace("site.yaml", '"packs":', '"accounts": {"requests_per_minute": 1000000}, "packs":')
    program = kt.Program(site)
    clerk = program.user("u.clerk", "clerk")
    clerk.ask("record.create", register="project", fields={"no": "first"})
    held = sqlite3.connect(site.dir / "data/records.db", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    flood = Flood(clerk)
    for i in range(TAKEN + MORE):
        flood.send(f"N-{i}")
    flood.wait(MORE)
    equal({k: len(v) for k, v in flood.by_status().items()}, {429: MORE}, "answered while it is held")
    refused = flood.by_status()[429]
    one = flood.answers[refused[0]].lower()
    assert b"retry-after:" in one and b"kt_ebusy" in one, one
    equal(clerk.get("/records/project", limit=1)["total"], 1, "reading goes on")
    held.execute("ROLLBACK")
    held.close()
    flood.wait(TAKEN + MORE)
    equal({k: len(v) for k, v in flood.by_status().items()}, {429: MORE, 200: TAKEN})
    again = Flood(clerk)
    for key in refused + flood.by_status()[200][:20]:
        again.send(key)
    again.wait(MORE + 20)
    equal({k: len(v) for k, v in again.by_status().items()}, {200: MORE + 20})
    equal(clerk.get("/records/project", limit=1)["total"], 1 + TAKEN + MORE)
    program.stop()
    kt.kuangtu("records", "verify", site.dir)


if __name__ == "__main__":
    sys.exit(kt.main())
