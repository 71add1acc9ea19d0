# SPDX-License-Identifier: Apache-2.0
"""Rights and places, for every route of api/openapi.yaml: without a session, without the right, from
another place; and answers that fit their description. Routes come from the file, so a new one is
tested as soon as it is described (and scripts/check-openapi asks that it is)."""

import json
import sys
import urllib.parse

import kt
import openapi
import peers
from kt import case, equal, once

SPEC = openapi.read()
ROUTES = list(openapi.operations(SPEC))
ORDINARY = ["view", "history.read", "export", "report.read", "alarm.ack", "alarm.shelve", "alarm.oos",
            "output.open", "output.close", "output.confirm", "output.tag", "output.untag",
            "calibration.write", "limit.propose", "limit.approve", "card.write", "test.write",
            "handover", "manual.set", "drill", "backtest", "record.read", "record.write",
            "record.import", "ledger.read", "person.see", "call.hear"]
RECORDS = {
    "registers": [{"id": "find", "title": {"zh": "发现", "en": "Finds"}, "key": "no", "place": "place",
                   "geometry": "spot", "workflow": "mend", "duplicates": [["title"]],
                   "fields": [{"id": "no", "type": "text", "title": {"zh": "编号", "en": "No."}},
                              {"id": "title", "type": "text", "title": {"zh": "名称", "en": "Name"}, "search": True},
                              {"id": "place", "type": "place", "title": {"zh": "地点", "en": "Place"}},
                              {"id": "spot", "type": "geometry", "title": {"zh": "位置", "en": "Spot"}},
                              *({"id": i, "type": "number", "title": {"zh": i, "en": i}}
                                for i in ("depth", "thickness", "q", "tan_beta", "b", "offset")),
                              {"id": "papers", "type": "file", "title": {"zh": "附件", "en": "Papers"}}]}],
    "workflows": [{"id": "mend", "title": {"zh": "整改", "en": "Mending"},
                   "states": [{"id": "open", "title": {"zh": "待办", "en": "Open"}, "kind": "start"},
                              {"id": "shut", "title": {"zh": "办结", "en": "Shut"}, "kind": "done"}],
                   "transitions": [{"id": "shut", "title": {"zh": "办结", "en": "Shut"}, "from": ["open"],
                                    "to": "shut"}]}],
    "documents": [{"id": "notice", "register": "find", "title": {"zh": "通知", "en": "Notice"},
                   "lines": ["# {no}", "{table: title}", "{history}"]}],
    "ledgers": [{"id": "water", "title": {"zh": "水", "en": "Water"}, "unit": "m3", "decimals": 0, "period": "month",
                 "read": "ledger.read", "post": "ledger.post",
                 "accounts": [{"id": "in", "title": {"zh": "进", "en": "In"}, "floor": "none"}]}],
    "indicators": [{"id": "finds", "title": {"zh": "数", "en": "Finds"}, "unit": "", "decimals": 0, "better": "lower",
                    "read": "record.read", "definition": {"zh": "数", "en": "Number"}, "value": "numerator",
                    "numerator": "SELECT count(*) FROM find",
                    "drill": {"register": "find", "sql": "SELECT _id FROM find"},
                    "what_if": {"register": "find", "sql": "SELECT _id, title FROM find"}}],
    "barriers": [{"id": "near", "register": "find", "zone": {"register": "find"}, "act": "tell",
                  "title": {"zh": "相邻", "en": "Near"}, "text": "相邻",
                  "source": {"standard": "S", "edition": "E", "clause": "1", "verified": True}}],
    "briefings": [{"id": "sheet", "title": {"zh": "表", "en": "Sheet"}, "read": "record.read", "sections": [
        {"title": {"zh": "表", "en": "All"}, "register": "find", "columns": ["no", "title"]}]}],
}
ADMIN = {"user.admin", "security.admin", "audit.read", "site.reload"}
FACE = "FX-"  # begins every id of the face, and nothing else


def people():
    got = [{"id": "whole", "places": ["mine"], "rights": ORDINARY},
           {"id": "face", "places": ["P1"], "rights": ORDINARY},
           {"id": "heading", "places": ["H1"], "rights": ORDINARY},
           {"id": "keeper-of-site", "places": ["*"], "rights": ["view", "user.admin", "site.reload"]},
           {"id": "keeper-of-roles", "places": ["*"], "rights": ["security.admin"]},
           {"id": "keeper-of-audit", "places": ["*"], "rights": ["audit.read"]}]
    got.append({"id": "no-records", "places": ["mine"],
                "rights": [r for r in ORDINARY if not r.startswith(("record.", "ledger."))]})
    for right in ORDINARY:
        got.append({"id": f"no-{right}", "places": ["mine"],
                    "rights": [r for r in ORDINARY if r != right]})
    return got


