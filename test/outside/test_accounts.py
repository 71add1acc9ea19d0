# SPDX-License-Identifier: Apache-2.0
"""Changes of accounts are events; how often one may ask."""

import json
import resource
import socket
import sys

import kt
from kt import case, equal, once

PEOPLE = [{"id": "watcher", "places": ["mine"], "rights": ["view", "history.read", "alarm.ack"]},
          {"id": "guard", "places": ["mine"], "rights": ["security.admin", "history.read"]},
          {"id": "maker", "places": ["mine"], "rights": ["user.admin", "history.read"]},
          {"id": "auditor-of-site", "places": ["mine"], "rights": ["audit.read", "history.read"]}]


@once
def up():
    site = kt.make_site([kt.point("T-1", "ch4.face", "P1-face", link="push")], people=PEOPLE)
    return kt.Program(site)


def events(client, user):
    """Changes of this user's account, oldest first."""
    items = client.get("/events?type=account&limit=1000")["items"]
    return [e["body"] for e in reversed(items) if e["body"].get("user") == user]


@case("a user made, given a role, given a password, disabled: each is an event that says who and what, and no secret")
def _():
    p = up()
    maker, guard, auditor = p.user("a.maker", "maker"), p.user("a.guard", "guard"), p.user("a.auditor", "auditor-of-site")
    secret, own = "Secret-Of-Day-1", "Own-Secret-Of-Day-2"
    equal(maker.call("POST", "/users", {"user": "a.new", "name": "新人", "roles": [], "password": secret})[0], 201)
    equal(guard.call("PATCH", "/users/a.new", {"roles": ["watcher"]})[0], 200)
    one = p.login("a.new", secret)
    equal(one.call("POST", "/password", {"old": secret, "new": own})[0], 204)
    equal(maker.call("PATCH", "/users/a.new", {"disabled": True})[0], 200)
    equal(maker.call("PATCH", "/users/a.new", {"name": "nobody", "roles": ["watcher"]})[0], 403)
    got = events(auditor, "a.new")
    equal([(e["by"], e["what"]) for e in got], [("a.maker", ["made"]), ("a.guard", ["roles"]),
                                                ("a.new", ["password"]), ("a.maker", ["disabled"])])
    equal((got[1]["before"], got[1]["roles"]), ([], ["watcher"]))
    text = json.dumps(auditor.get("/events?limit=1000"))
    for word in (secret, own, "argon2"):
        assert word not in text, word


@case("they are listed for who administers or audits and for the person, not for others")
def _():
    p = up()
    watcher = p.user("a.watcher", "watcher")
    p.user("a.second", "watcher")
    equal(events(watcher, "a.second"), [])
    assert "made" in events(watcher, "a.watcher")[0]["what"]
    assert events(p.local(), "a.second")


@case("a change made while nothing ran, and the tokens of producers, are told at the next start, once")
def _():
    site = kt.make_site([kt.point("ENV-1", "pressure.air", "mine", link="push")], people=PEOPLE)
    kt.kuangtu("user", "add", site.dir, "a.before", "--roles", "watcher")
    p = kt.Program(site)
    for _ in range(2):
        got = events(p.local(), "a.before")
        equal([(e["by"], e["what"]) for e in got], [("the command line", ["made"])])
        tokens = [e["body"] for e in p.local().get("/events?type=account&limit=1000")["items"] if "producer" in e["body"]]
        equal(sorted((e["producer"], e["what"]) for e in tokens), [("push/narrow", ["token-made"]),
                                                                  ("push/pusher", ["token-made"])])
        assert site.tokens["pusher"] not in json.dumps(tokens)
        p.stop()
        p.start()
    site.secret("narrow.token")
    kt.kuangtu("reload", site.dir)
    latest = p.local().get("/events?type=account&limit=1")["items"][0]["body"]
    equal((latest["producer"], latest["what"]), ("push/narrow", ["token-changed"]))
    verify = kt.kuangtu("verify", site.dir, check=False)
    equal(verify.returncode, 0, verify.stdout + verify.stderr)


def until_refused(ask, most):
    """The first answer that is 429, within one more than are allowed (some come back meanwhile)."""
    for _ in range(4 * most):
        status, body, head = ask()
        if status == 429:
            return body, head
    raise AssertionError(f"never refused in {4 * most}")


@case("too many of a kind: 429 with Retry-After and a sentence, counted; alarms and commands go on")
def _():
    site = kt.make_site([kt.point("T-1", "ch4.face", "P1-face", link="push")], people=PEOPLE)
    site.replace("site.yaml", '"packs":', '"accounts": {"logins_per_minute": 10, "queries_per_minute": 20, '
                                          '"requests_per_minute": 60}, "packs":')
    p = kt.Program(site)
    w = p.user("a.busy", "watcher")
    body, head = until_refused(lambda: w.call("GET", "/events"), 20)
    assert int(head["Retry-After"]) >= 1 and "accounts.queries_per_minute" in body["error"]["text"], (head, body)
    assert "请" in body["error"]["text_zh"], body
    equal(w.call("GET", "/alarms")[0], 200)
    until_refused(lambda: w.call("GET", "/live?points=T-1"), 60)
    p.samples(("T-1", 1.6))
    for _ in range(100):
        status, body, _h = w.call("POST", "/requests", {"verb": "alarm.ack", "args": {"alarms": [1]}})
        assert status != 429, body
    other = p.local()
    for _ in range(30):
        equal(other.call("GET", "/events")[0], 200)
    until_refused(lambda: kt.Client(p).call("POST", "/login", {"user": "nobody-here", "password": "x"}), 10)
    for _ in range(100):
        equal(p.write("T-1 value=0.2")[0], 204)
    text = w.raw("GET", "/metrics")[1].decode()
    for name in ("logins", "queries", "requests"):
        assert f"kuangtu_{name}_limited_total " in text and f"kuangtu_{name}_limited_total 0\n" not in text, text


@case("a machine that opens thousands of requests and ends none keeps nobody else out")
def _():
    many, hard = 4200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 2 * many:
        raise kt.Skip(f"a process may have {hard} files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * many, hard))
    p = kt.Program(kt.make_site([kt.point("T-1", "ch4.face", "P1-face", link="push")], people=PEOPLE))
    w = p.user("a.desk", "watcher")
    held = []
    try:
        for _ in range(many):
            held.append(socket.create_connection(("127.0.0.1", p.port), kt.LIMIT, ("127.0.0.9", 0)))
            try:
                held[-1].sendall(b"GET / HTTP/1.1\r\nHost: slow\r\n")
            except OSError:
                pass  # it was closed on us: more than one may hold
        equal(w.get("/me")["user"], "a.desk")
        equal(p.write("T-1 value=1.2")[0], 204)
        w.alarm("gas.over-limit", "T-1")
    finally:
        for c in held:
            c.close()


if __name__ == "__main__":
    sys.exit(kt.main())
