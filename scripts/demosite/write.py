# SPDX-License-Identifier: Apache-2.0
"""Writes the files of the site and the plant's plan."""

import csv
import io

from . import network, voice
from .equipment import DEVICES

HEAD = "# Written by scripts/make-demo-site; change that, not this. Everything here is made up (演示).\n"
COLUMNS = ["id", "name", "name_en", "kind", "unit", "role", "place", "range_lo", "range_hi", "resolution", "deadband", "class", "link",
           "address", "scan_ms", "x", "y", "feed", "fed_by", "serves", "two_person", "tags", "set_lo", "set_hi", "set_step"]
THINGS = ["id", "kind", "name", "name_en", "place", "to", "points", "length_m", "speed_m_s"]
SITE = """id: chengnan
name: {{zh: 乘南煤矿（演示）, en: Chengnan mine (demo)}}
simulation: true
mine_code: "140000000001"
gas_class: high
utc_offset: "+08:00"
crs: {{epsg: 4547, name: CGCS2000 / 3-degree Gauss-Kruger CM 114E}}
packs: [core, gas, belt, personnel, water, plant, hoist, guards, face, drill, trucks, dispatch, production, management, drainage, fire, gas-rounds, network, voice, vehicles, demo-records]
shifts:
  - {{id: night, name: {{zh: 夜班, en: Night}}, start: "00:00"}}
  - {{id: day, name: {{zh: 早班, en: Day}}, start: "08:00"}}
  - {{id: swing, name: {{zh: 中班, en: Swing}}, start: "16:00"}}
report_day: "00:00"
listen: {{http: "127.0.0.1:{http}"}}
neighbours: [{{name: {{zh: 阳城县（演示）, en: Yangcheng county (demo)}}, url: "http://127.0.0.1:8081/"}}]
storage: {{journal_days: 7, segment_mb: 32, reserve_mb: 16, history_days: {{key: 730, normal: 365, short: 31}}}}
links:
{links}
climb:
  ladders:
    - {{id: urgent, priority: 1, within: 60s, steps: [{{after: 0s, by: phone, to: DESK}}, {{after: 60s, by: phone, to: DH-0}}]}}
people:
  - {{id: dispatcher, name: {{zh: 调度员, en: Dispatcher}}, rights: [view, history.read, export, alarm.ack, alarm.shelve, output.open, output.close, output.set, card.write, handover, drill, person.see, person.manage, evacuation, report.read, record.read, record.write, hazard.assign, ledger.read, ledger.post, indicator.read, dispatch.issue, incident.write, call, call.hear, broadcast], places: [mine]}}
  - {{id: ventilation-engineer, name: {{zh: 通风工程师, en: Ventilation engineer}}, rights: [view, history.read, export, alarm.ack, alarm.shelve, alarm.oos, output.open, output.close, output.confirm, output.tag, output.untag, calibration.write, limit.propose, card.write, test.write, manual.set, report.read, backtest, record.read, record.write, hazard.assign, hazard.accept, ledger.read, indicator.read, zone.move, degas.approve], places: [mine]}}
  - {{id: safety-engineer, name: {{zh: 安全监控工程师, en: Safety monitoring engineer}}, rights: [view, person.see, evacuation, history.read, export, alarm.ack, alarm.shelve, alarm.oos, output.open, output.confirm, output.tag, output.untag, calibration.write, limit.propose, limit.approve, card.write, test.write, site.reload, report.read, backtest, record.read, record.write, record.import, record.merge, hazard.assign, hazard.accept, hazard.money, water.accept, ledger.read, ledger.post, indicator.read, target.write, incident.write, zone.accept], places: [mine]}}
  - {{id: safety-officer, name: {{zh: 安全员, en: Safety officer}}, rights: [view, person.see, history.read, export, alarm.ack, report.read, record.read, record.write, record.import, hazard.assign, hazard.accept, indicator.read, tech.approve, safety.chief, smart.accept, shift.sign], places: [mine]}}
  - {{id: chief, name: {{zh: 总工程师, en: Chief engineer}}, rights: [view, person.see, evacuation, history.read, export, output.open, output.confirm, limit.approve, report.read, report.sign, backtest, record.read, hazard.accept, hazard.chief, hazard.money, water.accept, water.issue, track.read, inspection.money, project.money, ledger.read, ledger.close, calendar.write, indicator.read, indicator.write, target.write, shift.sign, tech.approve, safety.chief, smart.accept, dispatch.issue, incident.review, zone.accept, degas.approve], places: [mine]}}
  - {{id: readonly, name: {{zh: 只读, en: Read only}}, rights: [view, history.read, report.read, record.read, ledger.read, indicator.read], places: [mine]}}
  - {{id: system-admin, name: {{zh: 系统管理员, en: System administrator}}, rights: [view, user.admin, site.reload], places: [mine]}}
  - {{id: security-admin, name: {{zh: 安全管理员, en: Security administrator}}, rights: [view, security.admin], places: [mine]}}
  - {{id: audit-admin, name: {{zh: 审计管理员, en: Audit administrator}}, rights: [view, audit.read], places: [mine]}}
"""
LINKAGES = """# What this mine sets going when methane cuts the power.
linkages:
  - of: gas.cut
    then: [{people: downstream}, {broadcast: downstream, text: {zh: 瓦斯超限，已断电，请立即撤离。, en: Methane over the limit. Power is cut. Leave at once.}}, {call: DESK}, {evacuate: working}, {cameras: 4}, {case: incident}]
"""
LIMITS = """# What the packs leave to the site. The figures of this invented mine (演示).
limits:
  - {points: [FL-1207Y, FL-1207H, FL-HFY], values: {low_cut: 300, low_restore: 330}, unit: "m3/min", direction: low}
  - {roles: [pressure.fan], values: {low_alarm: 700}, unit: "Pa", direction: low}
  - {points: [SW-SC1], values: {alarm: 4.6}, unit: "m", direction: high}
  - {roles: [breaker.insulation], values: {low_alarm: 22}, unit: "kohm", direction: low}
  - {roles: [compressor.pressure], values: {low_alarm: 0.5}, unit: "MPa", direction: low}
  - {roles: [compressor.temp], values: {alarm: 105}, unit: "degC", direction: high}
  - {roles: [refuge.bottle], values: {low_alarm: 10}, unit: "MPa", direction: low}
  - {points: [ZF-Q], values: {low_alarm: 40}, unit: "m3/s", direction: low}
  - {roles: [dust.total], values: {alarm: 30}, unit: "mg/m3", direction: high}
"""
SCENARIOS = """
# scenarios: seconds after its start, and a line as the control port takes it
scenario calm
scenario gas-rise
at gas-rise 5 machine SHR-1203 on
at gas-rise 20 emission 1203F 3.6 300
scenario fan-trip
at fan-trip 20 fan JF-1207Y-2 off
at fan-trip 30 fan JF-1207Y-1 off
at fan-trip 40 emission h1207y-6 2.2 120
at fan-trip 1500 fan JF-1207Y-2 auto
scenario sensor-lies
at sensor-lies 15 freeze T1-1205
at sensor-lies 30 zero T0-1203
at sensor-lies 45 drift T2-1203 -1.2
at sensor-lies 60 break T1-1207H
at sensor-lies 75 calibrate T2-1205 on
at sensor-lies 90 set T5-1203 2.9
at sensor-lies 96 free T5-1203
at sensor-lies 120 set FS-1203 14.9
at sensor-lies 240 repair T0-1203
at sensor-lies 300 repair T1-1207H
at sensor-lies 420 calibrate T2-1205 off
scenario storm
at storm 5 fan ZF-1 off
at storm 8 trip HV-1
at storm 10 chatter 260 20
at storm 60 device sub05 silent
at storm 120 fan ZF-1 auto
at storm 200 device sub05 ok
at storm 300 chatter 0 20
scenario blackout
at blackout 5 trip HV-5
at blackout 8 device sub01 vanish
at blackout 8 device sub02 vanish
at blackout 9 device sub03 vanish
at blackout 10 device sub07 vanish
at blackout 10 device sub08 vanish
at blackout 11 device sub12 vanish
at blackout 12 device plc01 vanish
at blackout 12 device pm01 half
at blackout 180 device sub01 ok
at blackout 185 device sub02 ok
at blackout 190 device sub03 ok
at blackout 195 device sub07 ok
at blackout 200 device sub08 ok
at blackout 205 device sub12 ok
at blackout 210 device plc01 ok
at blackout 215 device pm01 ok
scenario feed-stuck
at feed-stuck 2 feed-stuck S-1203-1 on
at feed-stuck 5 machine SHR-1203 on
at feed-stuck 20 emission 1203F 3.6 300
scenario main-fan
at main-fan 20 fan ZF-1 off
at main-fan 620 fan ZF-2 on
scenario storm-front
at storm-front 10 barometer -6
at storm-front 5400 barometer 0
scenario belt-fire
at belt-fire 20 heat B-1203 1.5
scenario belt-trip
at belt-trip 20 set SL-BM1 1
at belt-trip 320 set SL-BM1 0
at belt-trip 321 free SL-BM1
scenario belt-slip
at belt-slip 20 heat B-1203 0.8
at belt-slip 30 set DH-1203 1
at belt-slip 60 heat B-1203 0
at belt-slip 330 set DH-1203 0
at belt-slip 331 free DH-1203
scenario ring-break
at ring-break 20 rig RING cut3 1
at ring-break 320 rig RING cut3 0
scenario ring-cut
at ring-cut 20 rig RING cut2 1
at ring-cut 60 rig RING cut4 1
at ring-cut 320 rig RING cut2 0
at ring-cut 320 rig RING cut4 0
scenario base-down
at base-down 20 rig BASES off3 1
at base-down 320 rig BASES off3 0
scenario pull-cord
at pull-cord 20 set JT-BM2-2 1
at pull-cord 320 free JT-BM2-2
"""