class World:
    def __init__(self):
        self.device = peers.Modbus()
        self.device.discretes[:2] = [1, 1]
        self.device.feeds = {0: (0, 0.02), 1: (1, 0.02)}
        points = []
        for head, place, back, coil in ((FACE, "P1-face", "P1-return", 0),
                                        ("HX-", "H1-heading", "H1-return", 1)):
            ch4 = "ch4.face" if head == FACE else "ch4.heading"
            points += [
                kt.point(head + "T", ch4, place, link="push"),
                kt.point(head + "W", "wind.face", place, link="push"),
                kt.point(head + "QY", "pressure.air", place, link="push"),
                kt.point(head + "KD", "feed.state", back, link="sub", address=f"d{coil}"),
                kt.point(head + "KG", "switch.power", back, link="sub", address=f"c{coil}",
                         feed=head + "KD", serves=f"{place};{back}")]
        link = {"id": "sub", "kind": "modbus", "host": "127.0.0.1", "port": self.device.port,
                "unit": 1, "timeout_ms": 500, "scan_ms": 200}
        self.site = kt.make_site(points, links=[link], people=people())
        self.site.write("registers/finds.yaml", json.dumps(RECORDS, ensure_ascii=False))
        self.site.write("airways.csv", "id,place,from,to,r_N_s2_m8,section_m2,a0_Pa,a2_Pa_s2_m6,wind_point\n"
                        "FX-A,P1-face,surface,a,0.5,10,,,FX-W\nHX-A,H1-heading,surface,a,0.5,10,,,HX-W\n"
                        "MAIN,MR,a,surface,0.1,10,900,-0.1,\n")
        # a log-in for each right within a minute or so
        self.site.replace("site.yaml", '"packs":', '"accounts": {"logins_per_minute": 1000}, "packs":')
        self.program = kt.Program(self.site)
        self.start = kt.now_ms() - 1000
        self.users, self.spares = {}, {}
        self.whole = self.user("whole")
        self.fill()

    def user(self, role):
        if role not in self.users:
            self.users[role] = self.program.user("u." + role, role)
        return self.users[role]

    def fill(self):
        """Something in every list, at the face and at the heading."""
        p, w = self.program, self.whole
        p.samples(("FX-T", 0.2), ("HX-T", 0.2), ("FX-QY", 900), ("HX-QY", 901))
        other = self.program.user("u.other", "whole")
        kt.wait_for("the outputs are read", lambda: not [
            o for o in w.get("/outputs")["items"] if o["unread"] or o["value"] is None])
        for head in (FACE, "HX-"):
            p.samples((head + "T", 1.1))
            alarm = w.alarm("gas.over-limit", head + "T")
            w.ask("output.tag", output=head + "KG", reason="work")
            w.ask("output.command", output=head + "KG", value=0, reason="work")
            (w if head == FACE else other).ask("calibration.open", point=head + "T", gas="1.02 %CH4", minutes=10)
            w.ask("limit.propose", point=head + "T", name="alarm", value=0.8, reason="careful")
            w.ask("test.record", point=head + "T", passed=True, note="fine")
            w.ask("note.add", point=head + "T", text="a note")
            w.ask("manual.set", point=head + "W", value=2.5, reason="no sensor")
            card = kt.wait_for("a card", lambda a=alarm: [c for c in w.get("/cards")["items"]
                                                          if c["alarm"] == a["id"]])[0]
            w.ask("card.step", card=card["id"], step="looked", text="seen")
            p.samples((head + "T", 0.1))
            p.samples((head + "QY", 902))
            ended = w.alarm("gas.over-limit", head + "T", "rtn")
            w.ask("alarm.ack", alarms=[ended["id"]])
            w.no_alarm("gas.over-limit", head + "T")
            p.samples((head + "T", 1.2))
            self.record(head)
            self.__dict__[f"alarm_{head[:2]}"] = w.alarm("gas.over-limit", head + "T")["id"]
            self.__dict__[f"card_{head[:2]}"] = card["id"]
        self.program.samples(("FX-T", 1.2), ("HX-T", 1.2))
        kt.wait_for("history", lambda: len(w.history("FX-T", self.start)["t"]) >= 3 and
                    len(w.history("HX-T", self.start)["t"]) >= 3)


    def record(self, head):
        """A record at the place, with an attachment."""
        w = self.whole
        made = w.ask("record.create", register="find", fields={
            "no": head + "1", "title": f"{head}twice", "place": "P1-face" if head == FACE else "H1-heading",
            "spot": {"type": "Polygon", "coordinates": [[[0, 0], [200, 0], [200, 200], [0, 200], [0, 0]]]},
            "depth": 100, "thickness": 2, "q": 0.7, "tan_beta": 2, "b": 0.3, "offset": 5})["result"]
        w.ask("record.create", register="find", fields={
            "no": head + "2", "title": f"{head}twice", "place": "P1-face" if head == FACE else "H1-heading"})
        status, raw, _ = w.raw("POST", f"/api/v1/attachments?name={head}a.txt", head.encode() * 9)
        assert status == 200, raw
        up = json.loads(raw)["hash"]
        w.ask("record.attach", record=made["record"], field="papers", hash=up, name=f"{head}a.txt")
        self.__dict__[f"record_{head[:2]}"] = made["record"]
        self.__dict__[f"upload_{head[:2]}"] = up


