# SPDX-License-Identifier: Apache-2.0
"""One linkage, end to end: gas at a face passes its cut-off over a real Modbus device; the power is
off and the feed state proves it, who is there is listed and told to leave, ways out are drawn, a case
is open with its clock running; all of it in the replay, and told by a report (PDF and xlsx)."""

import atexit
import io
import json
import sys
import zipfile

import kt
from cutplant import Plant
from kt import case, equal, once
from peers import Broker, Publisher
from people_kit import AIRWAYS, PLACES, STATIONS, link

AREAS = ("place,kind,max,hours,no_lone,lost_s,words,words_en\nmine,normal,10,12,no,30,,\nmouth,surface,,,no,,,\n"
         "P1,key,,,no,30,一工作面请立即撤离。,Face one: leave.\n")
LINKAGES = """linkages:
  - of: gas.cut
    then: [{people: downstream}, {evacuate: working}, {cameras: 4}, {case: incident}]
"""
RIGHTS = ["view", "history.read", "alarm.ack", "output.open", "output.close", "output.confirm", "output.tag", "output.untag",
          "person.see", "evacuation", "drill", "record.read", "record.write", "incident.write", "incident.review", "export"]
PEOPLE = [{"id": "dispatcher", "places": ["mine"], "rights": RIGHTS},
          {"id": "heading-viewer", "places": ["H1"], "rights": ["view", "history.read"]}]


class World:
    def __init__(self):
        self.broker = Broker()
        atexit.register(self.broker.stop)

        def prepare(site):
            site.write("airways.csv", AIRWAYS)
            site.write("people/stations.csv", STATIONS.replace(",other,", ",tags,").replace(",drop,", ",tags,"))
            site.write("people/areas.csv", AREAS)
        self.plant = Plant([kt.point("P-sos", "people.sos", "mine"), kt.point("P-below", "people.below", "mine")],
                           rules=LINKAGES, places=PLACES, people=PEOPLE, prepare=prepare,
                           packs=("core", "gas", "personnel", "dispatch"),
                           more_links=[link(self.broker, "tags", "people/#")])
        atexit.register(self.plant.stop)
        self.op = self.plant.op
        kt.wait_for("the broker's session", lambda: all(
            i["up"] for i in self.op.get("/health")["links"] if i["kind"] == "mqtt"))
        self.pub = Publisher(self.broker, "anchors")
        self.walk()
        kt.wait_for("three below", lambda: self.op.get("/personnel")["count"] == 3)
        # records of before that have nothing to do with what comes
        for place in ("P1-face", "H1-heading"):
            self.op.ask("record.create", register="incident", fields={"title": "旧事", "place": place})
        self.began = kt.now_ms()

    def walk(self):
        self.pub.publish("people/one", json.dumps({"ts": kt.now_ms(), "tags": [
            {"card": "1001", "a": [["A3", 20.0]]}, {"card": "1002", "a": [["A4", 3.0]]},
            {"card": "1003", "a": [["A1", 40.0], ["A2", 120.0]]}]}))

    def incident(self):
        items = self.op.get("/incidents")["items"]
        return items[0] if items else None

    def steps(self):
        x = self.incident()
        return {s["step"]: s for s in x["steps"]} if x else {}

    def report(self, path, format):
        status, body, _ = self.op.raw("GET", f"/api/v1{path}?format={format}")
        equal(status, 200)
        return body


@once
def world():
    return World()


