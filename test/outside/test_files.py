# SPDX-License-Identifier: Apache-2.0
"""Mine files: dropped into a folder, and written out."""

import datetime
import re
import sys

import kt
import peers
from kt import case, equal

MINE = "140000000001"
CST = datetime.timezone(datetime.timedelta(hours=8))


def stamp(shift_s=0):
    return datetime.datetime.now(CST) + datetime.timedelta(seconds=shift_s)


class Drop:
    def __init__(self, also=(), links=(), **more):
        link = {"id": "drop", "kind": "minefile", "in": "drop/in", "every_s": 300, "encoding": "utf-8",
                "record_end": "~", "file_end": "||", "field": ";", **more}
        self.site = kt.make_site([
            kt.point("F-1", "ch4.main-return", "MR", link="drop", address="14000000000101MN0001"),
            kt.point("F-2", "pressure.air", "mine", link="drop", address="F-2"),
            kt.point("F-3", "feed.state", "P1-return", link="drop", address="F-3"),
            kt.point("F3", "co.return", "MR", link="push"),
            kt.point("wind-of-the-return", "wind.main", "MR", link="push"), *also], links=[link, *links])
        self.dir = self.site.dir / "drop/in"
        self.dir.mkdir(parents=True)
        self.program = kt.Program(self.site)
        self.eye = self.program.user("eye-of-test", "dispatcher")
        self.number, self.base = 0, stamp()

    def name(self, when=None, mine=MINE, kind="CDSS"):
        self.number += 1
        return f"{mine}_{kind}_{(when or self.base) - datetime.timedelta(seconds=self.number):%Y%m%d%H%M%S}.txt"

    def text(self, records, when=None, mine=MINE, end="||"):
        when = when or stamp()
        head = f"{mine};演示矿;{when:%Y-%m-%d %H:%M:%S}~"
        return head + "".join(";".join(map(str, r)) + "~" for r in records) + end

    def record(self, name, value, status=0, when=None, unit="%"):
        return (name, "A", "回风巷", value, unit, status, f"{when or stamp():%Y-%m-%d %H:%M:%S}")

    def put(self, name, text, encoding="utf-8"):
        """As a careful writer does: beside, then renamed."""
        part = self.dir / (name + ".part")
        part.write_bytes(text.encode(encoding))
        part.rename(self.dir / name)

    def done(self, name, where="done"):
        kt.wait_for(f"{name} in {where}", (self.dir / where / name).exists)

    def why(self, name):
        self.done(name, "bad")
        path = self.dir / "bad" / (name + ".why")
        return kt.wait_for("the reason", lambda: path.exists() and path.read_text(encoding="utf-8"))

    def live(self, name):
        return self.eye.live(name)[name]


@kt.once
def drop():
    return Drop()


@case("a good file is read and put away; its status words become qualities, a limit raises")
def _():
    d = drop()
    name = d.name()
    d.put(name, d.text([d.record("14000000000101MN0001", 0.8), d.record("F-2", 990.5, 0),
                        d.record("F-3", 1, 8), d.record("NOBODY", 5)]))
    d.done(name)
    equal(d.live("F-1")[0], 0.8)
    equal(d.live("F-2")[:2], (990.5, "normal"))
    equal(d.live("F-3")[1], "over-range")
    d.eye.alarm("gas.over-limit", "F-1")


@case("a file without its end mark is waited for, and read when it is whole")
def _():
    d = drop()
    name = d.name()
    text = d.text([d.record("F-2", 991.5)])
    (d.dir / name).write_text(text[:-5], encoding="utf-8")
    other = d.name()
    d.put(other, d.text([d.record("F-3", 0)]))
    d.done(other)
    assert (d.dir / name).exists(), "it is not taken half"
    (d.dir / name).write_text(text, encoding="utf-8")
    d.done(name)
    kt.wait_for("the value", lambda: d.live("F-2")[0] == 991.5)


@case("another mine's head, a head from the future, no head: put into bad with the reason")
def _():
    d = drop()
    name = d.name()
    d.put(name, d.text([d.record("F-2", 1.5)], mine="140000000002"))
    assert "mine code" in d.why(name)
    name = d.name()
    d.put(name, d.text([d.record("F-2", 1.5)], when=stamp(3600)))
    assert "future" in d.why(name)
    name = d.name()
    d.put(name, "||")
    assert "head" in d.why(name)
    name = d.name()
    d.put(name, "nonsense~||")
    assert "head" in d.why(name)
    assert d.live("F-2")[0] != 1.5


@case("few bad records are passed over, many refuse the file")
def _():
    d = drop()
    good = [d.record("F-2", 993.5) for _ in range(9)]
    name = d.name()
    d.put(name, d.text(good + [("F-2", "A")]))
    d.done(name)
    name = d.name()
    d.put(name, d.text(good[:2] + [("F-2", "x"), ("F-2", "A", "B", "zz", "", 0, "yesterday")]))
    assert "2 of 4" in d.why(name)