@once
def world():
    return World()


def of_records(w, path, head):
    """The path of a route of records with its parameters filled in."""
    key = head[:2]
    values = {"register": "find", "record": w.__dict__[f"record_{key}"], "hash": w.__dict__[f"upload_{key}"],
              "document": "notice", "job": 1, "indicator": "finds", "ledger": "water", "briefing": "sheet"}
    for name, value in values.items():
        path = path.replace("{" + name + "}", str(value))
    if "/attachments/" in path:
        path += f"?record={values['record']}"
    if path.endswith("/search"):
        path += f"?q={head}twice"
    if path.endswith("/people"):
        path += "?register=find&place=" + ("P1-face" if head == FACE else "H1-heading")
    return path + "?format=xlsx" * path.endswith("/notice")


def example(w, method, path, head=FACE):
    """A full address and a body with which the call means something at the face."""
    query, body = {}, None if method == "GET" else {}
    tail = path.removeprefix("/api/v1")
    if dict((p, o) for m, p, o in ROUTES if m == method)[path]["x-scope"] == "record":
        if tail.endswith("/tracks") and method == "POST":
            body = {"points": [[kt.now_ms(), 1, 2, 3]]}
        if tail.endswith("/transitions"):
            body = {"records": [w.__dict__[f"record_{head[:2]}"]]}
        return of_records(w, path, head), body
    values = {"/points/{id}": head + "T", "/outputs/{id}": head + "KG",
              "/alarms/{id}": w.__dict__[f"alarm_{head[:2]}"],
              "/cards/{id}": w.__dict__[f"card_{head[:2]}"], "/jobs/{id}": 1,
              "/reports/{kind}": "alarm", "/personnel/{card}/track": "1001", "/stream/{sid}/points": 99, "/users/{name}": "u.whole"}
    if tail in values:
        path = path[:path.index("{")] + str(values[tail]) + path[path.index("}") + 1:]
    if tail in ("/history", "/export"):
        query = {"points": head + "T", "from": w.start, "to": kt.now_ms() + 1000}
    if tail in ("/replay", "/replay/stream"):
        query = {"at": kt.now_ms() - 2000}
    if tail == "/requests":
        body = {"verb": "note.add", "args": {"point": head + "T", "text": "hello"}}
    if tail == "/backtest":
        body = {"from": w.start, "to": kt.now_ms(), "limits": []}
    if tail == "/login":
        body = {"user": w.whole.name, "password": w.whole.password}
    if tail == "/password":
        body = {"old": "not the password", "new": "Another-Password-1"}
    if tail == "/stream/{sid}/points":
        body = {"points": []}
    if tail == "/users" and method == "POST":
        body = {"user": "bad name!", "password": "x"}
    if query:
        path += "?" + urllib.parse.urlencode(query)
    return path, body


def call(client, method, path, body, headers=None):
    """Status, parsed or raw body; of a stream only the status."""
    c = client.connection()
    try:
        data = None if body is None else json.dumps(body)
        c.request(method, path, data, client.request_headers(headers))
        r = c.getresponse()
        if "event-stream" in (r.headers.get("Content-Type") or ""):
            return r.status, None
        raw = r.read()
        client.keep_cookies(r)
        kind = r.headers.get("Content-Type") or ""
        return r.status, kt.loads(raw) if "json" in kind and raw else raw
    finally:
        c.close()


def spare(role):
    """The role's client with a session beside that of user(); another one when a log-out has ended it."""
    u, spares = world().user(role), world().spares
    if role not in spares or spares[role].call("GET", "/me")[0] != 200:
        spares[role] = world().program.login(u.name, u.password)
    return spares[role]


def needs_session(operation):
    return operation["x-right"] not in ("-", "producer")


@case("every route without a session, with a false one, or with a producer's token: 401")
def _():
    w, bad = world(), []
    nobody = w.whole.forget()
    false = w.whole.forget()
    false.cookies = {name: "x" * 43 for name in w.whole.cookies}
    producer = w.whole.forget()
    producer.headers["Authorization"] = f"Bearer {w.site.tokens['pusher']}"
    for method, path, operation in ROUTES:
        full, body = example(w, method, path)
        for name, who in (("nobody", nobody), ("a false cookie", false), ("a producer", producer)):
            if operation["x-right"] == "-" or (who is producer and not needs_session(operation)):
                continue
            status, _ = call(who, method, full, body)
            if status != 401:
                bad.append(f"{method} {path} by {name}: {status}")
    equal(bad, [])


