# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""kill -9 under load, again and again: nothing acknowledged is ever missing.

KT_KILL_ROUNDS (20) rounds; the seed of the moments is printed, KT_SEED repeats it.
"""

import datetime
import http.client
import json
import os
import random
import sys
import threading
import time

import kt
from kt import case, equal

ROUNDS = int(os.environ.get("KT_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("KT_SEED", str(time.time_ns() % 10**9)))
PUSHERS, BATCH = 4, 25


def rfc3339(us):
    whole = datetime.datetime.fromtimestamp(us // 10**6, datetime.timezone.utc)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{us % 10**6:06d}Z"


class Pusher(threading.Thread):
    """Counts up on its own point, in small bodies; keeps what was acknowledged."""

    def __init__(self, program, number):
        super().__init__(daemon=True)
        self.program, self.point = program, f"N-{number}"
        self.acked, self.stopping, self.next, self.time = [], False, 1, 0
        self.json = number % 2 == 0

    def body(self):
        """Times in microseconds, never ahead of the clock."""
        self.time = max(self.time + 1, time.time_ns() // 1000)
        rows = [(self.time + i, self.next + i) for i in range(BATCH)]
        self.time += BATCH
        self.next += BATCH
        if self.json:
            text = json.dumps([{"point": self.point, "value": v, "time": rfc3339(t)} for t, v in rows])
        else:
            text = "".join(f"{self.point} value={v} {t}\n" for t, v in rows)
        return rows, text

    def run(self):
        path = "/api/v1/samples" if self.json else "/write?precision=us"
        token = {"Authorization": f"Token {self.program.site.tokens['pusher']}"}
        connection = None
        while not self.stopping:
            rows, text = self.body()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.program.port,
                                                                      timeout=5)
                connection.request("POST", path, text, token)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 204:
                    self.acked += rows
                elif answer.status == 429:
                    time.sleep(0.01)
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.01)


class Asker(threading.Thread):
    """Writes notes; keeps the sequence numbers of those that were acknowledged."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.acked, self.stopping, self.next = client, [], False, 1

    def run(self):
        while not self.stopping:
            text = f"note number {self.next}"
            self.next += 1
            try:
                got = self.client.ask("note.add", point="N-1", text=text)
                self.acked.append((got["seq"], text))
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
            except kt.Refused:
                time.sleep(0.05)


def read_all(client, name, start, end):
    """Raw samples over spans short enough for the bound of one answer."""
    found, step = set(), 60_000
    while start < end:
        got = client.history(name, start, min(start + step, end))
        assert not got.get("cut"), "the answer was cut short"
        found.update(got["v"])
        start += step
    return found


def all_notes(client):
    found, cursor = {}, None
    while True:
        page = client.get("/events", type="request", limit=5000, cursor=cursor)
        found.update({e["seq"]: e["body"]["args"].get("text") for e in page["items"]})
        cursor = page["next"]
        if not cursor:
            return found