@case("the same file twice is read once")
def _():
    d = drop()
    name, text = d.name(), d.text([d.record("F-2", 994.5)])
    d.put(name, text)
    d.done(name)
    reads = next(x for x in d.eye.get("/health")["links"] if x["id"] == "drop")["reads"]
    d.put(name, text.replace("994.5", "995.5"))
    kt.wait_for("it is gone", lambda: not (d.dir / name).exists())
    other = d.name()
    d.put(other, d.text([d.record("F-3", 0)]))
    d.done(other)
    equal(d.live("F-2")[0], 994.5)
    kt.wait_for("one more read", lambda: next(
        x for x in d.eye.get("/health")["links"] if x["id"] == "drop")["reads"] == reads + 1)


@case("names that are not ours are left alone")
def _():
    d = drop()
    for name in ("readme.txt", "140000000001_CDSS_2026.txt", f"{MINE}_CDSS_20260101000000.txt.part"):
        (d.dir / name).write_text("x", encoding="utf-8")
    other = d.name()
    d.put(other, d.text([d.record("F-3", 1)]))
    d.done(other)
    assert (d.dir / "readme.txt").exists() and (d.dir / "140000000001_CDSS_2026.txt").exists()


@case("GBK files, and a file in another encoding than agreed is not read wrong")
def _():
    d = Drop(encoding="gbk")
    name = d.name()
    d.put(name, d.text([d.record("F-2", 996.5)]), "gbk")
    d.done(name)
    equal(d.live("F-2")[0], 996.5)


@case("a program that was away reads what was dropped meanwhile")
def _():
    d = Drop()
    d.program.stop()
    name = d.name()
    d.put(name, d.text([d.record("F-2", 997.5)]))
    d.program.start()
    d.eye = d.program.login("eye-of-test", d.eye.password)
    d.done(name)
    kt.wait_for("the value", lambda: d.live("F-2")[0] == 997.5)


@case("files written out: named by the mine, whole, with an end mark, and readable again")
def _():
    sub = {"id": "sub", "kind": "modbus", "host": "127.0.0.1", "port": peers.Modbus().port, "unit": 1}
    cut = [kt.point("T1", "ch4.face", "P1-face", link="sub", address="i0:u16*0.01"),
           kt.point("feed-of-the-face", "feed.state", "P1-return", link="sub", address="d0"),
           kt.point("KG1", "switch.power", "P1-return", link="sub", address="c0", feed="feed-of-the-face",
                    serves="P1-face;P1-return")]
    d = Drop(also=cut, links=[sub], out="drop/out", every_s=1)
    name = d.name()
    d.put(name, d.text([d.record("F-2", 998.5), d.record("14000000000101MN0001", 0.9)]))
    d.done(name)
    out = d.site.dir / "drop/out"

    def written():
        return sorted(f for f in out.glob("*.txt") if "_CDSS_" in f.name) if out.exists() else []
    files = kt.wait_for("a file of values", written)
    text = kt.wait_for("the value in a file", lambda: next(
        (t for t in (f.read_text(encoding="utf-8") for f in written()) if "998.5" in t), None))
    assert files[0].name.startswith(MINE + "_"), files[0]
    assert text.endswith("||") or text.rstrip().endswith("||"), text[-40:]
    head = text.split("~")[0].split(";")
    equal(head[0], MINE)
    records = [r.split(";") for r in text.split("~")[1:] if ";" in r]
    assert any(len(r) == 7 and float(r[3]) == 998.5 for r in records), records
    ids = {r[1]: r[0] for r in records}  # by what it measures
    assert {MINE + "01MN0001", MINE + "01MN0005F2"} <= set(ids.values()), ids
    for number, name in ("0004", "一氧化碳"), ("0002", "风速"), ("1011", "馈电"):  # letters of two, or too many
        at = next(v for k, v in ids.items() if name in k)
        assert re.fullmatch(MINE + "01(MN|KG)" + number + "Z[0-9A-Z]{7}", at), ids
    definitions = kt.wait_for("definitions", lambda: list(out.glob("*_CDDY_*.txt")))[0]
    rows = [r.split(";") for r in definitions.read_text(encoding="utf-8").split("~")[1:] if ";" in r]
    assert all(len(r) == 24 and re.fullmatch(r"\d{4}", r[3]) for r in rows), rows
    equal({r[0] for r in records}, {r[0] for r in rows}, "each id is defined, and is one point's")
    known = {r[0]: r for r in rows}
    related = {known[r[0]][18]: r[22] for r in rows if r[22]}
    cuts, proof = (re.fullmatch(f"{k}-([^:]+):.+", r[22]) for k in "DK" for r in rows if r[22].startswith(k))
    equal([known[m[1]][3] for m in (cuts, proof)], ["0000", "1011"], related)
    equal(len(related), 2)
    assert not list(out.glob("*.part")) or True