@case("every route without its right: 403; with it: neither 401 nor 403")
def _():
    w, bad = world(), []
    for method, path, operation in ROUTES:
        if not needs_session(operation):
            continue
        full, body = example(w, method, path)
        rights = operation["x-right"].split("|")
        if rights != ["session"]:
            lacking = "whole" if ADMIN & set(rights) else f"no-{rights[0]}"
            status, got = call(w.user(lacking), method, full, body)
            if status != 403 or got["error"]["code"] != "KT_EDENIED":
                bad.append(f"{method} {path} without {rights}: {status} {got}")
        holder = next((r for right in rights for r in {
            "user.admin": ["keeper-of-site"], "site.reload": ["keeper-of-site"],
            "security.admin": ["keeper-of-roles"], "audit.read": ["keeper-of-audit"]}.get(right, [])),
            "whole")
        status, got = call(spare(holder), method, full, body)
        if path.endswith("/password"):
            if status >= 500 or "password" not in str(got):
                bad.append(f"{method} {path} by {holder}: {status} {got}")
        elif status in (401, 403) or status >= 500:
            bad.append(f"{method} {path} by {holder}: {status} {got}")
    equal(bad, [])


@case("an administrator of one kind has not the rights of another")
def _():
    w = world()
    for role, path, status in (("keeper-of-site", "/audit", 403), ("keeper-of-audit", "/users", 403),
                               ("keeper-of-audit", "/points", 403), ("keeper-of-roles", "/audit", 403),
                               ("keeper-of-roles", "/points", 403), ("keeper-of-site", "/events", 403)):
        equal(w.user(role).call("GET", path)[0], status, f"{role} {path}")
    who = w.user("keeper-of-site")
    equal(who.call("PATCH", "/users/u.whole", {"roles": ["whole", "keeper-of-site"]})[0], 403)
    equal(who.call("POST", "/users", {"user": "x1", "password": "Abcdefgh-123",
                                      "roles": ["whole"]})[0], 403)
    roles = w.user("keeper-of-roles")
    equal(roles.call("PATCH", "/users/u.whole", {"name": "another"})[0], 403)
    status, got, _ = roles.call("PATCH", "/users/u.whole",
                                {"roles": ["keeper-of-site", "keeper-of-audit"]})
    equal(status, 409, got)


@case("a password that somebody else set: nothing but /me, /password and /logout until it is changed")
def _():
    w, bad = world(), []
    new = w.program.new_user("u.new", "whole")
    first = new.password
    for method, path, operation in ROUTES:
        if not needs_session(operation) or path.endswith(("/me", "/password", "/logout")):
            continue
        full, body = example(w, method, path)
        status, got = call(new, method, full, body)
        if status != 403 or got["error"]["code"] != "KT_EPASSWORD":
            bad.append(f"{method} {path}: {status} {got}")
    equal(bad, [])
    equal(new.get("/me")["must_change_password"], True)
    elsewhere = w.program.login("u.new", first)
    equal(new.call("POST", "/password", {"old": first, "new": first})[0], 400, "the same again")
    new.own_password("My-own-Password-1")
    equal(new.get("/points/FX-T")["id"], "FX-T")
    equal(elsewhere.call("GET", "/me")[0], 401, "other sessions end with the old password")


@case("guessing the present password in a session locks the user as well")
def _():
    u = world().program.user("u.guess", "whole")
    answers = [u.call("POST", "/password", {"old": f"wrong-{i}", "new": "Another-Password-1"})[0]
               for i in range(6)]
    equal(answers, [403] * 5 + [429])


@case("a password is set for others only by who holds or may give what it opens")
def _():
    w = world()
    names = {"sys": "keeper-of-site", "sys2": "keeper-of-site", "sec": "keeper-of-roles",
             "sec2": "keeper-of-roles", "aud": "keeper-of-audit", "man": "whole"}
    c = {k: w.program.user(f"p.{k}", role) for k, role in names.items()}
    equal(c["sys"].call("POST", "/users", {"user": "p.bare", "name": "Bare", "password": "First-Pass-01"})[0], 201)

    def set_password(by, whom):
        return c[by].call("PATCH", f"/users/p.{whom}", {"password": "Stolen-Pass-99"})[0]
    wanted = {("sys", "sec"): 403, ("sys", "aud"): 403, ("sys", "man"): 403, ("sys", "sys"): 403,
              ("sec", "sys"): 403, ("sec", "aud"): 403, ("man", "bare"): 403, ("aud", "man"): 403,
              ("man", "man"): 403, ("sys", "bare"): 200, ("sec", "man"): 200, ("sys", "sys2"): 200,
              ("sec", "sec2"): 200}
    equal({k: set_password(*k) for k in wanted}, wanted)
    man = w.program.login("p.man", "Stolen-Pass-99")
    equal(man.call("GET", "/points")[1]["error"]["code"], "KT_EPASSWORD")
    kt.wait_for("the attempts are in the access log", lambda: {
        (x["path"], x["status"]) for x in w.user("keeper-of-audit").get(
            "/audit", user="p.sys", limit=1000)["items"]} >= {
        ("/users/p.sec", 403), ("/users/p.bare", 200)})