@case(f"{ROUNDS} rounds of kill -9 under load: every acknowledged sample and request is there")
def _():
    chance = random.Random(SEED)
    kt.note(f"seed {SEED}")
    site = kt.make_site([kt.point(f"N-{i}", "pressure.air", "P1-face", link="push")
                         for i in range(PUSHERS)])
    p = kt.Program(site)
    eye = p.user("eye-of-test", "dispatcher")
    begin = kt.now_ms() - 1000
    for number in range(1, ROUNDS + 1):
        pushers = [Pusher(p, i) for i in range(PUSHERS)]
        asker = Asker(eye)
        known = getattr(site, "known", {"samples": {}, "notes": []})
        for t in pushers:
            t.next = known.get(t.point, 1)
            t.time = known.get(t.point + "-time", 0)
            t.start()
        asker.next = known.get("asker", 1)
        asker.start()
        kt.wait_for("some acknowledgements", lambda: all(t.acked for t in pushers) and asker.acked)
        time.sleep(chance.uniform(0, 0.4))
        p.kill9()
        for t in pushers + [asker]:
            t.stopping = True
        for t in pushers + [asker]:
            t.join()
        for t in pushers:
            known["samples"].setdefault(t.point, []).extend(t.acked)
            known[t.point], known[t.point + "-time"] = t.next, t.time
        known["notes"] += asker.acked
        known["asker"] = asker.next
        site.known = known
        p.start()
        eye = p.login("eye-of-test", eye.password)
        last_times = {t.point: t.acked[-1] for t in pushers}
        for name, (when, value) in last_times.items():
            got = eye.live(name)[name]
            assert got[2] >= when // 1000 and got[0] >= value, \
                f"round {number}: {name} is {got}, acknowledged was {(value, when)}"
    total = 0
    for name, rows in site.known["samples"].items():
        missing = []

        def complete(name=name, rows=rows, missing=missing):
            found = read_all(eye, name, begin, kt.now_ms() + 60_000)
            missing[:] = [r for r in rows if r[1] not in found]
            return not missing
        try:
            kt.wait_for("the history", complete, every=0.5)
        except AssertionError:
            raise AssertionError(f"{name}: {len(missing)} of {len(rows)} acknowledged samples are "
                                 f"missing, the first {missing[0]}") from None
        total += len(rows)
    notes = all_notes(eye)
    lost = [n for n in site.known["notes"] if notes.get(n[0]) != n[1]]
    equal(lost, [], "acknowledged requests that are not in the journal")
    kt.note(f"{total} samples and {len(site.known['notes'])} requests were acknowledged")
    kt.kuangtu("verify", site.dir)
    equal(p.stop(), 0)
    kt.kuangtu("verify", site.dir)


@case("a torn end of the journal is cut off at the start, the rest verifies")
def _():
    site = kt.make_site([kt.point("N-0", "pressure.air", "P1-face", link="push")])
    p = kt.Program(site)
    p.samples(*[("N-0", float(i)) for i in range(50)])
    p.kill9()
    files = sorted((site.dir / "data/journal").rglob("*"), key=lambda f: f.stat().st_mtime)
    newest = [f for f in files if f.is_file() and f.stat().st_size > 0]
    target = max((f for f in newest if "reserve" not in f.name and "lock" not in f.name),
                 key=lambda f: f.name)
    raw = target.read_bytes()
    end = len(raw.rstrip(b"\0"))
    with open(target, "r+b") as f:
        f.seek(max(end - 3, 0))
        f.write(b"\xff\xff\xff\xff\xff")
    p.start()
    p.samples(("N-0", 7.0))
    eye = p.user("eye-of-test", "dispatcher")
    kt.wait_for("the value", lambda: eye.live("N-0")["N-0"][0] == 7.0)
    p.stop()
    kt.kuangtu("verify", site.dir)


@case("alarms, acknowledgements, tags and shelving stand again after a kill")
def _():
    site = kt.make_site([kt.point("T-1", "ch4.main-return", "MR", link="push"),
                         kt.point("T-2", "ch4.main-return", "MR", link="push")])
    p = kt.Program(site)
    eye = p.user("eye-of-test", "dispatcher")
    p.samples(("T-1", 0.9), ("T-2", 1.1))
    one = eye.alarm("gas.over-limit", "T-1")
    two = eye.alarm("gas.over-limit", "T-2")
    eye.ask("alarm.ack", alarms=[two["id"]], note="going there")
    before = {a["id"]: a for a in eye.alarms()}
    p.kill9()
    p.start()
    eye = p.login("eye-of-test", eye.password)
    after = {a["id"]: a for a in eye.alarms()}
    for i in (one["id"], two["id"]):
        for key in ("state", "raised", "acked", "value", "peak", "rule", "point"):
            equal(after[i].get(key), before[i].get(key), f"alarm {i} {key}")
    raises = [e for e in eye.events(type="alarm", limit=1000) if e["body"]["change"] == "raise" and
              e["body"]["rule"] == "gas.over-limit"]
    equal(len(raises), 2, "raised once each")


@case("a second program on the same data is refused")
def _():
    site = kt.make_site([kt.point("N-0", "pressure.air", "P1-face", link="push")])
    p = kt.Program(site)
    got = kt.kuangtu("serve", site.dir, "--listen", "127.0.0.1:0", check=False)
    assert got.returncode not in (0, None) and got.stderr, (got.returncode, got.stderr)
    p.samples(("N-0", 5.0))  # the first one goes on


if __name__ == "__main__":
    sys.exit(kt.main())