def links(base):
    out = [f"  - {{id: {d[0]}, kind: modbus, host: 127.0.0.1, port: {base + 21 + i}, unit: 1, timeout_ms: 500, scan_ms: "
           f"{ {'substation': 1000, 'plc': 1000, 'meter': 5000}[d[1]]}}}" for i, d in enumerate(DEVICES)]
    out += network.links(base)
    out += [f'  - {{id: broker, kind: mqtt, host: 127.0.0.1, port: {base + 3}, client_id: kuangtu-{base}, topics: ["mine/#"], version: 5, '
            'user: "", password_file: "", time_field: ts, value_field: value}',
            f'  - {{id: tags, kind: mqtt, host: 127.0.0.1, port: {base + 3}, client_id: kuangtu-tags-{base}, topics: ["people/#"], payload: positions}}',
            voice.link(base),
            "  - {id: video, kind: camera, probe_s: 60, before_s: 10, keep_days: 30}",
            '  - {id: push, kind: push, producers: [{id: envgw, token_file: secrets/envgw.token, points: ["ENV-*"]}]}',
            '  - {id: drop, kind: minefile, in: drop/in, out: drop/out, every_s: 300, encoding: utf-8, record_end: "~", file_end: "||", '
            'field: ";"}']
    return "\n".join(out)