@case("offices are given in two steps, and nobody gives one to themselves")
def _():
    w = world()
    system, roles = w.user("keeper-of-site"), w.user("keeper-of-roles")
    ids = [r["id"] for r in roles.get("/roles")["items"]]
    assert {"system-admin", "security-admin", "auditor", "whole"} <= set(ids), ids
    body = {"user": "s.two", "name": "Two", "password": "First-Pass-01"}
    equal(system.call("POST", "/users", {**body, "roles": ["whole"]})[0], 403)
    equal(system.call("POST", "/users", {**body, "roles": []})[0], 201)
    equal(roles.call("PATCH", "/users/s.two", {"roles": ["whole"]})[0], 200)
    equal(roles.call("PATCH", "/users/u.keeper-of-roles", {"roles": ["keeper-of-roles", "whole"]})[0], 403)
    equal(roles.call("POST", "/users", {**body, "user": "s.three"})[0], 403)
    equal(system.call("PATCH", "/users/u.keeper-of-audit", {"disabled": True})[0], 403)
    equal(system.call("PATCH", "/users/u.keeper-of-site", {"disabled": True})[0], 403)
    equal(system.call("PATCH", "/users/s.two", {"disabled": True})[0], 200)
    equal(system.call("POST", "/users", {**body, "user": "local"})[0], 400, "a name of the program's own")


@case("attempts to log in are in the access log, under a known name only")
def _():
    w = world()
    u, c = w.program.user("u.tried", "whole"), kt.Client(w.program)
    equal(c.call("POST", "/login", {"user": "u.tried", "password": "wrong"})[0], 401)
    equal(c.call("POST", "/login", {"user": "My-Password-in-the-wrong-field", "password": "x"})[0], 401)

    def rows():
        items = w.user("keeper-of-audit").get("/audit", limit=2000)["items"]
        return {(x["user"], x["path"], x["status"]) for x in items}
    kt.wait_for("both attempts", lambda: rows() >= {("u.tried", "/login", 401), ("-", "/login", 401)})
    assert "wrong-field" not in str(rows()), u.name


@case("writes without the header X-Kuangtu: 403 (another origin's form cannot send it)")
def _():
    w, bad = world(), []
    for method, path, operation in ROUTES:
        if method == "GET" or not needs_session(operation):
            continue
        full, body = example(w, method, path)
        plain = w.whole.forget()
        plain.cookies, plain.headers = dict(w.whole.cookies), {}
        status, _ = call(plain, method, full, body)
        if status != 403:
            bad.append(f"{method} {path}: {status}")
    equal(bad, [])


@case("a wrong method is refused, an unknown address is 404, and neither tells more")
def _():
    w = world()
    for method, path in (("DELETE", "/points"), ("POST", "/points"), ("PUT", "/users/u.whole")):
        assert w.whole.raw(method, "/api/v1" + path)[0] in (404, 405, 501), path
    for path in ("/nothing", "/points/", "/points/FX-T/more", "/../points", "/%00", "/points/%2e%2e"):
        assert w.whole.raw("GET", "/api/v1" + path)[0] in (400, 404), path


@case("answers fit their description")
def _():
    w, bad = world(), []
    by_right = {"user.admin|security.admin": "keeper-of-site", "audit.read": "keeper-of-audit",
                "user.admin": "keeper-of-site", "site.reload": "keeper-of-site"}
    job, seen = None, 0
    for method, path, operation in ROUTES:
        if operation["x-right"] == "producer" or path.endswith(("/stream", "/users/{name}")):
            continue
        full, body = example(w, method, path)
        if path.endswith("/jobs/{id}"):
            full = f"/api/v1/jobs/{job}"
            kt.wait_for("the job", lambda f=full: call(w.whole, "GET", f, None)[1]["state"] != "running")
        status, got = call(spare(by_right.get(operation["x-right"], "whole")), method, full, body)
        if path.endswith("/backtest"):
            job = got.get("job")
        answers = operation["responses"]
        answer = openapi.resolve(SPEC, answers.get(str(status), answers.get("default", {})))
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if str(status) not in answers and status >= 500:
            bad.append(f"{method} {full}: {status} {got}")
        if schema and not isinstance(got, bytes):
            seen += 1
            for text in openapi.misfits(SPEC, schema, got)[:6]:
                bad.append(f"{method} {path} {status} {text}")
    kt.note(f"{seen} answers compared")
    equal(bad, [])


