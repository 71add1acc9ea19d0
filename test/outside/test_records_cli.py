# SPDX-License-Identifier: Apache-2.0
"""`kuangtu records` as a person types it; and the same journal on another node: the same records."""

import csv
import io
import json
import shutil
import sys
import threading

import kt
import records_kit as kit
from kt import case, equal, kuangtu, once


class World:
    def __init__(self):
        self.site = kit.make_site()
        self.program = kt.Program(self.site)
        self.clerk = self.program.user("u.clerk", "clerk")
        kit.bring(self.clerk, "project", kit.csv_bytes([["项目编号", "项目名称"], ["P-1", "一号"]]))
        self.made = [self.clerk.ask("record.create", register="hazard", fields={
            "title": f"第{i}条", "place": "P1-face", "level": ("major", "general")[i % 2], "depth": i + 0.5})["result"]
            for i in range(5)]

    def run(self, *words, **more):
        return kuangtu("records", *words, **more)

    def count(self):
        return self.clerk.get("/records/hazard", limit=1)["total"]

    def json(self, *words):
        return json.loads(self.run(*words, "--format", "json").stdout)


@once
def world():
    return World()


@case("list, show, history: tables for people, csv and json for programs")
def looking():
    w = world()
    site, key = w.site.dir, w.made[0]["key"]
    equal({r["register"]: r["records"] for r in w.json("list", site)}, {"hazard": 5, "project": 1, "target": 0})
    got = w.json("list", site, "hazard", "--filter", '[["level","=","major"]]', "--sort", "depth", "--limit", "2")
    equal([r["title"] for r in got], ["第0条", "第2条"])
    rows = list(csv.DictReader(io.StringIO(w.run("list", site, "hazard", "--format", "csv").stdout)))
    equal(len(rows), 5)
    assert "第4条" in w.run("list", site, "hazard").stdout
    equal({r["field"]: r["value"] for r in w.json("show", site, "hazard", key)}["title"], "第0条")
    equal(w.json("show", site, "hazard", str(w.made[0]["record"])), w.json("show", site, "hazard", key))
    before = kt.now_ms()
    kt.wait_for("the clock goes on", lambda: kt.now_ms() > before + 20)
    w.clerk.ask("record.set", record=w.made[0]["record"], version=1, fields={"title": "改过"})
    equal([r["value"] for r in w.json("history", site, "hazard", key) if r["field"] == "title"], ["第0条", "改过"])
    equal(w.json("list", site, "hazard", "--at", "2020-01-01"), [])


@case("export and import: the same table; a dry run and a wrong row write nothing; what is refused says why")
def tables():
    w = world()
    site, path = w.site.dir, kt.temp_dir() / "h.csv"
    w.run("export", site, "hazard", "--out", str(path))
    equal(kit.read_csv(path.read_bytes()), kit.read_csv(w.run("export", site, "hazard").stdout.encode()))
    done = w.run("import", site, "hazard", str(path), check=False)
    assert done.returncode == 1 and "nothing to write" in done.stderr, done.stderr
    path.write_bytes(kit.csv_bytes([["名称", "地点"], ["命令行", "P1-face"]]))
    done = w.run("import", site, "hazard", str(path), "--dry-run")
    assert "create" in done.stdout, done.stdout
    equal(len(w.json("list", site, "hazard")), 5)
    done = w.run("import", site, "hazard", str(path))
    assert "1 created" in done.stderr, done.stderr
    equal(len(w.json("list", site, "hazard")), 6)
    path.write_bytes(kit.csv_bytes([["名称", "地点"], ["好", "P1-face"], ["坏", "nowhere"]]))
    done = w.run("import", site, "hazard", str(path), check=False)
    equal((done.returncode, len(w.json("list", site, "hazard"))), (3, 6), done.stderr)
    for words, code in ((("list", site, "none"), 1), (("show", site, "hazard", "none"), 1), (("list",), 2),
                        (("tell", site), 2), (("list", site, "hazard", "--at", "soon"), 3),
                        (("list", site, "hazard", "--filter", "["), 3), (("import", site, "hazard", "/none"), 1)):
        done = w.run(*words, check=False)
        assert done.returncode == code and done.stderr, (words, done.returncode, done.stderr)


