# SPDX-License-Identifier: Apache-2.0
"""What the tests of the program from outside share: sites, the running program, people, streams.

A test file registers its cases with @case and ends with main(). Each case prints one line of TAP; a
case that fails prints what was wrong and the end of the logs of the programs it ran. Tests wait for
what the program says or shows, LIMIT seconds at most (or longer, where a longer limit is given);
nothing is asserted after a mere sleep.

Environment: KT_BIN the program, KT_SIM the simulated plant, KT_SOURCE the source tree, KT_SHARED
vectors and data (both of the last may be missing: what needs them is skipped).
"""

import base64
import csv
import http.client
import io
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
from pathlib import Path

SOURCE = Path(os.environ.get("KT_SOURCE", Path(__file__).resolve().parents[2]))
BIN = os.environ.get("KT_BIN", str(SOURCE / "build/kuangtu"))
SIM = os.environ.get("KT_SIM", str(SOURCE / "build/kuangtu-sim"))
SHARED = Path(os.environ["KT_SHARED"]) if os.environ.get("KT_SHARED") else None
LIMIT = float(os.environ.get("KT_LIMIT", "60"))  # seconds that anything may take


SETPRIV = shutil.which("setpriv")


def spawn(words, **more):
    """A child that ends with this process, however that ends. The system ends it with the thread that
    began it, so one that another thread begins lives until it is stopped."""
    if SETPRIV and threading.current_thread() is threading.main_thread():
        words = [SETPRIV, "--pdeathsig", "KILL", "--", *words]
    return subprocess.Popen(words, **more)


class Skip(Exception):
    """Raised in a case (or in setup) that cannot run here; the text is the reason."""


# ---- cases ---------------------------------------------------------------------------------------

CASES = []
PROGRAMS = []  # of the case that runs


def case(name):
    def add(fn):
        CASES.append((name, fn))
        return fn
    return add


def note(text):
    for line in str(text).splitlines() or [""]:
        print(f"# {line}", flush=True)


def run_case(number, name, fn):
    """What there is to say of a case stands before its line: scripts/run-tests counts it to that one."""
    first = len(PROGRAMS)
    start = time.monotonic()
    try:
        fn()
        note(f"took {time.monotonic() - start:.1f} s")
        print(f"ok {number} - {name}", flush=True)
        return True
    except Skip as e:
        print(f"ok {number} - {name} # SKIP {e}", flush=True)
        return True
    except Exception as e:  # pylint: disable=broad-except
        note(f"{type(e).__name__}: {e}")
        for frame in traceback.extract_tb(e.__traceback__):
            if frame.filename.startswith(str(SOURCE / "test")):
                note(f"  {Path(frame.filename).name}:{frame.lineno}: {frame.line}")
        for program in PROGRAMS[first:] or PROGRAMS[-1:]:
            note(f"---- log of {program.site.dir}")
            note("\n".join(program.lines[-40:]))
        print(f"not ok {number} - {name}", flush=True)
        return False
    finally:
        for program in PROGRAMS[first:]:
            if not program.kept:
                program.stop()


def main():
    if not os.access(BIN, os.X_OK):
        print(f"1..0 # SKIP {BIN} is not built")
        return 0
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    cases = [c for c in CASES if only in c[0]]
    print(f"1..{len(cases)}", flush=True)
    good = True
    try:
        for i, (name, fn) in enumerate(cases, 1):
            good = run_case(i, name, fn) and good
    finally:
        for program in PROGRAMS:
            program.stop()
        clean_up()
    return 0 if good else 1


def once(fn):
    """A fixture made at its first use and kept for the file."""
    made = []

    def get():
        if made and isinstance(made[0], Skip):
            raise made[0]
        if made and made[0] is None:
            raise AssertionError("what this file's cases share could not be made")
        if not made:
            before = list(PROGRAMS)
            made.append(None)
            try:
                made[0] = fn()
            except Skip as e:
                made[0] = e
                raise
            for program in PROGRAMS:
                program.kept = program.kept or program not in before
        return made[0]
    return get


