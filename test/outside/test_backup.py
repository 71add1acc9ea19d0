# SPDX-License-Identifier: Apache-2.0
"""Backup and restore: what a copy holds, what is refused, and the reminder of three months."""

import json
import resource
import sqlite3
import sys

import kt
from kt import case, equal, kuangtu


def site(**more):
    return kt.make_site([kt.point("ENV-1", "pressure.air", "P1-face", link="push"),
                         kt.point("KT-backup", "self.backup", "mine")], **more)


@case("users alone, before the first start, are backed up and restored")
def _():
    s, copy, again = site(), kt.temp_dir() / "copy", kt.temp_dir()
    kuangtu("user", "add", s.dir, "wang", "--roles", "dispatcher")
    assert "verified" in kuangtu("backup", s.dir, copy).stdout
    assert "verified" in kuangtu("restore", copy, again).stdout, "an empty folder may be there"
    equal((again / "data/users.db").stat().st_mode & 0o777, 0o600)
    second = kt.Site(again)
    second.tokens = s.tokens
    q = kt.Program(second)
    equal(sorted(u["user"] for u in q.local().get("/users")["items"]), ["admin", "wang"])


@case("a copy while samples come holds all that was acknowledged before it, and goes on")
def _():
    s, copy, again = site(), kt.temp_dir() / "copy", kt.temp_dir() / "again"
    p = kt.Program(s)
    eye = p.user("eye", "dispatcher")
    other = sqlite3.connect(s.dir / "data/records.db")
    other.executescript("PRAGMA journal_mode=WAL; CREATE TABLE r(a); INSERT INTO r VALUES (7);")
    for i in range(100):
        p.samples(("ENV-1", 900.0 + i))
    eye.ask("note.add", point="ENV-1", text="before the copy")
    with kt.Keeper(p, {"ENV-1": 1000.0}, every=0.02):
        kuangtu("backup", s.dir, copy)
    other.close()
    equal(sqlite3.connect(copy / "data/records.db").execute("SELECT a FROM r").fetchall(), [(7,)])
    equal((copy / "secrets/pusher.token").stat().st_mode & 0o777, 0o600)
    equal([str(f) for f in [copy / "data", *(copy / "data").rglob("*")] if f.stat().st_mode & 0o077], [])
    p.stop()
    kuangtu("restore", copy, again)
    second = kt.Site(again)
    second.tokens, second.started = s.tokens, True
    q = kt.Program(second)
    eye = q.login("eye", eye.password)
    assert [e for e in eye.events(type="request") if e["body"]["args"].get("text") == "before the copy"]
    kt.wait_for("history of the copy",
                lambda: {900.0 + i for i in range(100)} <= set(eye.history("ENV-1")["v"]))
    q.samples(("ENV-1", 1100.0))
    kt.wait_for("it goes on", lambda: 1100.0 in eye.history("ENV-1")["v"])


@case("a target that is not empty is refused; so is a copy in which a byte was altered")
def _():
    s, copy, again = site(), kt.temp_dir() / "copy", kt.temp_dir() / "again"
    p = kt.Program(s)
    p.user("eye", "dispatcher").ask("note.add", point="ENV-1", text="to be altered")
    p.stop()
    kuangtu("backup", s.dir, copy)
    for words in (("backup", s.dir, copy), ("restore", copy, s.dir)):
        got = kuangtu(*words, check=False)
        equal(got.returncode, 1, words)
        assert "not empty" in got.stderr, got.stderr
    found = next(f for f in (copy / "data/journal").iterdir() if b"to be altered" in f.read_bytes())
    found.write_bytes(found.read_bytes().replace(b"to be altered", b"to be Altered"))
    got = kuangtu("restore", copy, again, check=False)
    equal(got.returncode, 3, got.stderr)
    assert not again.exists(), "nothing is restored from it"


@case("large files are copied in pieces")
def _():
    s, copy = site(), kt.temp_dir() / "copy"
    with open(s.write("big.bin", ""), "wb") as f:
        f.truncate(300 << 20)

    def small():
        resource.setrlimit(resource.RLIMIT_DATA, (128 << 20, 128 << 20))
    kuangtu("backup", s.dir, copy, preexec_fn=small)
    equal((copy / "big.bin").stat().st_size, 300 << 20)


@case("more than 90 days without a verified copy is an alarm of low priority; a copy ends it")
def _():
    s, copy = site(), kt.temp_dir() / "copy"
    p = kt.Program(s)
    eye = p.user("eye", "dispatcher")
    equal(eye.get("/health")["backup"]["days"], 0)
    equal(eye.get("/health")["backup"]["verified"], 0)
    p.stop()
    day = 86_400_000
    (s.dir / "data/backup.json").write_text(json.dumps({"verified": 0, "since": kt.now_ms() - 91 * day}))
    p.start()
    eye = p.login("eye", eye.password)
    alarm = eye.alarm("core.backup-due", "KT-backup")
    equal((alarm["priority"], alarm["statutory"]), (4, False))
    equal(eye.get("/health")["backup"]["days"], 91)
    kuangtu("backup", s.dir, copy)
    eye.alarm("core.backup-due", "KT-backup", "rtn")
    backup = eye.get("/health")["backup"]
    assert kt.now_ms() - backup["verified"] < 120_000 and backup["days"] == 0, backup
    assert json.loads((copy / "data/backup.json").read_text())["verified"] == backup["verified"]


if __name__ == "__main__":
    sys.exit(kt.main())