@case("gas passes the cut-off: every step of the linkage comes, each with its state and its time")
def steps():
    w = world()
    w.plant.device.set_input(0, 160)
    got = kt.wait_for("all steps", lambda: (lambda s: s if s.get("cut", {}).get("state") == "proved" and
                                            s.get("routes", {}).get("state") == "done" and
                                            s.get("case", {}).get("state") == "done" else None)(w.steps()))
    equal(got["cut"]["text"], "1/1")
    equal((got["people"]["state"], int(got["people"]["text"]) >= 2), ("done", True))
    equal((got["cameras"]["state"], got["cameras"]["text"]), ("unavailable", "no-cameras"))
    kt.note("ms after the alarm: " + ", ".join(f"{k} {v['after_ms']}" for k, v in got.items()))
    x = w.incident()
    equal((x["point"], x["place"], x["rule"], x["persons"]), ("T1", "P1-face", "gas.cut", int(got["people"]["text"])))
    evac = w.op.get("/personnel")["evacuation"]
    equal((evac["by_rule"], evac["place"], evac["by"], evac["drill"]), (True, "P1", "rule:gas.cut", False))
    assert evac["plan"] and evac["plan"]["routes"], evac
    words = [e["body"]["text"] for e in w.op.get("/events", **{
        "from": w.began, "to": kt.now_ms() + 1000, "type": "announce", "limit": 50})["items"]]
    assert any("一工作面请立即撤离" in t for t in words), words
    listed = [e["body"] for e in w.op.get("/events", **{
        "from": w.began, "to": kt.now_ms() + 1000, "type": "person", "limit": 50})["items"] if e["body"]["change"] == "listed"]
    assert "1001" in listed[0]["cards"] and "1002" in listed[0]["cards"], listed


@case("the case has the incident in it, is taken by a person, and its clock runs")
def the_case():
    w = world()
    record = w.incident()["record"]
    item = w.op.get(f"/records/incident/{record}")
    equal((item["state"], item["fields"]["point"], item["fields"]["incident"]), ("open", "T1", w.incident()["id"]))
    w.op.ask("record.move", record=record, version=item["version"], transition="take")
    item = w.op.get(f"/records/incident/{record}")
    equal((item["state"], item["owner"], item["due"] > kt.now_ms()), ("handling", "operator-1", True))
    equal(w.op.get("/records/incident")["total"], 3)


@case("who may not see the place sees no incident and gets no report")
def rights():
    w = world()
    other = w.plant.program.user("far-away", "heading-viewer")
    equal(other.get("/incidents")["items"], [])
    status, _, _ = other.call("GET", f"/incidents/{w.incident()['id']}/report")
    equal(status, 404)


@case("the replay has it as it was; kill -9 keeps it and opens no second case")
def past():
    w = world()
    at = kt.now_ms()
    kt.wait_for("it is past", lambda: kt.now_ms() > at + 500)
    then = w.op.get("/replay", at=at)
    equal((then["difference"], then["people"]["evacuation"]["place"]), ("", "P1"))
    now = {s["step"]: (s["state"], s["text"]) for s in w.incident()["steps"] if s.get("text") is not None}
    equal({s["step"]: (s["state"], s.get("text")) for s in then["incidents"][0]["steps"] if s.get("text") is not None}, now)
    begun = w.incident()["at"]
    with w.op.stream(path="/replay/stream", at=begun - 200, speed=10) as s:
        equal(s.wait("the state", lambda e, d: e == "state")["data"]["incidents"], [], "before it")
        s.wait("its steps as they come", lambda e, d: e == "incidents" and {x["step"]: x["state"] for x in d["items"][0]["steps"]}["cut"] == "proved")
    before = w.incident()
    w.plant.program.kill9()
    w.plant.program.start()
    w.plant.login_again()
    w.op = w.plant.op
    equal(w.incident(), before)
    equal(w.op.get("/records/incident")["total"], 3)