def wait_for(what, fn, limit=None, every=0.02):
    """The first true answer of fn. For things that have no event of their own. Who has waited for
    long is asked less often, a tenth of a second apart at most (or every seconds): asking costs. every=0: at once again, for
    an fn that does something itself."""
    begin = time.monotonic()
    end = begin + max(limit or 0, LIMIT)
    while True:
        got = fn()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {max(limit or 0, LIMIT):.0f} s: {what}")
        time.sleep(max(every, min(0.1, (time.monotonic() - begin) / 10)) if every else 0)


def equal(got, want, what=""):
    assert got == want, f"{what + ': ' if what else ''}{got!r} is not {want!r}"


def now_ms():
    return time.time_ns() // 1_000_000


# ---- sites ---------------------------------------------------------------------------------------

TEMP = []


def temp_dir(prefix="kt-out-"):
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("KT_TMP")))
    TEMP.append(path)
    return path


def clean_up():
    while TEMP:
        shutil.rmtree(TEMP.pop(), ignore_errors=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PLACES = """id,parent,kind,name,name_en,x,y,air_to,length_m
mine,,mine,演示矿,Demo mine,0,0,,
L1,mine,level,一水平,Level 1,0,0,,
P1,L1,panel,一采区工作面,Panel 1,500,300,,
P1-intake,P1,intake,进风巷,Intake,400,200,P1-face,800
P1-face,P1,face,采煤工作面,Face,800,300,P1-return,180
P1-return,P1,return,回风巷,Return,400,400,MR,820
H1,L1,heading-area,掘进区,Heading area,500,600,,
H1-heading,H1,heading,掘进工作面,Heading,800,600,H1-return,350
H1-return,H1,return,掘进回风流,Heading return,400,620,MR,200
MR,L1,main-return,总回风巷,Main return,0,500,,1200
"""

WATCH = ["view", "history.read", "export", "report.read"]
PEOPLE = [
    {"id": "dispatcher", "places": ["mine"],
     "rights": WATCH + ["alarm.ack", "alarm.shelve", "output.open", "output.close", "output.confirm",
                        "output.tag", "output.untag", "card.write", "handover"]},
    {"id": "engineer", "places": ["mine"],
     "rights": WATCH + ["alarm.ack", "alarm.oos", "calibration.write", "limit.propose",
                        "limit.approve", "card.write", "test.write", "manual.set", "drill",
                        "backtest"]},
    {"id": "face-viewer", "places": ["P1"], "rights": WATCH},
    {"id": "heading-viewer", "places": ["H1"], "rights": WATCH},
    {"id": "signer", "places": ["mine"], "rights": ["handover"]},
]

STORAGE = {"journal_days": 7, "segment_mb": 32, "reserve_mb": 16,
           "history_days": {"key": 730, "normal": 365, "short": 31}}


def point(id, role, place, **more):  # pylint: disable=redefined-builtin
    """A row of points.csv; its unit is the role's."""
    units = (("ch4.", "%CH4"), ("co.", "ppm"), ("wind.", "m/s"), ("temp.", "degC"),
             ("pressure.air", "hPa"), ("water.level", "m"), ("dust.", "mg/m3"),
             ("power.current", "A"), ("self.queue", "%"), ("self.lag", "s"), ("self.disk", "%"),
             ("self.unacked", "s"), ("self.history", "s"), ("self.held", "%"), ("self.clock", "s"), ("self.backup", "d"), ("self.refused", "1"))
    unit = next((u for head, u in units if role.startswith(head)), "")
    row = {"id": id, "name": f"测点 {id}", "name_en": f"Point {id}", "unit": unit, "role": role,
           "place": place}
    if unit == "%CH4":
        row.update(range_lo=0, range_hi=4)
    row.update(more)
    return row


def csv_text(rows):
    columns = list(dict.fromkeys(k for row in rows for k in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Site:
    """A site folder made for a test. JSON is written where the format is YAML: it is a subset."""

    def __init__(self, path=None):
        self.dir = Path(path) if path else temp_dir() / "site"
        self.tokens = {}

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name):
        return (self.dir / name).read_text(encoding="utf-8")

    def secret(self, name):
        token = secrets.token_urlsafe(24)
        path = self.write(f"secrets/{name}", token)
        path.chmod(0o600)
        return token

    def replace(self, name, old, new):
        text = self.read(name)
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))