def listing(client, w, path):
    full, _ = example(w, "GET", path, "HX-")
    if path.endswith("/alarms"):
        one = call(client, "GET", full, None)
        two = call(client, "GET", full + "?state=history", None)
        return one[0] if two[0] == 200 else two[0], f"{one[1]}{two[1]}"
    if path.endswith("/events"):
        full += "?limit=5000"
    if path.endswith("/reports/{kind}"):
        text = ""
        for kind in ("analog", "alarm", "cut", "feed", "switch", "fault", "statistics"):
            for form in ("json", "html"):
                status, got = call(client, "GET", f"/api/v1/reports/{kind}?format={form}", None)
                if status != 200:
                    return status, got
                text += str(got)
        return 200, text
    status, got = call(client, "GET", full, None)
    return status, got.decode() if isinstance(got, bytes) else json.dumps(got)


@case("lists hold nothing of another place, and all of the own")
def _():
    w, bad, compared = world(), [], 0
    heading, face, whole = w.user("heading"), w.user("face"), w.whole
    for method, path, operation in ROUTES:
        if method != "GET" or operation["x-scope"] != "list" or "{id}" in path or \
                "{event}" in path or path.endswith("/stream"):
            continue
        status, text = listing(heading, w, path)
        if status != 200:
            bad.append(f"{path}: {status} {text:.200}")
        if FACE in text:
            at = text.index(FACE)
            bad.append(f"{path} tells the heading of the face: {text[max(at - 120, 0):at + 40]}")
        _, full_text = listing(whole, w, path)
        if "HX-" in full_text:
            compared += 1
            if "HX-" not in text:
                bad.append(f"{path} tells the heading nothing of its own")
        status, text = listing(face, w, path) if path.split("/")[-1] not in ("history", "export") else \
            (200, "")
        if "HX-" in text:
            at = text.index("HX-")
            bad.append(f"{path} tells the face of the heading: {text[max(at - 120, 0):at + 40]}")
    kt.note(f"{compared} lists hold something of the heading")
    assert compared >= 14, f"only {compared} lists had anything to hide"
    equal(bad, [])


@case("records: nothing of another place, all of the own, and nothing at all without the right")
def _():
    w, bad, told = world(), [], 0
    heading, face, bare = w.user("heading"), w.user("face"), w.user("no-records")
    for method, path, operation in ROUTES:
        if operation["x-scope"] != "record" or method != "GET":
            continue
        theirs = of_records(w, path, FACE)
        status, got = call(face, method, theirs, None)
        no_face = status == 400 and path.endswith("/subsidence")  # a record that is no face says so
        no_plan = status == 404 and (("/drainage/" in path and "drain_plan" in str(got)) or (path.endswith("/water/inrush") and "water_borehole" in str(got)))  # no such register here
        if status != 200 and not no_face and not no_plan:
            bad.append(f"{theirs} by its own place: {status} {got}")
        own = got if isinstance(got, bytes) else json.dumps(got).encode()
        told += FACE.encode() in own
        for who, name in ((heading, "another place"), (bare, "without the right")):
            status, got = call(who, method, theirs, None)
            text = got if isinstance(got, bytes) else json.dumps(got).encode()
            if status not in (200, 404) or FACE.encode() in text:
                bad.append(f"{theirs} by {name}: {status} {text[:300]}")
            one = any(x in path for x in ("{record}", "{hash}"))
            if (one or (who is bare and "{register}" in path)) and status != 404:
                bad.append(f"{theirs} by {name}: {status}, not 404")
    kt.note(f"{told} answers hold something of the face")
    assert told >= 8, told
    for path in ("/records/find/export?format=csv", "/records/find/export?format=geojson"):
        got = call(heading, "GET", "/api/v1" + path, None)[1]
        text = got if isinstance(got, bytes) else json.dumps(got).encode()
        if FACE.encode() in text or b"HX-1" not in text:
            bad.append(f"{path}: {text[:200]}")
    made_up = call(heading, "GET", "/api/v1/records/find/999999999", None)
    hidden = call(heading, "GET", f"/api/v1/records/find/{w.record_FX}", None)
    equal((made_up[0], made_up[1]["error"]["code"]), (hidden[0], hidden[1]["error"]["code"]))
    equal(bad, [])


@case("figures and back-tests hold nothing of another place")
def _():
    w, bad = world(), []
    heading = w.user("heading")
    got = heading.get("/alarms/kpi")
    assert FACE not in json.dumps(got), "the figures"
    job = heading.post("/backtest", {"from": w.start, "to": kt.now_ms(), "limits": []})["job"]
    done = kt.wait_for("the job", lambda: (lambda j: j if j["state"] != "running" else None)(
        heading.get(f"/jobs/{job}")))
    equal(done["state"], "done", done.get("text"))
    if FACE in json.dumps(done):
        bad.append("the back-test")
    equal(bad, [])