@case("the report tells it from the journal: source time and arrival, who did what, trend; PDF and xlsx")
def report():
    w = world()
    path = f"/incidents/{w.incident()['id']}/report"
    doc = w.op.get(path)
    text = json.dumps(doc, ensure_ascii=False)
    assert "旧事" not in text and "同期与此无关、未列入（条）" in text and "台账 2" in text, text[:3000]
    table = next(b for b in doc["blocks"] if b.get("columns", [""])[0] == "到达时刻")
    rows, what = table["rows"], table["columns"].index("事件")
    equal([r[what] for r in rows if "台账 新建" in r[what]][1:], [], "its case alone")
    equal([r[what] for r in rows if "record.create" in r[what]], [])
    assert any("台账 流转" in r[what] for r in rows), "its case goes on"
    for part in ("事件报告", "甲烷断电", "已证实（馈电）", "至今未确认", "联动步骤", "SJ-", "operator-1", "撤人", "日志链头"):
        assert part in text, part
    chart = next(b for b in doc["blocks"] if "chart" in b)
    assert max(v for v in chart["v"] if v is not None) == 1.6 and ["断电", 1.5] in chart["lines"], chart["lines"]
    assert any("报警 发生" in r[what] and "甲烷断电" in r[what] for r in rows), rows
    own = [(r[0], r[1]) for r in rows] if "源时刻" in table["columns"] else []
    equal(("源时刻" in table["columns"], [x for x in own if x[0] == x[1] or x[1] > x[0]]), (any(x[1] for x in own), []),
          "own times stand where they are others")
    equal([r[0] for r in rows], sorted(r[0] for r in rows))
    wide = w.op.get(path, **{"from": kt.now_ms() - 48 * 3600_000})["blocks"]
    late = next(b for b in wide if b.get("columns", [""])[0] == "到达时刻")["rows"][-1]
    listed = next(b for b in doc["blocks"] if b.get("columns", [""])[0] == "标识卡")["rows"]
    equal(sorted(r[0] for r in listed), ["1001", "1002", "1003"])
    equal((len(late[0]), rows[-1][0] in late[0]), (23, True), "another day than the head's stands in the row")
    pdf = w.report(path, "pdf")
    assert pdf[:5] == b"%PDF-" and len(pdf) > 10_000, pdf[:20]
    book = zipfile.ZipFile(io.BytesIO(w.report(path, "xlsx")))
    assert "xl/media/image1.png" in book.namelist(), book.namelist()
    assert "operator-1" in book.read("xl/sharedStrings.xml").decode()


@case("the evacuation's own report: timed, persons by minute, who was last")
def evacuation():
    w = world()
    w.walk()
    w.pub.publish("people/one", json.dumps({"ts": kt.now_ms(), "tags": [{"card": "1003", "out": True}, {"card": "1001", "out": True}]}))
    kt.wait_for("two are up", lambda: w.op.get("/personnel")["count"] == 1)
    evac = w.op.get("/personnel")["evacuation"]["id"]
    w.op.ask("evacuation.stop", text="over")
    doc = w.op.get(f"/evacuations/{evac}/report")
    text = json.dumps(doc, ensure_ascii=False)
    for part in ("撤人报告", "rule:gas.cut", "最后出井", "1001", "结束时仍在井下"):
        assert part in text, part
    minutes = next(b for b in doc["blocks"] if b.get("columns", [""])[0] == "分钟")["rows"]
    equal(sum(int(r[1]) for r in minutes), 2)
    assert w.report(f"/evacuations/{evac}/report", "pdf")[:5] == b"%PDF-"


@case("an evacuation that a rule begins ends a drill; the next incident is another one")
def drill():
    w = world()
    w.plant.device.set_input(0, 20)
    kt.wait_for("the alarm is over", lambda: not w.op.output("KG1")["latched_by"])
    w.op.ask("drill.start", title="演练")
    w.op.ask("evacuation.start", place="mine", reason="drill")
    equal(w.op.get("/personnel")["evacuation"]["drill"], True)
    first = w.incident()["id"]
    w.plant.device.set_input(0, 170)
    kt.wait_for("another incident", lambda: w.incident()["id"] != first)
    evac = kt.wait_for("the real one", lambda: (lambda e: e if not e["drill"] else None)(w.op.get("/personnel")["evacuation"]))
    equal((evac["by_rule"], evac["ended"]), (True, 0))
    said = [e["body"]["text"] for e in w.op.get("/events", **{
        "from": w.began, "to": kt.now_ms() + 1000, "type": "announce", "limit": 50})["items"]]
    assert not said[0].startswith("演练"), said[:2]
    equal((w.op.get("/personnel")["drill"], w.incident()["drill"]), ("", False), "the drill is over, the incident is none")


if __name__ == "__main__":
    sys.exit(kt.main())
