# SPDX-License-Identifier: Apache-2.0
"""Push: line protocol and JSON samples, tokens, bounds."""

import gzip
import json
import sys
import zlib

import kt
from kt import case, equal, once


@once
def up():
    site = kt.make_site([
        kt.point("ENV-1", "pressure.air", "mine", link="push"),
        kt.point("ENV-2", "pressure.air", "mine", link="push", address="weather,site=north#p"),
        kt.point("T-MR", "ch4.main-return", "MR", link="push"),
        kt.point("ENV-3", "pressure.air", "mine", link="push"),
        kt.point("KD-1", "feed.state", "P1-return", link="push"),
    ])
    p = kt.Program(site)
    p.eye = p.user("eye-of-test", "dispatcher")
    return p


def value(name):
    return up().eye.live(name)[name]


def written(status, body=None):
    assert status == 204, f"not taken: {status} {body}"


@case("a line of the protocol is taken, answered 204 and live")
def _():
    t = kt.now_ms()
    written(*up().write(f"ENV-1 value=1001.5 {t * 1_000_000}\n"))
    kt.wait_for("the value", lambda: value("ENV-1")[0] == 1001.5)
    equal(value("ENV-1")[1], "normal")
    equal(value("ENV-1")[2], t)


@case("a line without a time takes its arrival")
def _():
    before = kt.now_ms()
    written(*up().write("ENV-1 value=1002.5"))
    kt.wait_for("the value", lambda: value("ENV-1")[0] == 1002.5)
    assert before <= value("ENV-1")[2] <= kt.now_ms() + 1


@case("address with tags: more tags in the line do not matter, another value of the tag does")
def _():
    written(*up().write("weather,host=a,site=north p=998.5,t=3.5"))
    kt.wait_for("the value", lambda: value("ENV-2")[0] == 998.5)
    status, body = up().write("weather,site=south p=997")
    equal(status, 400)
    equal(body["unknown"], 1)


@case("quality in a field of the line is the quality of its values")
def _():
    written(*up().write('ENV-1 value=5,quality="broken"'))
    kt.wait_for("the quality", lambda: value("ENV-1")[1] == "broken")


@case("bad lines are named by number, the good ones are kept")
def _():
    status, body = up().write("ENV-1 value=1003\nENV-1 value=\nnot a line\n\nKD-1 value=1i\n"
                              "NOBODY value=3\n")
    equal(status, 400)
    equal([n["line"] for n in body["lines"]], [2, 3, 6])
    equal([n["why"] for n in body["lines"]], ["bad", "bad", "unknown"])
    equal(body["written"], 2)
    kt.wait_for("the good ones", lambda: value("ENV-1")[0] == 1003 and value("KD-1")[0] == 1)


@case("gzip and deflate bodies are read")
def _():
    written(*up().write(gzip.compress(b"ENV-1 value=1004"), headers={"Content-Encoding": "gzip"}))
    kt.wait_for("the value", lambda: value("ENV-1")[0] == 1004)
    written(*up().write(zlib.compress(b"ENV-1 value=1005"), headers={"Content-Encoding": "deflate"}))
    kt.wait_for("the value", lambda: value("ENV-1")[0] == 1005)