def link_names():
    return [(d[0], d[2]) for d in DEVICES] + [(d[0], d[1]) for d in network.DEVICES] + [("broker", "MQTT代理"), ("tags", "人员标识卡"), ("sip", "调度通信"), ("push", "推送"), ("drop", "数据文件")]


def table(columns, rows):
    text = io.StringIO()
    w = csv.DictWriter(text, columns, lineterminator="\n")
    w.writeheader()
    w.writerows(rows)
    return text.getvalue()


def places_csv(mine, to_crs):
    rows = []
    for p in mine.places.values():
        x, y = to_crs(p.at) if p.at else ("", "")
        rows.append({"id": p.id, "parent": p.parent, "kind": p.kind, "name": p.name, "name_en": p.en, "x": x, "y": y,
                     "air_to": ";".join(p.air_to), "length_m": round(p.length) if p.length else ""})
    return table(["id", "parent", "kind", "name", "name_en", "x", "y", "air_to", "length_m"], rows)


def plan(mine, points, base, curve):
    lines = [HEAD + "# The plan of the simulated plant; the format is in sim/README.md.", f"plan version=1 base={base} clock=0 control=1 mqtt=3 sip=5",
             "site code=140000000001 name=乘南煤矿（演示） utc_offset_s=28800 baro_hpa=902.4 baro_swing_hpa=1.6"]
    nodes = sorted({n for e in mine.edges.values() if e.net for n in (e.a, e.b)})
    lines += [f"node {n}" + (" open=1" if n == "S" else "") for n in nodes]
    for e in mine.edges.values():
        if not e.net:
            continue
        r = e.resistance() - (e.extra_r if e.door else 0)
        words = f"branch {e.id} from={e.a} to={e.b} r={r:.7g} length={e.length:.1f} area={e.area:g} q={e.q:.6g} temp={e.temp:g}"
        words += f" ch4={e.ch4:.3g}" if e.ch4 else ""
        words += f" head={e.head:g}" if e.head else ""
        words += " duct=1" if e.duct else ""
        lines.append(words)
    h0, k = curve
    for i in (1, 2):
        backup = " backup_of=ZF-1 hold=1" if i == 2 else ""
        lines.append(f"fan ZF-{i} kind=main branch=FAN-{i} switch=ZFD-{i} h0={h0:g} k={k:.6g} kw=560{backup}")
    lines += [f"device {d[0]} port={21 + i}" for i, d in enumerate(DEVICES)] + network.agents()
    return "\n".join(lines + points.rigs + points.plan + points.published + points.files + points.pushed) + "\n" + SCENARIOS


def mosquitto(base):
    return HEAD + ("# The broker of the demonstration: local, without persistence.\n"
                   f"listener {base + 3} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                   "# Nothing is dropped and no message waits for another one's acknowledgement (docs/operations.md).\n"
                   "max_inflight_messages 0\nmax_queued_messages 0\nmax_queued_bytes 1073741824\n"
                   "queue_qos0_messages true\nupgrade_outgoing_qos true\nset_tcp_nodelay true\n"
                   "log_type error\nlog_type warning\nlog_dest stderr\n")


def site_yaml(base):
    return HEAD + SITE.format(http=8080 if base == 15000 else base + 80, links=links(base))