def make_site(points, places=PLACES, rules=None, limits=None, links=None, people=None, path=None,
              packs=("core", "gas"), **more):
    """A generated site with a push link whose producer `pusher` may write every point."""
    site = Site(path)
    site.dir.mkdir(parents=True, exist_ok=True)
    producers = [{"id": "pusher", "token_file": "secrets/pusher.token", "points": ["*"]},
                 {"id": "narrow", "token_file": "secrets/narrow.token", "points": ["ENV*"]}]
    for p in producers:
        site.tokens[p["id"]] = site.secret(f"{p['id']}.token")
    conf = {"id": "outside", "name": {"zh": "外部测试（演示）", "en": "Outside test (demo)"},
            "simulation": True, "mine_code": "140000000001", "gas_class": "high",
            "utc_offset": "+08:00", "crs": {"epsg": 0, "name": "local"}, "packs": list(packs),
            "shifts": [{"id": "day", "name": {"zh": "早班", "en": "Day"}, "start": "00:00"}],
            "report_day": "00:00", "listen": {"http": "127.0.0.1:0"}, "storage": dict(STORAGE),
            "links": [{"id": "push", "kind": "push", "producers": producers}] + list(links or []),
            "people": [dict(p, name={"zh": p["id"], "en": p["id"]}) for p in people or PEOPLE]}
    conf.update(more)
    site.conf = conf
    site.write("site.yaml", json.dumps(conf, ensure_ascii=False, indent=1))
    site.write("places.csv", places)
    site.write("points.csv", csv_text(points))
    if rules:
        site.write("rules/test.yaml", rules)
    if limits:
        site.write("limits/test.yaml", limits)
    return site


def mini_site(modbus_port=None):
    """A copy of sites/mini with tokens of its own."""
    site = Site()
    shutil.copytree(SOURCE / "sites/mini", site.dir, ignore=shutil.ignore_patterns("data", "secrets"))
    site.tokens["telegraf"] = site.secret("telegraf.token")
    if modbus_port:
        site.replace("site.yaml", "port: 15021", f"port: {modbus_port}")
    return site


# ---- the program ---------------------------------------------------------------------------------

def kuangtu(*words, check=True, limit=None, **more):
    """Run a verb to its end; answers the finished process, output as text."""
    p = subprocess.run([BIN, *map(str, words)], text=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit or LIMIT * 4,
                       errors="replace", **more)
    if check:
        assert p.returncode == 0, f"kuangtu {' '.join(map(str, words))}: exit {p.returncode}\n" \
                                  f"{p.stdout}\n{p.stderr}"
    return p


