# SPDX-License-Identifier: Apache-2.0
"""Error texts in Chinese: what people are refused with is said in both languages."""

import os
import re
import sys

import kt
from kt import case, equal, kuangtu

LITERAL = r'"(?:[^"\\]|\\.)*"'


def calls(text):
    """The arguments of each kt_err_set() and reply_code()."""
    for m in re.finditer(r"(?:kt_err_set|reply_code)\(", text):
        depth, i, inside = 1, m.end(), False
        while depth:
            c = text[i]
            if inside:
                i += c == "\\"
                inside = c != '"'
            else:
                inside = c == '"'
                depth += (c == "(") - (c == ")")
            i += 1
        yield text[m.end():i - 1]


def joined(text):
    """Literals that stand together, with {} for what printf fills in."""
    for m in re.finditer(rf"{LITERAL}(?:\s*(?:{LITERAL}|PRI.64))*", text):
        parts = re.findall(rf"{LITERAL}|PRI.64", m.group(0))
        whole = "".join(p[1:-1] if p[0] == '"' else "u" for p in parts).replace('\\"', '"')
        yield re.sub(r"%[-+0-9.*]*(?:ll|l|z)?[a-zA-Z]", "{}", whole)


def sources(*rooms):
    for room in rooms:
        for path in sorted((kt.SOURCE / "src" / room).glob("*.c")):
            if not path.name.startswith(("test_", "fuzz_")) and path.name not in ("words.c", "words_check.c"):
                yield path.read_text(encoding="utf-8").replace("'\"'", "0")


def table():
    text = (kt.SOURCE / "src/api/words.c").read_text(encoding="utf-8")
    rows = text[text.index(" rows[] = {"):text.index("static const char *code_zh")]
    rows += (kt.SOURCE / "src/api/words_check.c").read_text(encoding="utf-8")
    found = re.findall(rf"\{{({LITERAL}(?:\s*{LITERAL})*),\s*({LITERAL}(?:\s*{LITERAL})*)\}}", rows)
    plain = lambda s: "".join(x[1:-1] for x in re.findall(LITERAL, s)).replace('\\"', '"')
    return [(plain(a), plain(b)) for a, b in found]


@case("every refusal that a person can get has its Chinese, with the same holes")
def _():
    rows = dict(table())
    assert len(rows) > 90, len(rows)
    for en, zh in rows.items():
        equal({int(n) for n in re.findall(r"\{(\d)\}", zh)}, set(range(1, en.count("{}") + 1)), en)
    persons = r"KT_E(DENIED|STATE|CONFLICT|EXPIRED|AUTH)"
    missing = []
    for text in sources("engine", "control", "alarm", "auth"):
        for call in calls(text):
            if re.search(persons, call):
                missing += [t for t in joined(call) if " " in t and t not in rows and
                            t not in ("this place", "{}: the right \"{}\" is needed",
                                      "{} is outside the places of {}")]
    equal(missing, [])


@case("no row says what no room says")
def _():
    rooms = ("engine", "control", "alarm", "auth", "api", "link/camera", "cluster", "cli", "conf", "site", "sys",
             "store", "journal", "http")
    said = {t for text in sources(*rooms) for t in joined(text)}
    composed = ("users are made and named", "roles are given by", "this place is outside",
                "rule {} is statutory: it cannot be shelved", "{} at {}: ", "step \"{}\"", "{} (not known)",
                "site {}: ")
    equal([en for en, _ in table() if en not in said and not en.startswith(composed)], [])


@case("the API says it in Chinese beside, and `kuangtu` in a Chinese locale")
def _():
    site = kt.make_site([kt.point("T-1", "ch4.face", "P1-face", link="push")])
    p = kt.Program(site)
    who = p.user("wang", "face-viewer")
    status, got, _ = who.call("POST", "/login", {"user": "wang", "password": "x"})
    equal((status, got["error"]["text_zh"]), (401, "用户名或口令错误"))
    status, got, _ = who.call("POST", "/requests", {"verb": "manual.set", "args": {
        "point": "T-1", "value": 1, "reason": "x"}})
    equal((status, got["error"]["text_zh"]), (403, "manual.set 需要权限 manual.set"))
    engineer = p.user("li", "engineer")
    refused = engineer.refused("manual.set", point="T-1", value=1, reason="x")
    equal(refused.body["error"]["text_zh"], "T-1 是断电传感器，不得手动置数")
    status, got, _ = engineer.call("GET", "/points/NO-1")
    equal(got["error"]["text_zh"], "没有测点“NO-1”")
    for lang, word in (("zh_CN.UTF-8", "已经存在"), ("C", "exists already")):
        done = kuangtu("user", "add", site.dir, "wang", "--roles", "dispatcher", check=False,
                       env={**os.environ, "LC_ALL": lang})
        assert word in done.stderr, done.stderr
    site.replace("points.csv", "ch4.face", "ch4.fase")
    done = kuangtu("check", site.dir, check=False, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"})
    assert "错误: points.csv:2:" in done.stdout and "未知的测点类型“ch4.fase”；是否应为“ch4.face”？" in done.stdout, done.stdout
    assert "1 处错误" in done.stdout, done.stdout
    done = kuangtu("reload", site.dir, check=False, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"})
    assert "是否应为“ch4.face”？" in done.stdout and "1 处错误，见所列" in done.stderr, (done.stdout, done.stderr)
    site.replace("points.csv", "ch4.fase", "ch4.face")
    site.replace("points.csv", "T-1,", "T-9,")
    done = kuangtu("reload", site.dir, env={**os.environ, "LC_ALL": "zh_CN.UTF-8"})
    assert "警告: points.csv: 1 个测点已不在表中：T-1；其历史仍在原编号之下" in done.stdout, done.stdout


if __name__ == "__main__":
    sys.exit(kt.main())
