# SPDX-License-Identifier: Apache-2.0
"""The verbs of the command line: what they do, what they say, how they end."""

import csv
import io
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys

import kt
from kt import case, equal, kuangtu

VERBS = """
init
check
serve
cluster
reload
show
import
query
records
replay
backtest
verify
backup
restore
user
cert
parse
pack
gas
green
subside
vent
""".split()


def site():
    return kt.make_site([kt.point("T-MR", "ch4.main-return", "MR", link="push"),
                         kt.point("ENV-1", "pressure.air", "mine", link="push")])


@case("help of the program and of every verb; a wrong word is exit 2 with the usage")
def _():
    equal(sorted(re.findall(r"^  (\w+) +\S", kuangtu("--help").stdout, re.M)), sorted(VERBS))
    for verb in VERBS:
        p = kuangtu(verb, "--help")
        assert p.stdout.startswith(f"kuangtu {verb} ") and "Exit code" in p.stdout, p.stdout
        assert "--format" in p.stdout
        p = kuangtu(verb, "--no-such-option", check=False)
        equal((p.returncode, "no option --no-such-option" in p.stderr), (2, True), verb)
    equal(kuangtu(check=False).returncode, 2)
    equal(kuangtu("frobnicate", check=False).returncode, 2)
    assert re.match(r"kuangtu \d+\.\d+", kuangtu("--version").stdout)
    equal(kuangtu("check", check=False).returncode, 2)
    equal(kuangtu("check", "x", "--format", "xml", check=False).returncode, 2)