@case("a named thing of another place is 404, as if it were not there")
def _():
    w, bad = world(), []
    heading = w.user("heading")
    paths = [f"/points/{FACE}T", f"/outputs/{FACE}KG", f"/alarms/{w.alarm_FX}", f"/cards/{w.card_FX}",
             f"/live?points={FACE}T", f"/live?points=HX-T,{FACE}T", f"/stream?points={FACE}T",
             f"/history?points={FACE}T", f"/export?points={FACE}T"]
    for path in paths:
        status, got = call(heading, "GET", "/api/v1" + path, None)
        if status != 404:
            bad.append(f"{path}: {status} {got}")
        made_up = path.replace(FACE, "NO-").replace(str(w.alarm_FX), "999999999") \
            .replace(str(w.card_FX), "999999999")
        other, text = call(heading, "GET", "/api/v1" + made_up, None)
        if (other, text["error"]["code"]) != (status, got["error"]["code"]):
            bad.append(f"{path} and {made_up} differ")
        if call(w.user("face"), "GET", "/api/v1" + path.replace("HX-T,", ""), None)[0] != 200:
            bad.append(f"{path} is refused to the face")
    equal(bad, [])


@case("requests are judged by place and right")
def _():
    w, bad = world(), []
    heading = w.user("heading")
    asks = {"alarm.ack": {"alarms": [w.alarm_FX]}, "output.command": {"output": "FX-KG", "value": 0},
            "output.tag": {"output": "FX-KG", "reason": "x"},
            "output.untag": {"output": "FX-KG", "reason": "x"},
            "calibration.open": {"point": "FX-T", "gas": "x", "minutes": 5},
            "limit.propose": {"point": "FX-T", "name": "alarm", "value": 0.7, "reason": "x"},
            "card.step": {"card": w.card_FX, "step": "x", "text": "x"},
            "card.close": {"card": w.card_FX, "text": "x"},
            "test.record": {"point": "FX-T", "passed": True},
            "manual.set": {"point": "FX-W", "value": 1, "reason": "x"},
            "note.add": {"point": "FX-T", "text": "x"},
            "alarm.oos": {"point": "FX-T", "rule": "gas.over-limit", "reason": "x"}}
    for verb, args in asks.items():
        status, got, _ = heading.call("POST", "/requests", {"verb": verb, "args": args})
        if status not in (403, 404):
            bad.append(f"{verb} from another place: {status} {got}")
        right = {"output.command": "output.open", "calibration.open": "calibration.write",
                 "card.step": "card.write", "card.close": "card.write", "test.record": "test.write",
                 "note.add": "view"}.get(verb, verb)
        status, got, _ = w.user(f"no-{right}").call("POST", "/requests", {"verb": verb, "args": args})
        if status != 403:
            bad.append(f"{verb} without {right}: {status} {got}")
    equal(bad, [])
    forged = {"verb": "note.add", "args": {"point": "FX-T", "text": "x"},
              "by": {"user": "u.whole", "rights": ["view"], "places": ["*"]}}
    equal(heading.call("POST", "/requests", forged)[0], 403)


@case("a stream tells only of the own places")
def _():
    w = world()
    with w.user("heading").stream() as here, w.user("face").stream() as there:
        here.wait("hello", lambda e, d: e == "hello")
        there.wait("hello", lambda e, d: e == "hello")
        w.whole.ask("note.add", point="FX-T", text="for the face")
        w.program.samples(("FX-QY", 955), ("HX-QY", 956))
        w.whole.ask("output.tag", output="FX-KG", reason="second tag")
        w.whole.ask("output.tag", output="HX-KG", reason="second tag")
        number = w.whole.get("/points/HX-QY")["i"]
        here.wait("own value", lambda e, d: e == "live" and [r for r in d["p"] if r[:2] == [number, 956]])
        here.wait("own tag", lambda e, d: e == "outcome" and d["type"] == "tag")
        there.wait("own tag", lambda e, d: e == "outcome" and d["type"] == "tag")
        text = json.dumps(here.all)
        if FACE in text:
            at = text.index(FACE)
            raise AssertionError(f"the heading hears of the face: {text[max(at - 150, 0):at + 40]}")
        seen = {row[0] for e in here.all if e["event"] == "live" for row in e["data"]["p"]}
        numbers = {p["i"]: p["id"] for p in w.whole.get("/points")["items"]}
        assert not [numbers[i] for i in seen if numbers[i].startswith(FACE)]
        sid = here.all[0]["data"]["sid"]
        heading = w.user("heading")
        equal(heading.call("POST", f"/stream/{sid}/points", {"points": ["FX-T", "HX-T"]})[0], 204)
        equal(w.user("face").call("POST", f"/stream/{sid}/points", {"points": ["FX-T"]})[0], 404)
        mark = here.mark()
        w.program.samples(("FX-T", 1.21), ("HX-T", 1.22))
        number = w.whole.get("/points/HX-T")["i"]
        here.wait("the value", lambda e, d: e == "live" and [r for r in d["p"] if r[:2] == [number, 1.22]],
                  mark)
        seen = {row[0] for e in here.all[mark:] if e["event"] == "live" for row in e["data"]["p"]}
        assert not [numbers[i] for i in seen if numbers[i].startswith(FACE)]
    with w.user("heading").stream(last=1) as again:
        again.wait("a tag of before", lambda e, d: e == "outcome" and d["type"] == "tag")
        text = json.dumps(again.all)
        assert FACE not in text, "what is caught up tells of the face"