@case("killed while a table of 2000 rows is written: all of it is there or nothing, and what was answered is")
def killed():
    w = world()
    site = w.site.dir
    for round_, delay in enumerate((0, 0.05, 0.2)):
        before, answered = w.count(), []

        def write(job, answered=answered):
            try:
                answered.append(kit.write(w.clerk, "hazard", job))
            except Exception:  # pylint: disable=broad-except
                pass  # the program is gone
        job = kit.look(w.clerk, "hazard", kit.csv_bytes(
            [["名称", "地点"]] + [[f"杀{round_}-{i}", "P1-face"] for i in range(2000)]))
        writer = threading.Thread(target=write, kwargs={"job": job})
        writer.start()
        writer.join(delay)
        w.program.kill9()
        writer.join()
        w.program.start()
        w.clerk = w.program.login(w.clerk.name, w.clerk.password)
        assert w.count() in (before, before + 2000), (w.count(), before)
        if answered:
            kt.wait_for("what was answered", lambda before=before: w.count() == before + 2000)
    w.json("verify", site)


@case("without a running program: list, show, history and export read the store, and nothing is written")
def closed():
    w = world()
    site, key = w.site.dir, w.made[1]["key"]
    looks = (("list", site), ("list", site, "hazard", "--limit", "7", "--sort", "-no"), ("show", site, "hazard", key),
             ("history", site, "hazard", key), ("list", site, "hazard", "--filter", '[["level","=","major"]]'),
             ("list", site, "hazard", "--at", "2020-01-01"))
    w.clerk.ask("record.create", register="project", fields={"no": "P-last"})  # what was killed is applied before it
    running = [w.json(*x) for x in looks]
    table = w.run("export", site, "hazard").stdout
    w.program.stop()
    before = w.json("verify", site)
    equal([w.json(*x) for x in looks], running)
    equal(w.run("export", site, "hazard").stdout, table)
    out = kt.temp_dir() / "closed.xlsx"
    w.run("export", site, "hazard", "--as", "xlsx", "--out", str(out))
    equal([r[1:] for r in kit.read_xlsx(out.read_bytes())["rows"]][0], kit.read_csv(table.encode())[0])
    done = w.run("export", site, "hazard", "--as", "pdf", check=False)
    assert done.returncode == 3 and "running program" in done.stderr, done.stderr
    done = w.run("import", site, "hazard", str(out), check=False)
    assert done.returncode == 1 and "kuangtu serve" in done.stderr, done.stderr
    equal(w.json("verify", site), before)
    w.program.start()
    w.clerk = w.program.login(w.clerk.name, w.clerk.password)


@case("the same journal, another node: the same records by their digest; and after a backup is put back")
def follower():
    w = world()
    w.program.stop()
    first = w.json("verify", w.site.dir)[0]
    assert first["records"] >= 7, first
    other = kt.temp_dir() / "other"
    shutil.copytree(w.site.dir, other, ignore=shutil.ignore_patterns("records.db*", "users.db*", "run.json"))
    assert not (other / "data/records.db").exists()
    node = kt.Program(kt.Site(other))
    kt.wait_for("the other node has applied the journal", lambda: w.json("verify", other)[0] == first)
    node.stop()
    equal(w.json("verify", other)[0], first)
    copy, again = kt.temp_dir() / "copy", kt.temp_dir() / "again"
    kuangtu("backup", w.site.dir, copy)
    kuangtu("restore", copy, again)
    equal(w.json("verify", again)[0], first)


if __name__ == "__main__":
    sys.exit(kt.main())