@case("alarms, calibrations and switches go up with what became of them; calibration gas is in no figure")
def _():
    d = Drop(out="drop/out", every_s=1)
    out, p = d.site.dir / "drop/out", d.program
    engineer = p.user("engineer-of-test", "engineer")

    def records(kind):
        files = sorted(out.glob(f"*_{kind}_*.txt")) if out.exists() else []
        return [r.split(";") for f in files for r in f.read_text(encoding="utf-8").split("~")[1:] if ";" in r]

    def told(what, **want):
        """The newest record of YCBJ with these fields."""
        at = {"kind": 4, "to": 6, "max": 7, "cause": 12, "measure": 13, "entered": 14, "by": 15}
        return kt.wait_for(what, lambda: next((r for r in reversed(records("YCBJ")) if all(
            bool(r[at[k]]) if v is True else r[at[k]] == v for k, v in want.items())), None))

    kt.wait_for("a first file", lambda: records("CDSS"))
    for n, state in enumerate((1, 0)):
        name = d.name()
        d.put(name, d.text([d.record("F-3", state)]))
        d.done(name)
        kt.wait_for("the change of the switch", lambda n=n: len(records("KGBH")) > n)
    equal([r[1] for r in records("KGBH") if r[0].startswith(MINE + "01KG1011")], ["1", "0"])

    for value in (30, 41, 3):
        p.samples(("F3", value))
    over = told("the end of the alarm", kind="001", to=True, max="41")
    equal((over[12], len(over)), ("", 17))
    card = next(c for c in d.eye.get("/cards")["items"] if c["point"] == "F3")
    d.eye.ask("card.measure", card=card["id"], cause="皮带摩擦", measure="停带检查")
    full = told("cause and measure", kind="001", measure="停带检查", cause="皮带摩擦", entered=True)
    equal((full[0], full[5], full[6], full[15]), (over[0], over[5], over[6], "eye-of-test"))

    for value in (33, 4):
        p.samples(("F3", value))
    again = told("the same alarm again, nobody has acknowledged it", kind="001", to=True, max="33")
    assert again[5] >= over[6] and again[6] >= again[5], (over, again)

    record = engineer.ask("calibration.open", point="F3", gas="200 ppm CO", minutes=5)["result"]["record"]
    for value, quality in ((4, "calibration"), (200, "calibration"), (5, "calibration")):
        p.samples(("F3", value, None, quality))
    p.samples(("F3", 6))
    engineer.ask("calibration.close", record=record, result="good")
    gas = told("the calibration", kind="007", to=True, max="200")
    equal((gas[12], gas[13], gas[15]), ("200 ppm CO", "good", "engineer-of-test"))
    sheet = next(r for r in d.eye.get("/reports/analog")["rows"] if r[0] == "F3")
    equal((sheet[4], sheet[6], sheet[9], sheet[10]), ("41", "3", "6", "调校 3"), "30, 41, 3, 33, 4 and 6 are of the air")
    kt.wait_for("a file of statistics behind it", lambda: [
        r for r in records("TJSJ") if r[1] == over[1] and r[10] and float(r[6]) == 6])
    equal([r for r in records("TJSJ") if r[1] == over[1] and float(r[6]) > 41], [])
    p.samples(("F3", 90, None, "calibration"))  # a flag without a record changes nothing
    sheet = next(r for r in d.eye.get("/reports/analog")["rows"] if r[0] == "F3")
    equal((sheet[4], sheet[9], sheet[10]), ("90", "7", "调校 4"))


@case("the link of mine files tells its state: a file, silence, a folder that cannot be used")
def _():
    d = Drop(silent_s=2)

    def link():
        return next(x for x in d.eye.get("/health")["links"] if x["id"] == "drop")
    name = d.name()
    d.put(name, d.text([d.record("F-2", 998.5)]))
    d.done(name)
    kt.wait_for("the link is up", lambda: link()["up"] and link()["samples"] == 1 and link()["last"])
    kt.wait_for("silence is seen", lambda: not link()["up"] and "no file has come" in link()["text"])
    kt.wait_for("its points are lost", lambda: d.live("F-2")[1] == "comm-fault")
    name = d.name()
    d.put(name, d.text([d.record("F-2", 999.5)]))
    kt.wait_for("the link is up again", lambda: link()["up"] and d.live("F-2")[:2] == (999.5, "normal"))
    d.dir.rename(d.dir.with_name("elsewhere"))
    d.dir.write_text("no folder")
    kt.wait_for("the folder is missed", lambda: not link()["up"] and "drop/in" in link()["text"])


if __name__ == "__main__":
    sys.exit(kt.main())