@case("init makes a site that passes check and serves; a second init changes nothing")
def _():
    path = kt.temp_dir() / "new"
    assert "kuangtu check" in kuangtu("init", path).stdout
    equal((path / "secrets/collector.token").stat().st_mode & 0o777, 0o600)
    said = kuangtu("check", path, "--notes").stdout
    assert said.startswith("0 errors, 0 warnings"), said
    p = kuangtu("init", path, check=False)
    equal(p.returncode, 1)
    assert "exists already" in p.stderr
    program = kt.Program(kt.Site(path))
    assert program.password, "the first password is told"
    token = (path / "secrets/collector.token").read_text()
    equal(kt.Client(program).push("/write", "T-main value=0.2", token)[0], 204)
    again = kuangtu("serve", path, check=False, limit=kt.LIMIT)  # told where it runs
    equal((again.returncode, program.url.rstrip("/") in again.stderr), (1, True), again.stderr)
    zh = kuangtu("serve", path, check=False, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"})
    assert "已在运行" in zh.stderr, zh.stderr


@case("init --from copies a site without its data and secrets; nothing is written over")
def _():
    old = site()
    kt.Program(old).stop()
    path = kt.temp_dir() / "copy"
    kuangtu("init", path, "--from", old.dir)
    assert not (path / "data").exists()
    assert not (path / "secrets").exists(), "one mine's secrets are not another's"
    said = kuangtu("check", path).stdout
    assert "0 errors" in said and 'producer "pusher" cannot write' in said, said
    table = kt.temp_dir() / "table"
    table.mkdir()
    (table / "points.csv").write_text("id,name,role,place\n", encoding="utf-8")
    for more in ((), ("--from", old.dir)):
        p = kuangtu("init", table, *more, check=False)
        equal((p.returncode, "points.csv exists already" in p.stderr), (1, True), p.stderr)
    equal([f.name for f in table.iterdir()], ["points.csv"])


BROKEN = [
    ("points.csv", "ch4.main-return", "ch4.main-retrun", r"points\.csv:2:\d+: .*ch4\.main-ret"),
    ("points.csv", "T-MR,", "T MR!,", r"points\.csv:2:\d+: "),
    ("places.csv", "P1-intake,P1,", "P1-intake,P9,", r"places\.csv:5:\d+: .*P9"),
    ("site.yaml", '"packs"', '"pakcs"', r"site\.yaml:\d+:\d+: .*pakcs"),
    ("site.yaml", '"gas_class": "high"', '"gas_class": "higher"', r"site\.yaml:\d+:\d+: "),
]


@case("check names file, line, column and the way out; all mistakes at once; exit 3")
def _():
    for name, old, new, want in BROKEN:
        s = site()
        s.replace(name, old, new)
        p = kuangtu("check", s.dir, check=False)
        equal(p.returncode, 3, f"{name} {new}")
        assert re.search(want, p.stdout), f"{want} is not in:\n{p.stdout}"
    s = site()
    for name, old, new, _ in BROKEN[:3]:
        if old in s.read(name):
            s.replace(name, old, new)
    s.write("rules/bad.yaml", "rules:\n  - id: a.b\n    title: {zh: 甲, en: A}\n    select: {point: T-MR}\n"
            "    raise: self > 1 %CH5\n")
    text = kuangtu("check", s.dir, check=False).stdout
    assert len(re.findall(r"^error: ", text, re.M)) >= 3, text
    assert re.search(r"bad\.yaml:5:\d+: .*%CH5", text), text
    os.mkfifo(s.dir / "rules/pipe.yaml")
    assert "rules/pipe.yaml is no file" in kuangtu("check", s.dir, check=False, limit=20).stdout
    s.write("rules/mine.yml", "rules: []\n")  # would not be read: nobody is to think it was
    s.write("map.gpkg", "no drawing")
    assert "rules/mine.yml: is not read" in kuangtu("check", s.dir, check=False).stdout
    for name in ("sequences/a.yml", "assets.yaml", "rule/a.yaml", "rules/more/a.yaml"):
        s.write(name, "rules: []\n")
        assert f"{name}: is" in kuangtu("check", s.dir, check=False).stdout, name
    rows = json.loads(kuangtu("check", s.dir, "--format", "json", check=False).stdout)
    assert all(r["file"] and r["line"] >= 0 and r["text"] for r in rows if r["level"] == "error"), rows


@case("check reads the drawing and the tokens as a start does; two producers never share a token")
def _():
    s = site()
    s.write("map.gpkg", "no drawing")
    p = kuangtu("check", s.dir, check=False)
    equal(p.returncode, 3, p.stdout)
    assert "map.gpkg: " in p.stdout and "GeoPackage" in p.stdout, p.stdout
    assert "map.gpkg" in kuangtu("serve", s.dir, "--listen", "127.0.0.1:0", check=False, limit=20).stderr
    (s.dir / "map.gpkg").unlink()
    own = s.tokens["narrow"]
    for text, mode, want, code in ((own, 0o644, "chmod 600", 0), ("short", 0o600, "16 characters", 0),
                                   (s.tokens["pusher"], 0o600, "safety rule 10", 3)):
        s.write("secrets/narrow.token", text).chmod(mode)
        p = kuangtu("check", s.dir, check=False)
        equal(p.returncode, code, p.stdout)
        assert re.search(rf"secrets/narrow.token: .*{want}", p.stdout), p.stdout
        assert text == "short" or text not in p.stdout, "a check tells no token"
    equal(kuangtu("serve", s.dir, "--listen", "127.0.0.1:0", check=False, limit=20).returncode, 3)
    (s.dir / "secrets/narrow.token").unlink()
    assert "secrets/narrow.token: " in kuangtu("check", s.dir).stdout
    # a start that failed has shown nobody the first password: the next one shows it
    port = kt.free_port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        equal(kuangtu("serve", s.dir, "--listen", f"127.0.0.1:{port}", check=False, limit=20).returncode, 1)
    assert kt.Program(s).password


@case("rules that contradict safety are refused: closing, looser than the clause, protected outputs")
def _():
    def check(rules=None, limits=None):
        s = kt.make_site([kt.point("T-MR", "ch4.main-return", "MR", link="push"),
                          kt.point("ZD", "fan.main.power", "mine"),
                          kt.point("KG", "switch.power", "MR")], rules=rules, limits=limits)
        p = kuangtu("check", s.dir, check=False)
        return p.returncode, p.stdout
    head = ("rules:\n  - id: t.r\n    title: {zh: 甲, en: A}\n    select: {point: T-MR}\n"
            "    raise: self >= 0.5 %CH4\n    priority: 2\n    category: process\n"
            "    cause: {zh: 甲, en: A}\n    consequence: {zh: 甲, en: A}\n    action: {zh: 甲, en: A}\n"
            "    within: 2min\n    statutory: false\n")
    equal(check(head)[0], 0)
    code, text = check(head + "    then: [{open: ZD}]\n")
    equal(code, 3, text)
    assert "protected-output" in text, text
    code, text = check(limits="limits:\n  - {points: [T-MR], values: {alarm: 0.9}, unit: \"%CH4\"}\n")
    equal(code, 3, text)
    assert "looser-limit" in text, text
    equal(check(limits="limits:\n  - {points: [T-MR], values: {alarm: 0.6}, unit: \"%CH4\"}\n")[0], 0)


@case("a broken site does not start, and says why")
def _():
    s = site()
    s.replace("points.csv", "ch4.main-return", "ch4.nothing")
    p = kuangtu("serve", s.dir, "--listen", "127.0.0.1:0", check=False, limit=20)
    equal(p.returncode, 3)
    assert re.search(r"error: .*points\.csv:2:\d+: ", p.stderr), p.stderr
    equal(kuangtu("serve", s.dir / "nothing", check=False, limit=20).returncode != 0, True)


@case("a broken reload leaves the running site; a good one takes over; SIGHUP works, too")
def _():
    s = site()
    p = kt.Program(s)
    eye = p.user("eye-of-test", "dispatcher")
    with eye.stream() as stream:
        p.samples(("T-MR", 0.9))
        eye.alarm("gas.over-limit", "T-MR")
        good = s.read("points.csv")
        s.write("points.csv", good.replace("pressure.air", "pressure.nothing"))
        got = kuangtu("reload", s.dir, check=False)
        assert got.returncode != 0 and "points.csv:3:" in got.stdout + got.stderr, got
        p.samples(("ENV-1", 990.5))
        kt.wait_for("the old site runs", lambda: eye.live("ENV-1")["ENV-1"][0] == 990.5)
        s.write("points.csv", good + good.splitlines()[2].replace("ENV-1", "ENV-2") + "\n")
        kuangtu("reload", s.dir, "--why", "one point more")
        stream.wait("the site changed", lambda e, d: e == "site")
        p.samples(("ENV-2", 991.5))
        kt.wait_for("the new point", lambda: eye.live("ENV-2")["ENV-2"][0] == 991.5)
        equal(eye.alarm("gas.over-limit", "T-MR")["state"], "unack")
        with eye.stream() as fresh:
            fresh.wait("the value", lambda e, d: e == "live" and
                       [r for r in d["p"] if r[1] == 991.5])
    site_events = eye.events(type="site")
    equal([e["body"]["why"] for e in site_events][0], "one point more")
    equal(site_events[0]["body"]["author"], "local")
    mark = len(p.lines)
    p.process.send_signal(kt.signal.SIGHUP)
    p.wait_line("loaded again", mark)


@case("user: add, list, set, roles that do not exist or exclude each other")
def _():
    s = site()
    p = kt.Program(s)
    eye = p.user("wang", "dispatcher")
    equal(eye.get("/me")["roles"], ["dispatcher"])
    text = kuangtu("user", "list", s.dir, "--format", "json").stdout
    equal(sorted(u["user"] for u in json.loads(text)), ["admin", "wang"])
    equal(kuangtu("user", "add", s.dir, "li", "--roles", "emperor", check=False).returncode, 3)
    equal(kuangtu("user", "add", s.dir, "li", "--roles", "system-admin,auditor",
                  check=False).returncode != 0, True)
    equal(kuangtu("user", "add", s.dir, "wang", "--roles", "dispatcher", check=False).returncode, 1)
    fresh = re.search(r"password (\S+)", kuangtu("user", "set", s.dir, "wang", "--new-password").stdout)
    equal(eye.call("GET", "/me")[0], 401)
    eye = p.login("wang", fresh.group(1))
    equal(eye.get("/me")["must_change_password"], True)
    equal(eye.call("POST", "/password", {"old": fresh.group(1), "new": "short"})[0], 400)
    equal(eye.call("POST", "/password", {"old": fresh.group(1), "new": "A-new-Password-9"})[0], 204)
    equal(eye.get("/me")["must_change_password"], False)
    equal(p.login("wang", "A-new-Password-9").get("/me")["must_change_password"], False)
    p.stop()
    kuangtu("user", "set", s.dir, "wang", "--disable")
    p.start()
    equal(kt.Client(p).call("POST", "/login", {"user": "wang", "password": "A-new-Password-9"})[0], 401)


@case("user: one made before the first start still leaves a way to an administrator")
def _():
    s = site()
    kuangtu("user", "add", s.dir, "wang", "--roles", "dispatcher")
    p = kt.Program(s)
    boss = p.login("admin", p.password)
    boss.own_password("Own-Password-77")
    assert "user.admin" in boss.get("/me")["rights"]
    p.stop()
    p.start()
    equal(p.wait_line(r"is at (http)", 0).group(1), "http")
    equal([x for x in p.lines if "with password" in x], [x for x in p.lines if "with password" in x][:1])


@case("accounts: lock-out and password length are the site's, a reload takes them over; bounds are held")
def _():
    s = kt.make_site([kt.point("ENV-1", "pressure.air", "P1-face", link="push")],
                     accounts={"lock_failures": 3, "password_min": 14})
    p = kt.Program(s)
    wang = p.new_user("wang", "dispatcher")
    equal(wang.call("POST", "/password", {"old": wang.password, "new": "Short-Pass-12"})[0], 400)
    wang.own_password("Long-enough-Pass-12")
    c = kt.Client(p)
    equal([c.call("POST", "/login", {"user": "wang", "password": "x"})[0] for _ in range(4)], [401] * 3 + [429])
    s.replace("site.yaml", '"password_min": 14', '"password_min": 9')
    kuangtu("reload", s.dir, "--why", "shorter")
    li = p.new_user("li", "dispatcher")
    li.own_password("Short-Pass-12")
    s.replace("site.yaml", '"lock_failures": 3', '"lock_failures": 3, "log_days": 30')
    found = kuangtu("check", s.dir, check=False)
    equal(found.returncode, 3)
    assert "accounts.log_days" in found.stdout + found.stderr, found.stdout


@case("what the program writes is nobody else's to read")
def _():
    s = site()
    (s.dir / "data").mkdir(mode=0o755)
    p = kt.Program(s)
    eye = p.user("wang", "dispatcher")
    p.samples(("ENV-1", 1000.5))
    eye.get("/me")
    open_to_others = [str(f) for f in [s.dir / "data", *(s.dir / "data").rglob("*")]
                      if f.stat().st_mode & 0o077]
    equal(open_to_others, [])


@case("show and query: table, csv and json; nothing runs: exit 1 and how to start")
def _():
    s = site()
    none = kuangtu("show", s.dir, check=False)
    equal(none.returncode, 1)
    assert "kuangtu serve" in none.stderr
    p = kt.Program(s)
    start = kt.now_ms()
    p.samples(("ENV-1", 1000.5, start), ("ENV-1", 1002.5, start + 1))
    assert "journal" in kuangtu("show", s.dir).stdout
    rows = json.loads(kuangtu("show", s.dir, "links", "--format", "json").stdout)
    equal([r["item"] for r in rows], ["push"])
    table = list(csv.DictReader(io.StringIO(kuangtu("show", s.dir, "--format", "csv").stdout)))
    assert {"module", "item", "value"} == set(table[0])

    def raw():
        return json.loads(kuangtu("query", s.dir, "ENV-1", "--from", "2020-01-01", "--buckets", "0",
                                  "--format", "json").stdout)
    kt.wait_for("history", lambda: len(raw()) == 2)
    equal([float(r["last"]) for r in raw()], [1000.5, 1002.5])
    one = list(csv.DictReader(io.StringIO(kuangtu("query", s.dir, "ENV-1", "--from", "2020-01-01",
                                                  "--buckets", "1", "--format", "csv").stdout)))
    equal((float(one[0]["min"]), float(one[0]["max"]), int(float(one[0]["count"]))), (1000.5, 1002.5, 2))
    now = {r["point"]: r for r in json.loads(kuangtu("query", s.dir, "T-MR,ENV-1", "--format",
                                                     "json").stdout)}
    equal((now["ENV-1"]["value"], now["T-MR"]["quality"], now["T-MR"]["time"]), (1002.5, "never", ""))
    equal(kuangtu("show", s.dir, "nothing", check=False).returncode, 2)
    equal(kuangtu("query", s.dir, "NOBODY", check=False).returncode, 1)


@case("verify finds an altered byte; backup while it runs; restore; the copy serves")
def _():
    s = site()
    p = kt.Program(s)
    eye = p.user("eye-of-test", "dispatcher")
    for i in range(200):
        p.samples(("ENV-1", 900.0 + i))
    eye.ask("note.add", point="ENV-1", text="before the copy")
    copy, again = kt.temp_dir() / "copy", kt.temp_dir() / "again"
    assert "verified" in kuangtu("backup", s.dir, copy).stdout
    equal((copy / "secrets/pusher.token").stat().st_mode & 0o777, 0o600)
    equal(kuangtu("backup", s.dir, copy, check=False).returncode, 1)
    rows = {r["what"] if "what" in r else list(r.values())[0]: r
            for r in json.loads(kuangtu("verify", s.dir, "--format", "json").stdout)}
    assert {"journal", "chain", "history"} <= set(rows), rows
    p.stop()
    told = kuangtu("restore", copy, again, "--format", "json")
    equal([r["what"] for r in json.loads(told.stdout)][:2], ["journal", "chain"], "one table, words beside it")
    assert "start it with" in told.stderr, told.stderr
    second = kt.Site(again)
    second.tokens, second.started = s.tokens, True
    q = kt.Program(second)
    eye = q.login("eye-of-test", eye.password)
    assert [e for e in eye.events(type="request") if e["body"]["args"].get("text") == "before the copy"]
    kt.wait_for("history of the copy", lambda: len(eye.history("ENV-1")["t"]) == 200)
    q.stop()
    journal = max((f for f in (s.dir / "data/journal").rglob("*") if f.is_file()),
                  key=lambda f: len(f.read_bytes().rstrip(b"\0")))
    data = bytearray(journal.read_bytes())
    at = data.index(b"before the copy")
    data[at] ^= 1
    journal.write_bytes(data)
    got = kuangtu("verify", s.dir, check=False)
    equal(got.returncode, 3, got.stdout + got.stderr)
    assert journal.name in got.stderr or "event" in got.stderr, got.stderr
    # what is gone as a whole is missing, too: nothing begins anew without a word
    equal(kuangtu("verify", s.dir / "nothing", check=False).returncode, 1)
    for gone in ("bodies", "history", "records.db", "points.ids", "journal"):
        one = kt.Site(kt.temp_dir() / "gone")
        shutil.copytree(again, one.dir)
        path = one.dir / "data" / gone
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        got = kuangtu("verify", one.dir, check=False)
        equal(got.returncode, 3, f"{gone}: {got.stdout}{got.stderr}")
    # one month of history: verify names it, the next start says so once and goes on
    bare = kt.Site(kt.temp_dir() / "gone")
    shutil.copytree(again, bare.dir)
    bare.tokens, bare.started = s.tokens, True
    month = next(f for f in (bare.dir / "data/history").glob("*-20??-??.db*") if f.suffix in (".db", ".zst"))
    month.unlink()
    name = month.name.removesuffix(".zst")
    got = kuangtu("verify", bare.dir, check=False)
    equal(got.returncode, 3, got.stdout + got.stderr)
    assert name in got.stderr and "backup" in got.stderr, got.stderr
    q = kt.Program(bare)
    eye = q.login("eye-of-test", eye.password)
    said = kt.wait_for("it is in the journal", lambda: [
        e for e in eye.events(type="note") if e["body"].get("kind") == "lost"])
    assert len(said) == 1 and name in said[0]["body"]["text"], said
    q.stop()
    kuangtu("backup", bare.dir, kt.temp_dir() / "goes on")
    refused = kuangtu("serve", one.dir, "--listen", "127.0.0.1:0", check=False, limit=20)
    equal(refused.returncode, 1, refused.stderr)
    assert "put the journal back" in refused.stderr, refused.stderr
    assert list((one.dir / "data/checkpoints").glob("*.ckpt")), "what was there is left as it is"
    # a copy inside what is copied
    inside = kuangtu("backup", again, again / "copies/one", check=False)
    equal(inside.returncode, 3, inside.stderr)
    assert not (again / "copies").exists()


@case("cert makes an authority and a server certificate; the site serves HTTPS with them")
def _():
    if not shutil.which("certtool"):
        raise kt.Skip("certtool is not installed")
    s = site()
    kuangtu("cert", s.dir, "--name", "localhost", "--ip", "127.0.0.1")
    equal((s.dir / "secrets/server.key").stat().st_mode & 0o077, 0)
    equal(kuangtu("cert", s.dir, check=False).returncode, 2)
    equal(kuangtu("cert", s.dir, "--name", "a\nb", check=False).returncode, 2)
    before = [(s.dir / "secrets" / n).read_bytes() for n in ("server.key", "server.pem")]
    equal(kuangtu("cert", s.dir, "--name", "localhost", "--days", "-4", check=False).returncode, 2)
    equal(kuangtu("cert", s.dir, "--ip", "999.1.1.1", check=False).returncode, 1)
    equal([(s.dir / "secrets" / n).read_bytes() for n in ("server.key", "server.pem")], before,
          "what was not made leaves what serves")
    port = kt.free_port()
    s.conf["listen"]["https"] = {"address": f"127.0.0.1:{port}", "cert": "secrets/server.pem",
                                 "key": "secrets/server.key"}
    s.write("site.yaml", json.dumps(s.conf, ensure_ascii=False))
    both = kt.Program(s)
    import ssl
    import urllib.request
    context = ssl.create_default_context(cafile=str(s.dir / "secrets/ca.pem"))
    with urllib.request.urlopen(f"https://localhost:{port}/healthz", context=context, timeout=kt.LIMIT) as r:
        equal(r.read(), b"ok\n")
    with urllib.request.urlopen(f"https://localhost:{port}/api/v1/certificate", context=context,
                                timeout=kt.LIMIT) as r:
        equal(r.headers["Content-Type"], "application/x-x509-ca-cert")
        equal(r.read(), (s.dir / "secrets/ca.pem").read_bytes())
    both.stop()
    s.conf["listen"]["http"] = ""
    s.write("site.yaml", json.dumps(s.conf, ensure_ascii=False))
    alone = kt.spawn([kt.BIN, "serve", str(s.dir)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kt.wait_for("the command line speaks to HTTPS", lambda: kuangtu("show", s.dir, "node", check=False).returncode == 0)
    alone.terminate()
    equal(alone.wait(kt.LIMIT), 0)


@case("import points: a table with mistakes is taken back")
def _():
    s = site()
    good = s.read("points.csv")
    bad = kt.temp_dir() / "bad.csv"
    bad.write_text(good.replace("ch4.main-return", "ch4.nothing"), encoding="utf-8")
    equal(kuangtu("import", "points", s.dir, bad, check=False).returncode != 0, True)
    equal(s.read("points.csv"), good)
    more = kt.temp_dir() / "more.csv"
    more.write_text(good + good.splitlines()[2].replace("ENV-1", "ENV-9") + "\n", encoding="utf-8")
    kuangtu("import", "points", s.dir, more)
    assert "ENV-9" in s.read("points.csv")
    # from a spreadsheet: GBK, semicolons; what is gone is said; a head alone takes nothing away
    sheet = kt.temp_dir() / "sheet.csv"
    sheet.write_bytes("id;name;role;place;link;range_lo;range_hi;tags\r\nT-MR;回风甲烷;ch4.main-return;MR;push;0;4;\"甲;乙\"\r\n"
                      .encode("gbk"))
    done = kuangtu("import", "points", s.dir, sheet).stdout
    assert "2 points of the table before are no longer there: ENV-1, ENV-9" in done, done
    before = (s.dir / "points.csv").read_bytes()
    sheet.write_text("id,name,role,place\n", encoding="utf-8")
    p = kuangtu("import", "points", s.dir, sheet, check=False)
    equal((p.returncode, "no rows" in p.stderr), (3, True), p.stderr)
    equal((s.dir / "points.csv").read_bytes(), before)
    kuangtu("import", "points", s.dir, more)
    # history: as a spreadsheet writes it; what is no time and no number is named, the rest is taken
    old = kt.temp_dir() / "old.csv"
    old.write_text("time,ENV-1,T-MR\n2026/1/5 8:00,900.5,\n2026/1/5 8:01:30,x,0.2\n2199-01-01,1,1\n"
                   "1969-01-01,1,1\n2026/1/5 9:00,1e999,0.3\n", encoding="utf-8")
    got = kuangtu("import", "history", s.dir, old, "--format", "json", check=False)
    equal((got.returncode, json.loads(got.stdout)),
          (3, [{"result": "3 samples taken, 4 rows could not be read"}]), got.stderr)
    assert "line 4: the time lies in the future" in got.stderr, got.stderr


DRAWN = """id,x,y,z,from,to,section_m2
intake,0,0,0,surface,,12
intake,100,0,0,,,
face,101,1,0,,,8
face,200,0,0,,,
crosscut,50,1.5,0,,,
crosscut,50,80,0,,,
"""


@case("import map: a drawing that cannot be read leaves the one that is there; a dry run writes nothing")
def _():
    if not shutil.which("ogr2ogr"):
        raise kt.Skip("ogr2ogr is not installed")
    s = site()
    line = {"type": "Feature", "properties": {"id": "R-1"},
            "geometry": {"type": "LineString", "coordinates": [[0, 0], [100, 0]]}}
    good = kt.temp_dir() / "good.geojson"
    good.write_text(json.dumps({"type": "FeatureCollection", "features": [line]}))
    assert "1 features" in kuangtu("import", "map", s.dir, good, "--dry-run").stdout
    assert not (s.dir / "map.gpkg").exists()
    kuangtu("import", "map", s.dir, good)
    before = (s.dir / "map.gpkg").read_bytes()
    kuangtu("import", "map", s.dir, good, "--dry-run")
    bad = kt.temp_dir() / "bad.geojson"
    for text in ("no drawing", good.read_text()[:-20]):
        bad.write_text(text)
        p = kuangtu("import", "map", s.dir, bad, check=False)
        equal(p.returncode, 1, p.stdout)
        assert p.stderr.startswith("kuangtu import: ") and len(p.stderr) < 600, p.stderr
    equal((s.dir / "map.gpkg").read_bytes(), before)
    assert not list(s.dir.glob(".import*")), "nothing is left behind"
    assert "2 features" in kuangtu("import", "map", s.dir, good, "--layer", "label").stdout
    # a drawing made on a western system: it says ANSI_1252 and holds what was typed
    dxf = kt.temp_dir() / "typed.dxf"
    dxf.write_bytes("0\nSECTION\n2\nHEADER\n9\n$DWGCODEPAGE\n3\nANSI_1252\n0\nENDSEC\n0\nSECTION\n2\nENTITIES\n0\nLINE\n8\n"
                    "运输大巷\n10\n0\n20\n0\n11\n100\n21\n0\n0\nENDSEC\n0\nEOF\n".encode("gbk"))
    for words, name in (((), "运输大巷"), (("--encoding", "CP1252"), "ÔËÊä´óÏï")):
        said = kuangtu("import", "map", s.dir, dxf, "--layer", "asset", *words).stderr
        equal("--encoding CP1252" in said, not words, said)
        with sqlite3.connect(s.dir / "map.gpkg") as db:
            equal(db.execute("SELECT Layer FROM asset").fetchall(), [(name,)])
    assert "0 errors" in kuangtu("check", s.dir).stdout


@case("import roadways: what is wrong is listed with its snap; written, the network is whole")
def _():
    s = site()
    drawn, out = kt.temp_dir() / "drawn.csv", kt.temp_dir() / "net.csv"
    drawn.write_text(DRAWN, encoding="utf-8")
    got = kuangtu("import", "roadways", s.dir, drawn, "--format", "csv", check=False)
    equal(got.returncode, 3, got.stderr)
    rows = list(csv.DictReader(io.StringIO(got.stdout)))
    equal(sorted((r["kind"], r["roadway"], r["other"], r["metres"]) for r in rows),
          [("beside", "crosscut", "intake", "1.5"), ("gap", "intake", "face", "1.414"),
           ("unnamed", "crosscut", "", ""), ("unnamed", "face", "", "")])
    assert not (s.dir / "map.gpkg").exists(), "nothing was to be written"
    kuangtu("import", "roadways", s.dir, drawn, "--write", "--out", out)
    net = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    equal([(r["edge_id"], r["from"]) for r in net][:2], [("intake", "surface"), ("intake/2", net[0]["to"])])
    equal(len(net), 4)
    again = kuangtu("import", "roadways", s.dir, s.dir / "map.gpkg", "--layer", "roadway", "--format", "csv", check=False)
    equal({r["kind"] for r in csv.DictReader(io.StringIO(again.stdout))}, {"unnamed"}, "snapped lines meet")
    kuangtu("check", s.dir)
    noted = kt.temp_dir() / "noted.csv"
    noted.write_text("id,x,y,z,from,to,place,name,width_m\na,0,0,0,x,y,mine,一号巷（演示）,4.5\na,50,0,0,,,,,\na,100,0,0,,,,,\n", encoding="utf-8")
    kuangtu("import", "roadways", s.dir, noted, "--write")
    kuangtu("import", "roadways", s.dir, s.dir / "map.gpkg", "--layer", "roadway", "--write")
    with sqlite3.connect(s.dir / "map.gpkg") as db:
        equal(db.execute("SELECT airway, place, name, width_m FROM roadway").fetchall(), [("a", "mine", "一号巷（演示）", 4.5)])
    kuangtu("import", "roadways", s.dir, drawn, "--write")
    shape = kt.temp_dir() / "drawn.shp"
    subprocess.run(["ogr2ogr", "-f", "ESRI Shapefile", shape, s.dir / "map.gpkg", "roadway"], check=True,
                   capture_output=True)
    dxf = kt.temp_dir() / "drawn.dxf"
    subprocess.run(["ogr2ogr", "-f", "DXF", dxf, s.dir / "map.gpkg", "-sql", "select geom from roadway"], check=True,
                   capture_output=True)
    for file in (shape, dxf):
        got = kuangtu("import", "roadways", s.dir, file, check=False)
        assert "4 roadways: 4 branches between 5 nodes" in got.stderr, (file, got.stderr)
    bad = kt.temp_dir() / "bad.csv"
    bad.write_text("id,x,y\na,1,zz\na,2,3\n", encoding="utf-8")
    got = kuangtu("import", "roadways", s.dir, bad, check=False)
    assert got.returncode != 0 and "bad.csv:2:5" in got.stderr, got.stderr


MESSY = '''{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"编号":"YS-1","名称":"一号运输巷（演示）","类型":"运输巷","断面":12.5},
  "geometry":{"type":"LineString","coordinates":[[500000,4050000,800],[500400,4050010,790]]}},
 {"type":"Feature","properties":{"编号":"HF-1","名称":"回风巷（演示）"},
  "geometry":{"type":"MultiLineString","coordinates":[[[500400,4050010,790],[500400,4050300,780]],[[500400,4050300,780],[500300,4050500,780]]]}},
 {"type":"Feature","properties":{"编号":"LJ"},"geometry":{"type":"LineString","coordinates":[[501000,4050000,0],[501000,4050000,0]]}},
 {"type":"Feature","properties":{"编号":"CD"},"geometry":{"type":"LineString","coordinates":[[500100,4050002.5,797.5],[500160,4050004,796]]}},
 {"type":"Feature","properties":{"编号":"P"},"geometry":{"type":"Point","coordinates":[500000,4050000]}}]}'''


def roadways(where, file, *words):
    out = kt.temp_dir() / "net.csv"
    got = kuangtu("import", "roadways", where.dir, file, "--format", "csv", "--out", out, *words, check=False)
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")))) if out.exists() else []
    return got, sorted((r["edge_id"], r["length_m"], r["kind"], r["name"]) for r in rows)


@case("import roadways: drawings as they come: degrees, no coordinate system, Chinese names in GBK, a piece of no length, one id twice, a copy")
def _():
    s = site()
    text = (s.dir / "site.yaml").read_text(encoding="utf-8")
    assert "epsg: 0, name: local" in text or '"epsg": 0' in text, text
    s.write("site.yaml", text.replace("epsg: 0", "epsg: 4547").replace('"epsg": 0', '"epsg": 4547'))
    d = kt.temp_dir()
    plain = d / "plain.geojson"  # of metres, though GeoJSON would have degrees
    plain.write_text(MESSY, encoding="utf-8")
    got, want = roadways(s, plain)
    equal(got.returncode, 3, got.stderr)
    equal([w[0] for w in want], ["CD", "HF-1", "HF-1-2", "YS-1", "YS-1/2", "YS-1/3"], "the piece of no length is no branch")
    equal(want[3][2:], ("运输巷", "一号运输巷（演示）"))
    assert abs(sum(float(w[1]) for w in want[3:]) - 400.25) < 0.5, want
    found = sorted((r["kind"], r["roadway"], r["other"]) for r in csv.DictReader(io.StringIO(got.stdout)))
    assert ("short", "LJ", "") in found and ("overlap", "YS-1", "CD") in found, found
    assert "1 features are no lines" in got.stderr and "1 roadways had the id" in got.stderr, got.stderr
    assert "no coordinate system" in got.stderr, got.stderr

    def shape(name, *words):
        subprocess.run(["ogr2ogr", "-f", "ESRI Shapefile", d / name, plain, "-where", '"编号" <> \'P\'', *words], check=True,
                       capture_output=True)
        return d / name
    degrees = shape("degrees.shp", "-s_srs", "EPSG:4547", "-t_srs", "EPSG:4490", "-lco", "ENCODING=UTF-8")
    near = [(w[0], w[2], w[3]) for w in want]
    got, rows = roadways(s, degrees)
    equal([(r[0], r[2], r[3]) for r in rows], near, "brought into the site's metres")
    assert all(abs(float(r[1]) - float(w[1])) < 0.01 for r, w in zip(rows, want)), rows
    (d / "degrees.prj").unlink()
    got, rows = roadways(s, degrees)
    equal((got.returncode, rows), (3, []))
    assert "--crs 4490" in got.stderr, got.stderr
    equal([r[0] for r in roadways(s, degrees, "--crs", "4490")[1]], [w[0] for w in want])
    equal(roadways(s, degrees, "--crs", "north")[0].returncode, 2)
    gbk = shape("gbk.shp", "-a_srs", "EPSG:4547", "-lco", "ENCODING=GBK")
    table = bytearray((d / "gbk.dbf").read_bytes())
    table[29] = 0  # as programs of that time wrote it: no language, no .cpg
    (d / "gbk.dbf").write_bytes(table)
    (d / "gbk.cpg").unlink(missing_ok=True)
    equal(roadways(s, gbk)[1], want)
    bad = d / "bad.csv"
    bad.write_text("编号,x,y\na,1,\na,2,3\nb,5,5\nb,6,6\na,9,9\na,20,9\n", encoding="gbk")
    got = kuangtu("import", "roadways", s.dir, bad, check=False)
    equal(got.returncode, 3, got.stderr)
    assert "bad.csv:2:5: y is empty" in got.stderr and "stand together" in got.stderr, got.stderr


@case("SIGTERM ends the program with 0 and leaves no run file")
def _():
    s = site()
    p = kt.Program(s)
    equal(p.stop(), 0)
    assert not (s.dir / "data/run.json").exists()


if __name__ == "__main__":
    sys.exit(kt.main())
