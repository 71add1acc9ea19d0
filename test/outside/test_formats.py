# SPDX-License-Identifier: Apache-2.0
"""Journals of earlier programs are read for ever: stored ones (test/formats/*.tar.xz), made by the program of
their time. With KT_MAKE_FORMAT=NAME the present program makes one more."""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
import tarfile

import kt
import records_kit as kit
from kt import case, equal

FORMATS = kt.SOURCE / "test/formats"


def make(name):
    """A site with an alarm that is active and acknowledged, a record with a paper, some history."""
    people = kit.PEOPLE + [x for x in kt.PEOPLE if x["id"] == "dispatcher"]
    site = kt.make_site([kt.point("T1", "ch4.face", "P1-face", link="push")], people=people)
    site.write("registers/hazards.yaml", json.dumps(kit.REGISTERS, ensure_ascii=False))
    program = kt.Program(site)
    clerk = program.user("u.clerk", "clerk", "dispatcher")
    for value in (0.2, 0.3, 1.6):
        equal(program.write(f"T1 value={value} {kt.now_ms() * 1000000}\n")[0], 204)
    got = kt.wait_for("the alarm", lambda: [a for a in clerk.alarms(state="active") if a["point"] == "T1"])[0]
    clerk.ask("alarm.ack", alarms=[got["id"]], note="")
    made = clerk.ask("record.create", register="hazard", fields={"title": "从前的", "place": "P1-face"})["result"]
    up = kit.upload(clerk, b"%PDF-1.4 of then", "a.pdf")
    clerk.ask("record.attach", record=made["record"], field="papers", hash=up["hash"], name="a.pdf")
    program.kill9()  # with a tail behind the checkpoint
    program.start()
    program.stop()
    (site.dir / "data/journal/reserve.ktj").unlink()
    said = {"rule": got["rule"], "record": made["record"], "hash": up["hash"]}
    site.write("said.json", json.dumps(said))
    with tarfile.open(FORMATS / f"{name}.tar.xz", "w:xz") as tar:
        tar.add(site.dir, "site", filter=lambda t: None if t.name.endswith(("lock", "run.json", "-wal", "-shm")) else t)


def holds(site, said):
    program = kt.Program(site)
    c = program.local()
    alarm = [a for a in c.alarms(state="active") if a["rule"] == said["rule"] and a["point"] == "T1"]
    assert alarm and alarm[0]["acked"], c.alarms(state="active")
    equal([i["id"] for i in c.get("/records/hazard")["items"]], [said["record"]])
    got, _ = kit.fetch(c, f"/attachments/{said['hash']}", record=said["record"])
    equal(got, b"%PDF-1.4 of then")
    equal([v for v in c.history("T1", start=1)["v"] if v in (0.2, 0.3, 1.6)], [0.2, 0.3, 1.6])
    program.stop()


def looks(site, record):
    """What is read of a site that does not run; the digest counts the columns, too."""
    out = []
    for words in (("verify", site), ("list", site, "hazard"), ("show", site, "hazard", str(record)), ("history", site, "hazard", str(record))):
        p = kt.kuangtu("records", words[0], words[1].dir, *words[2:], "--format", "json")
        out.append([{k: v for k, v in row.items() if k != "digest"} for row in json.loads(p.stdout)])
    return out


def older(site, said):
    """records.db as a program before personal values left it: read, verified and put back while no program of
    today has run on it, with nothing written."""
    kt.kuangtu("verify", site.dir)
    now = looks(site, said["record"])
    path = site.dir / "data/records.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP INDEX IF EXISTS kt_fact_body")
        for table, column in (("kt_fact", "body"), ("kt_fact", "erased"), ("kt_attachment", "about"), ("kt_attachment", "erased")):
            if column in [c[1] for c in db.execute(f"PRAGMA table_info({table})")]:
                db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("PRAGMA user_version = 0")
        db.execute("UPDATE kt_meta SET value = 'of registers that have gone' WHERE key = 'model'")
    before = path.read_bytes()
    kt.kuangtu("verify", site.dir)
    equal(looks(site, said["record"]), now)
    assert path.read_bytes() == before, "it was written to"
    back = kt.temp_dir() / "back"
    kt.kuangtu("restore", site.dir, back)
    kt.kuangtu("verify", back)


def stored(path):
    def run():
        folder = kt.temp_dir()
        with tarfile.open(path) as tar:
            tar.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(folder)
        site = kt.Site(folder / "site")
        site.started = True
        said = json.loads(site.read("said.json"))
        older(site, said)
        holds(site, said)
        shutil.rmtree(site.dir / "data/checkpoints")
        holds(site, said)  # from the first event on
        kt.kuangtu("verify", site.dir)
    return run


if os.environ.get("KT_MAKE_FORMAT"):
    case("made")(lambda: make(os.environ["KT_MAKE_FORMAT"]))
else:
    for one in sorted(FORMATS.glob("*.tar.xz")):
        case(f"a journal of {one.name[:-7]}: verified, recovered with and without its checkpoints")(stored(one))

if __name__ == "__main__":
    sys.exit(kt.main())