class Program:
    """`kuangtu serve` on a site."""

    def __init__(self, site, *words, start=True, env=None):
        self.site, self.words, self.env = site, words, {**os.environ, **(env or {})}
        self.lines, self.changed = [], threading.Condition()
        self.process, self.password, self.url, self.port = None, None, None, 0
        self.local_token, self.kept, self.bin = "", False, BIN
        PROGRAMS.append(self)
        if start:
            self.start()

    def _read(self, pipe):
        for line in pipe:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append("(its output ended)")
            self.changed.notify_all()

    def wait_line(self, pattern, after=0, limit=None):
        """Match of the first log line from number `after` on that fits."""
        end = time.monotonic() + max(limit or 0, LIMIT)
        with self.changed:
            while True:
                for i in range(after, len(self.lines)):
                    found = re.search(pattern, self.lines[i])
                    if found:
                        return found
                    if self.lines[i] == "(its output ended)":
                        raise AssertionError(f"the program ended before it said {pattern!r}")
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"the log has no line {pattern!r}")
                self.changed.wait(left)

    def spawn(self):
        """Start without waiting for the greeting."""
        mark = len(self.lines)
        words = [self.bin, "serve", str(self.site.dir), "--listen", f"127.0.0.1:{self.port}", *self.words]
        self.process = spawn(words, stdin=subprocess.DEVNULL, text=True, errors="replace",
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.env)
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        return mark

    def start(self, limit=None):
        mark = self.spawn()
        self.url = self.wait_line(r"is at (http://\S+)", mark, limit).group(1)
        self.port = int(self.url.rsplit(":", 1)[1])
        for line in self.lines[mark:]:
            first = re.search(r'user "admin" with password "([^"]+)"', line)
            self.password = first.group(1) if first else self.password
        if not self.password:  # it is the second line of the greeting
            users = self.site.dir / "data/users.db"
            if users.exists() and not getattr(self.site, "started", False):
                self.password = self.wait_line(r'"admin" with password "([^"]+)"', mark, 5).group(1)
        self.site.started = True
        self.local_token = json.loads((self.site.dir / "data/run.json").read_text())["token"]
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reader.join()

    def stop(self, limit=LIMIT):
        if not self.alive():
            return self.process.returncode if self.process else None
        self.process.terminate()
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            note("the program did not stop by itself and was killed")
        self.reader.join()
        return self.process.returncode

    def local(self):
        """A client with the rights of `kuangtu` verbs on this machine."""
        c = Client(self)
        c.headers["Authorization"] = f"Bearer {self.local_token}"
        return c

    def new_user(self, name, *roles):
        """Make a user by the command line; answers a client whose password must be changed."""
        p = kuangtu("user", "add", self.site.dir, name, "--roles", ",".join(roles))
        return self.login(name, re.search(r"password (\S+)", p.stdout).group(1))

    def user(self, name, *roles):
        """Make a user by the command line; answers a client that has logged in."""
        c = self.new_user(name, *roles)
        c.own_password("Own-" + secrets.token_urlsafe(9))
        return c

    def login(self, name, password):
        c = Client(self)
        c.name, c.password = name, password
        status, body, _ = c.call("POST", "/login", {"user": name, "password": password})
        assert status == 200, f"login of {name}: {status} {body}"
        return c

    def write(self, text, producer="pusher", path="/write", **more):
        """Push line protocol; answers (status, parsed body)."""
        return Client(self).push(path, text, self.site.tokens[producer], **more)

    def samples(self, *samples, producer="pusher"):
        """Push (point, value[, time_ms[, quality]]) as JSON; must be taken."""
        rows = []
        for s in samples:
            row = {"point": s[0], "value": s[1]}
            if len(s) > 2 and s[2] is not None:
                row["time"] = s[2]
            if len(s) > 3:
                row["quality"] = s[3]
            rows.append(row)
        status, body = Client(self).push("/api/v1/samples", json.dumps(rows),
                                         self.site.tokens[producer])
        assert status == 204, f"samples were not taken: {status} {body}"


class SiteClock:
    """Time as a plant tells it (`--sim-clock`), which a test can put forward."""

    def __init__(self):
        self.ahead_ms, self.server = 0, socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            conn, _ = self.server.accept()
            try:
                while True:
                    conn.sendall(b"%d\n" % (now_ms() + self.ahead_ms))
                    conn.recv(4096)  # it has followed
                    time.sleep(0.1)
            except OSError:
                conn.close()


def strict(pairs):
    got = dict(pairs)
    assert len(got) == len(pairs), f"a name stands twice in {[k for k, _ in pairs]}"
    return got


def loads(text):
    """JSON in which no name stands twice."""
    return json.loads(text, object_pairs_hook=strict)