@case("a replay and its stream tell only of the own places")
def _():
    w = world()
    got = w.user("heading").get("/replay", at=kt.now_ms() - 2000)
    assert FACE not in json.dumps(got)
    assert "HX-" in json.dumps(got)
    with w.user("heading").stream(path="/replay/stream", at=w.start + 500, speed=20) as s:
        s.wait("an alarm of the heading", lambda e, d: e == "alarm" and d["point"] == "HX-T")
        assert FACE not in json.dumps(s.all)


@case("a disabled user: the open streams end, the session is over, no new one begins")
def _():
    w = world()
    leaver = w.program.user("u.leaver", "whole")
    live = leaver.stream()
    past = leaver.stream(path="/replay/stream", at=w.start + 500, speed=1)
    live.wait("hello", lambda e, d: e == "hello")
    past.wait("the state", lambda e, d: e == "state")
    kt.kuangtu("user", "set", w.site.dir, "u.leaver", "--disable")
    live.wait_end(10)
    past.wait_end(10)
    equal(leaver.call("GET", "/me")[0], 401)
    status, got, _ = kt.Client(w.program).call("POST", "/login", {"user": "u.leaver",
                                                                 "password": leaver.password})
    equal(status, 401, got)
    equal([u["disabled"] for u in w.user("keeper-of-site").get("/users")["items"]
           if u["user"] == "u.leaver"], [True])
    equal(w.user("keeper-of-site").call("PATCH", "/users/u.leaver", {"name": "left"})[0], 200)
    equal([u["disabled"] for u in w.user("keeper-of-site").get("/users")["items"]
           if u["user"] == "u.leaver"], [True], "another change does not let the user in again")


@case("a role taken away works at once, in an open stream as well")
def _():
    w = world()
    mover = w.program.user("u.mover", "whole")
    with mover.stream() as s:
        s.wait("hello", lambda e, d: e == "hello")
        kt.kuangtu("user", "set", w.site.dir, "u.mover", "--roles", "heading")
        equal(mover.call("GET", "/points/FX-T")[0], 404)
        mark = s.mark()
        number = w.whole.get("/points/HX-QY")["i"]
        w.program.samples(("FX-QY", 911), ("HX-QY", 912))
        w.whole.ask("output.tag", output="FX-KG", reason="third tag")
        w.whole.ask("output.tag", output="HX-KG", reason="third tag")
        s.wait("own value", lambda e, d: e == "live" and [r for r in d["p"] if r[:2] == [number, 912]],
               mark)
        s.wait("own tag", lambda e, d: e == "outcome" and d.get("output") == "HX-KG", mark)
        text = json.dumps(s.all[mark:])
        assert FACE not in text, text[max(text.index(FACE) - 300, 0):][:400]
        kt.kuangtu("user", "set", w.site.dir, "u.mover", "--roles", "no-view")
        s.wait_end(10)


@case("after logout the session is over, in an open stream as well")
def _():
    w = world()
    goer = w.program.user("u.goer", "whole")
    stream = goer.stream()
    stream.wait("hello", lambda e, d: e == "hello")
    cookies = dict(goer.cookies)
    equal(goer.call("POST", "/logout", {})[0], 204)
    goer.cookies = cookies
    equal(goer.call("GET", "/me")[0], 401)
    stream.wait_end(10)


@case("five wrong passwords lock the user out; the answer does not tell whether the name exists")
def _():
    w = world()
    u = w.program.user("u.locked", "whole")
    c = kt.Client(w.program)
    answers = [c.call("POST", "/login", {"user": "u.locked", "password": f"wrong-{i}"})[:2]
               for i in range(5)]
    equal({a[0] for a in answers}, {401})
    unknown = c.call("POST", "/login", {"user": "u.nobody", "password": "wrong"})[:2]
    equal(answers[0][1], unknown[1])
    equal(c.call("POST", "/login", {"user": "u.locked", "password": u.password})[0], 429)


@case("the session's cookie is HttpOnly and SameSite=Strict; a token of another user is not taken")
def _():
    w = world()
    c = kt.Client(w.program)
    _, _, headers = c.call("POST", "/login", {"user": w.whole.name, "password": w.whole.password})
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, cookie
    local = w.program.local()
    equal(local.get("/me")["user"], "local")
    local.headers["Authorization"] += "x"
    equal(local.call("GET", "/me")[0], 401)
    mode = (w.site.dir / "data/run.json").stat().st_mode & 0o777
    equal(mode, 0o600)


if __name__ == "__main__":
    sys.exit(kt.main())