@case("a damaged gzip body is refused")
def _():
    raw = gzip.compress(b"ENV-1 value=1004" * 100)
    status, _ = up().write(raw[:len(raw) // 2], headers={"Content-Encoding": "gzip"})
    assert 400 <= status < 500, status


@case("a bomb of zeros is refused before it fills memory")
def _():
    status, _ = up().write(gzip.compress(b"\n" * (256 << 20)), headers={"Content-Encoding": "gzip"})
    equal(status, 413)


@case("tokens: Token, Bearer, Basic, ?u=&p=")
def _():
    token = up().site.tokens["pusher"]
    c = kt.Client(up())
    for headers in ({"Authorization": f"Token {token}"}, {"Authorization": f"Bearer {token}"},
                    {"Authorization": kt.basic("anybody", token)}):
        written(*c.push("/write", "ENV-1 value=1", None, headers))
    written(*c.push(f"/write?u=x&p={token}", "ENV-1 value=1", None))
    written(*c.push(f"/api/v2/write?bucket=b&org=o", "ENV-1 value=1", token))
    written(*c.push(f"/api/v1/write", "ENV-1 value=1", token))


@case("no token, a wrong one, a session's cookie: 401, nothing is taken")
def _():
    written(*up().write("ENV-1 value=77"))
    kt.wait_for("the value", lambda: value("ENV-1")[0] == 77)
    c = kt.Client(up())
    for token in (None, "x", up().site.tokens["pusher"][:-1], up().site.tokens["pusher"] + "x"):
        for path in ("/write", "/api/v1/samples"):
            equal(c.push(path, "ENV-1 value=78", token)[0], 401, path)
    status, _ = up().eye.push("/write", "ENV-1 value=78", None)
    equal(status, 401)
    equal(value("ENV-1")[0], 77)


@case("a wrong token is refused before the body is read")
def _():
    c = kt.Client(up())
    status, _ = c.push("/write", b"x" * (8 << 20), "wrong")
    equal(status, 401)


@case("a producer writes its own points only (safety rule 10)")
def _():
    status, body = up().write("T-MR value=0.1\nENV-1 value=1006", producer="narrow")
    equal(status, 400)
    equal(body["refused"], 1)
    equal(body["lines"][0]["line"], 1)
    kt.wait_for("its own", lambda: value("ENV-1")[0] == 1006)
    equal(value("T-MR")[0], None)


@case("a pushed value of an output is refused, and so are points that the program writes itself")
def _():
    status, body = up().write("self.lag value=0")
    equal(status, 400)
    equal(body["unknown"] + body["refused"], 1)


@case("JSON samples: value, time in ms or RFC 3339, quality")
def _():
    t = kt.now_ms()
    up().samples(("ENV-1", 900.5, t), ("T-MR", 0.25))
    kt.wait_for("the values", lambda: value("ENV-1")[::2] == (900.5, t) and value("T-MR")[0] == 0.25)
    up().samples(("T-MR", 0.3, None, "device-fault"))
    kt.wait_for("the quality", lambda: value("T-MR")[1] == "device-fault")
    status, _ = kt.Client(up()).push(
        "/api/v1/samples", json.dumps([{"point": "T-MR", "value": 0.5,
                                        "time": "2026-01-01T00:00:00+08:00"}]),
        up().site.tokens["pusher"])
    written(status)


@case("JSON samples: what is wrong is named by place in the list")
def _():
    rows = [{"point": "ENV-1", "value": 1}, {"point": "NOBODY", "value": 1},
            {"point": "ENV-1", "value": "x"}, {"point": "ENV-1", "value": 1, "quality": "fine"},
            {"point": "ENV-1", "value": 1, "time": "yesterday"}]
    rows += [{"point": "ENV-1", "value": 1, "time": t} for t in (
        -1, 0, 1.5, 1e30, 9223372036854775807, True, [], "1969-01-01T00:00:00Z")]
    status, body = kt.Client(up()).push("/api/v1/samples", json.dumps(rows),
                                        up().site.tokens["pusher"])
    equal(status, 400)
    equal([n["line"] for n in body["lines"]], list(range(2, 14)))
    equal(body["written"], 1)


@case("JSON that is none, or no list: 400")
def _():
    for text in ("{", "{}", "[1", "nothing", '"x"'):
        status, _ = kt.Client(up()).push("/api/v1/samples", text, up().site.tokens["pusher"])
        equal(status, 400, text)


@case("a body over the bound: 413")
def _():
    status, _ = up().write(b"ENV-1 value=1\n" * (40 << 20 >> 4))
    assert status in (204, 413), status
    status, _ = up().write(b"# filler of a body that is too large\n" * (1 << 20))
    equal(status, 413)


@case("precision: s, ms, us, ns give the same instant; another word is refused")
def _():
    s = kt.now_ms() // 1000 - 10
    for unit, factor in (("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)):
        written(*up().write(f"ENV-3 value={factor % 997} {s * factor}", path=f"/write?precision={unit}"))
        kt.wait_for(f"the value by {unit}",
                    lambda: value("ENV-3")[::2] == (factor % 997, s * 1000))
        s += 1
    equal(up().write("ENV-1 value=1", path="/write?precision=week")[0], 400)


@case("GET and PUT of a push address are refused")
def _():
    c = kt.Client(up())
    token = {"Authorization": f"Token {up().site.tokens['pusher']}"}
    for method in ("GET", "PUT"):
        status, _, _ = c.raw(method, "/write", None, token)
        assert status in (400, 404, 405, 501), f"{method}: {status}"


@case("ten thousand lines in one body are all in history")
def _():
    start = kt.now_ms() - 600_000  # before any sample of the cases above
    text = "\n".join(f"ENV-2x value={i} {start + i}" for i in range(10))
    equal(up().write(text)[0], 400)  # no such point: nothing is kept
    text = "\n".join(f"weather,site=north p={i} {start + i}" for i in range(10_000))
    written(*up().write(text, path="/write?precision=ms"))
    def values():
        got = up().eye.history("ENV-2", start, start + 10_000)
        return got["v"]
    kt.wait_for("ten thousand", lambda: len(values()) >= 10_000)
    equal(values(), list(range(10_000)))


@case("a push link tells its state: nothing yet, heard, silent, heard again; its points follow")
def _():
    site = kt.make_site([kt.point("ENV-1", "pressure.air", "mine", link="push"),
                         kt.point("L-1", "self.link", "mine", address="push")])
    site.replace("site.yaml", '"kind": "push",', '"kind": "push", "silent_s": 2,')
    p = kt.Program(site)
    p.eye = p.user("eye-of-test", "dispatcher")

    def link():
        return next(x for x in p.eye.get("/health")["links"] if x["id"] == "push")
    p.eye.alarm("core.link-down", "L-1")
    assert not link()["up"] and "since the start" in link()["text"], link()
    start = kt.now_ms()
    with kt.Keeper(p, {"ENV-1": 1001.5}, every=0.3):
        kt.wait_for("the link is up", lambda: p.eye.live("L-1")["L-1"][:2] == (1, "normal"))
        p.eye.alarm("core.link-down", "L-1", "rtn")
        got = kt.wait_for("its last data", lambda: link()["last"] >= start and link())
        assert got["up"] and got["samples"] >= 1 and got["since"] >= start, got
        equal(p.eye.live("ENV-1")["ENV-1"][1], "normal")
        p.write("ENV-1 value=x\n")
        one = {x["id"]: x for x in link()["producers"]}
        assert one["pusher"]["errors"] == 1 and one["narrow"]["last"] == 0, one
    kt.wait_for("silence is seen", lambda: p.eye.live("L-1")["L-1"][0] == 0)
    kt.wait_for("its points are lost", lambda: p.eye.live("ENV-1")["ENV-1"][1] == "comm-fault")
    assert "2 s" in link()["text"], link()
    p.samples(("ENV-1", 1002.5))
    kt.wait_for("heard again", lambda: p.eye.live("ENV-1")["ENV-1"][:2] == (1002.5, "normal"))
    assert link()["up"]


if __name__ == "__main__":
    sys.exit(kt.main())