class Refused(Exception):
    """An answer other than the one wanted."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body
        error = body.get("error", {}) if isinstance(body, dict) else {}
        self.code, self.text, self.zh = (error.get(k, "") for k in ("code", "text", "text_zh"))


class Client:
    """HTTP with a cookie jar."""

    def __init__(self, program):
        self.program, self.headers, self.cookies = program, {"X-Kuangtu": "1"}, {}
        self.name = self.password = None
        self.points_stay, self.numbers = False, None  # no reload gives points other numbers; those known

    def connection(self, limit=None):
        return http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=limit or LIMIT * 2)

    def request_headers(self, more=None):
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        headers.update(more or {})
        return headers

    def keep_cookies(self, response):
        for value in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]

    def raw(self, method, path, body=None, headers=None):
        """Status, bytes, headers of one call; path is whole."""
        c = self.connection()
        try:
            try:
                c.request(method, path, body, self.request_headers(headers))
            except (BrokenPipeError, ConnectionResetError):
                if not c.sock:  # it never stood
                    raise
                # refused before the body was read: the answer is there all the same
            r = c.getresponse()
            data = r.read()
            self.keep_cookies(r)
            return r.status, data, r.headers
        finally:
            c.close()

    def call(self, method, path, body=None, headers=None, **query):
        query = {k: v for k, v in query.items() if v is not None}
        if query:
            path += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        status, raw, got = self.raw(method, "/api/v1" + path, data, headers)
        if "json" in (got.get("Content-Type") or "") and raw:
            return status, loads(raw), got
        return status, raw.decode("utf-8", "replace"), got

    def get(self, path, **query):
        status, body, _ = self.call("GET", path, **query)
        if status != 200:
            raise Refused(status, body)
        return body

    def post(self, path, body=None):
        status, got, _ = self.call("POST", path, body if body is not None else {})
        if status not in (200, 201, 202, 204):
            raise Refused(status, got)
        return got

    def patch(self, path, body):
        status, got, _ = self.call("PATCH", path, body)
        if status != 200:
            raise Refused(status, got)
        return got

    def ask(self, verb, key="", console="", **args):
        """POST /requests; the result of the verdict, or Refused."""
        return self.post("/requests", {"verb": verb, "args": args, "key": key, "console": console})

    def refused(self, verb, code=None, **args):
        """The request must be refused; answers how."""
        try:
            got = self.ask(verb, **args)
        except Refused as e:
            assert code is None or e.code == code, f"{verb} was refused with {e}, not {code}"
            return e
        raise AssertionError(f"{verb} {args} was not refused: {got}")

    def push(self, path, text, token, headers=None):
        more = {"Authorization": f"Token {token}"} if token else {}
        more.update(headers or {})
        body = text if isinstance(text, bytes) else text.encode()
        status, raw, _ = self.raw("POST", path, body, more)
        try:
            return status, loads(raw) if raw else None
        except ValueError:
            return status, raw

    # what tests look at often

    def live(self, *points):
        """{id: (value, quality, time_ms)}"""
        numbers = self.numbers or {p["i"]: p["id"] for p in self.get("/points", limit=100000)["items"]}
        self.numbers = numbers if self.points_stay else None
        rows = self.get("/live", points=",".join(points) if points else None)
        return {numbers[i]: (v, q, t) for i, v, q, t in rows}

    def alarms(self, **query):
        return self.get("/alarms", **query)["items"]

    def alarm(self, rule, at, state=None, limit=None):
        """Wait until the alarm is shown (in a state)."""
        def look():
            found = [a for a in self.alarms(state="active", limit=10000)
                     if a["rule"] == rule and a["point"] == at]
            return next((a for a in found if state is None or a["state"] == state), None)
        return wait_for(f"alarm {rule} at {at} {state or ''}", look, limit)

    def no_alarm(self, rule, at, limit=None):
        """Wait until the alarm is not shown any more."""
        wait_for(f"no alarm {rule} at {at}",
                 lambda: not [a for a in self.alarms(limit=10000)
                              if a["rule"] == rule and a["point"] == at], limit)

    def output(self, name):
        return self.get(f"/outputs/{name}")

    def events(self, **query):
        return self.get("/events", **query)["items"]

    def history(self, name, start=None, end=None, buckets=0):
        got = self.get("/history", points=name, buckets=buckets,
                       **{"from": start or now_ms() - 3_600_000, "to": end or now_ms() + 60_000})
        return got["points"][0]

    def stream(self, last=None, points=None, path="/stream", **query):
        return Stream(self, path, last, points=points, **query)

    def own_password(self, fresh):
        self.post("/password", {"old": self.password, "new": fresh})
        self.password = fresh

    def forget(self):
        """The same without a session."""
        return Client(self.program)


class Stream:
    """Server-sent events, read by a thread of its own."""

    def __init__(self, client, path, last=None, **query):
        self.all, self.changed, self.over = [], threading.Condition(), False
        query = {k: v for k, v in query.items() if v is not None}
        full = "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = client.request_headers({"Accept": "text/event-stream"})
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        self.connection = client.connection(LIMIT * 10)
        self.connection.request("GET", full, None, headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        if self.status != 200:
            body = self.response.read()
            self.connection.close()
            raise Refused(self.status, json.loads(body) if body[:1] == b"{" else body)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        event = {}
        try:
            for raw in self.response:
                line = raw.decode("utf-8").rstrip("\r\n")
                if line:
                    name, _, value = line.partition(":")
                    if name:
                        event[name] = event.get(name, "") + value.removeprefix(" ")
                elif "data" in event:
                    self._take(event)
                    event = {}
                else:
                    event = {}
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def _take(self, event):
        got = {"event": event.get("event", "message"), "data": loads(event["data"]),
               "id": int(event["id"]) if "id" in event else None}
        with self.changed:
            self.all.append(got)
            self.changed.notify_all()

    def mark(self):
        with self.changed:
            return len(self.all)

    def wait(self, what, fits, after=0, limit=None):
        """The first event from number `after` on that fits(event, data)."""
        end = time.monotonic() + max(limit or 0, LIMIT)
        seen = after
        with self.changed:
            while True:
                while seen < len(self.all):
                    e = self.all[seen]
                    seen += 1
                    if fits(e["event"], e["data"]):
                        return e
                left = end - time.monotonic()
                if left <= 0 or self.over:
                    tail = [f"{e['event']} {json.dumps(e['data'])[:200]}" for e in self.all[-6:]]
                    raise AssertionError(f"the stream {'ended' if self.over else 'waited'} without: "
                                         f"{what}; of {len(self.all)} events the last: {tail}")
                self.changed.wait(left)

    def alarm(self, rule, at, change=None, after=0, limit=None):
        return self.wait(f"alarm {rule} at {at} {change or ''}",
                         lambda e, d: e == "alarm" and d["rule"] == rule and d["point"] == at and
                         (change is None or d.get("change") == change), after, limit)

    def command(self, output, state, value=None, after=0, limit=None):
        return self.wait(f"command {output} {state}",
                         lambda e, d: e == "command" and d["output"] == output and
                         d["state"] == state and (value is None or d["value"] == value), after, limit)

    def wait_end(self, limit=None):
        end = time.monotonic() + max(limit or 0, LIMIT)
        with self.changed:
            while not self.over:
                left = end - time.monotonic()
                assert left > 0, "the stream did not end"
                self.changed.wait(left)

    def ids(self):
        with self.changed:
            return [e["id"] for e in self.all if e["id"] is not None]

    def close(self):
        try:
            self.response.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # wakes the reader
        except (OSError, AttributeError):
            pass
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Keeper:
    """Pushes the same values once a second, so that nothing becomes stale."""

    def __init__(self, program, values, every=1.0, producer="pusher"):
        self.program, self.values, self.every, self.producer = program, dict(values), every, producer
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.push()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def push(self):
        with self.lock:
            rows = [(p, *(v if isinstance(v, tuple) else (v,))) for p, v in self.values.items()
                    if v is not None]
        if rows:
            self.program.samples(*[(r[0], r[1], None, *r[2:]) for r in rows], producer=self.producer)

    def set(self, **values):
        with self.lock:
            self.values.update({k.replace("__", "-"): v for k, v in values.items()})
        self.push()

    def put(self, name, value):
        with self.lock:
            self.values[name] = value
        self.push()

    def _run(self):
        while not self.stopping.wait(self.every):
            try:
                self.push()
            except (OSError, AssertionError, http.client.HTTPException):
                pass  # the program is down for now

    def stop(self):
        self.stopping.set()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
