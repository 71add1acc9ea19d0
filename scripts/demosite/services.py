# SPDX-License-Identifier: Apache-2.0
"""Belts, pumps, main fans, supplies, chambers, and what comes by MQTT, mine files and push."""


OWN = ("PQ", "KD-PQ", "PD", "V", "M", "YJ", "SS", "YK", "JX", "DH", "DM", "PP", "SL", "SD", "WD", "JH", "ML")


def hand(p, b, zh, en, place, plc, at):
    """What a belt has for being run from one place: horn, sprinkler, modes, protections."""
    for key, name, name_en, role in (("YJ", "启动预警", "start horn", "belt.horn"), ("SS", "自动洒水", "sprinkler", "belt.spray")):
        p.add(f"{key}-{b}", f"{zh}{name}", f"{en}, {name_en}", role, place, f"coil:{key}-{b}", plc, at)
        p.plan.append(f"switch {key}-{b} open=1")
    for key, name, name_en, role, guard in (
            ("YK", "集控方式", "remote mode", "belt.remote", "remote"), ("JX", "检修方式", "maintenance", "belt.maintenance", "maintenance"),
            ("DH", "打滑保护", "slip", "belt.slip", "slip"), ("DM", "堆煤保护", "pile-up", "belt.pile", "pile"),
            ("PP", "跑偏保护", "off track", "belt.off-track", "off-track"), ("SL", "撕裂保护", "tear", "belt.tear", "tear"),
            ("SD", "速度保护", "speed fault", "belt.speed-fault", "speed"), ("WD", "滚筒温度保护", "drum temperature", "belt.temp-trip", "temp"),
            ("JH", "机头急停", "emergency stop", "belt.estop", "estop")):
        p.add(f"{key}-{b}", f"{zh}{name}", f"{en}, {name_en}", role, place, f"guard:B-{b}:{guard}", plc, at)
    p.counted(f"ML-{b}", f"{zh}带面煤量", f"{en}, coal on it", "belt.coal", place, at)


def belts(eq):
    """id, power switch, drum on, way along edges, belt it loads, length, kW, PLC."""
    p, m = eq.p, eq.m
    table = [
        ("SG1", "上仓胶带", "Plant feed belt", "S-GAL", ["INC3"], "", 320, 250, "plc01"),
        ("INC", "主斜井胶带", "Incline belt", "S-INC", ["INC1", "INC2", "INC3"], "SG1", 1180, 2500, "plc01"),
        ("BM1", "胶带大巷一部胶带", "Main belt 1", "S-BM1", ["B120-400", "B530-650", "B930-1190"], "INC", 1190, 1600, "plc01"),
        ("BM2", "胶带大巷二部胶带", "Main belt 2", "S-BM2", ["B1190-1450", "B1700-1950", "B1950-2300"], "BM1", 1110, 800, "plc01"),
        ("1203", "1203顺槽胶带", "1203 gate belt", "S-1203-4", ["1203I-1", "1203I-2", "1203I-3"], "BM1", 990, 1000, "plc01"),
        ("1205", "1205顺槽胶带", "1205 gate belt", "S-1205-4", ["1205I-2", "1205I-5", "1205I-7"], "BM1", 1460, 1200, "plc02"),
        ("1206", "1206顺槽胶带", "1206 gate belt", "S-1206-3", ["1206I-1", "1206I-2"], "BM1", 1040, 800, "plc02"),
        ("1207Y", "1207运输顺槽掘进胶带", "1207 belt gate belt", "S-1207Y-2", ["h1207y-1", "h1207y-3", "h1207y-5"], "BM1", 990, 160,
         "plc02"),
        ("1207H", "1207回风顺槽掘进胶带", "1207 return gate belt", "S-1207H-2", ["h1207h-1", "h1207h-2"], "BM2", 660, 160, "plc02"),
        ("HFY", "辅运大巷掘进胶带", "Auxiliary heading belt", "S-HFY-2", ["haux-1", "haux-2"], "BM2", 260, 110, "plc02"),
    ]
    for k, (b, zh, en, sw, way, to, length, kw, plc) in enumerate(table):
        head = p.along(way[0], 0.15, -8)
        place = m.edges[way[0]].place
        if b == "SG1":
            place, head = "belt-gallery", (-1310, -520)
        p.output(f"PQ-{b}", f"{zh}启停", f"{en}, drive", "belt.drive", place, plc, head, parent=sw, meter=("pm03", 1 + k // 4))
        p.add(f"PD-{b}", f"{zh}运行", f"{en}, running", "belt.run", place, f"run:B-{b}", plc, head)
        p.add(f"V-{b}", f"{zh}带速", f"{en}, speed", "belt.speed", place, f"speed:B-{b}", plc, head)
        p.add(f"M-{b}", f"{zh}瞬时煤量", f"{en}, load", "belt.load", place, f"tph:B-{b}", plc, head)
        p.asset(f"PD-{b}", zh, "belt", place, f"PD-{b}", head)
        drum = way[0]
        p.plan.append(f"belt B-{b} switch=PQ-{b} plc=1 horn=YJ-{b} length={length} speed=4 kw={kw} branch={drum} at=0.1"
                      + (f" to=B-{to}" if to else ""))
        hand(p, b, zh, en, place, plc, head)
        p.things.append({"id": b, "kind": "belt", "name": zh, "name_en": en, "place": place, "to": to, "length_m": length,
                         "speed_m_s": 4, "points": ";".join([*(f"{k}-{b}" for k in OWN), f"JT-{b}-*", f"YW-{b}-*"][:None if b != "SG1" else -2])})
        n = 0
        for eid in way if b != "SG1" else []:
            for f in (0.2, 0.5, 0.8) if len(way) > 2 else (0.25, 0.75):
                n += 1
                at = p.along(eid, f, -7)
                p.add(f"JT-{b}-{n}", f"{zh}拉线急停{n}", f"{en}, pull-cord {n}", "belt.pull-cord", m.edges[eid].place, f"cord:B-{b}", plc, at)
            eq.smoke(f"YW-{b}-{n}", f"{zh}烟雾{n}", eid, 0.3, plc, belt=b)
            p.add(f"CO-PD-{b}-{n}", f"{zh}一氧化碳{n}", f"{en}, CO {n}", "co.belt", m.edges[eid].place, f"co:{eid}:0.32",
                  "sub10" if plc == "plc01" else "sub13", p.along(eid, 0.32, 5))


def power(eq):
    """Feeders of the substations; the switches of faces and headings hang on them."""
    p = eq.p
    for i, name in enumerate(["一采区一回", "一采区二回", "主排水与煤仓", "胶带大巷", "二采区一回", "西翼", "二采区二回", "井底车场"]):
        p.output(f"HV-{i + 1}", f"中央变电所{name}馈电", f"Central feeder {i + 1}", "switch.power", "central-sub", "sub15",
                 (-244 + 6 * i, 12), volt=10000, meter=("pm01", 2 + i // 4), two_person=True)
    for s, (sub, parent) in enumerate([("1", "HV-1"), ("2", "HV-5")]):
        for i in range(6):
            p.output(f"HV-S{sub}-{i + 1}", f"{'一' if s == 0 else '二'}采区变电所{i + 1}号馈电", f"District {sub} feeder {i + 1}", "switch.power",
                     f"substation-{sub}", "sub15" if s == 0 else "sub13", (332 + 5 * i if s == 0 else 1503 + 6 * i, 80),
                     parent="HV-2" if s == 0 and i > 2 else parent, volt=10000, meter=("pm02", 1 + 2 * s), two_person=True)
    for sw, zh, en, place, dev, at, parent in [
            ("S-BM1", "胶带大巷一部电源", "Main belt 1 supply", "belt-main-1", "sub10", (20, -8), "HV-4"),
            ("S-BM2", "胶带大巷二部电源", "Main belt 2 supply", "belt-main-6", "sub10", (1200, -8), "HV-4"),
            ("S-INC", "主斜井胶带电源", "Incline belt supply", "incline", "sub19", (-1130, -400), ""),
            ("S-GAL", "上仓走廊电源", "Gallery supply", "belt-gallery", "sub20", (-1300, -515), ""),
            ("S-PREP", "选煤厂总电源", "Plant supply", "prep-plant", "sub20", (-1480, -650), "")]:
        p.output(sw, zh, en, "switch.power", place, dev, at, parent=parent, volt=10000, kw=900 if sw == "S-PREP" else 8, meter=("pm02", 5))
    for i, (role, zh, en, place, dev, at) in enumerate([
            ("refuge.power", "1号避难硐室电源", "Refuge 1 supply", "refuge-1", "sub13", (1240, 82)),
            ("refuge.power", "2号避难硐室电源", "Refuge 2 supply", "refuge-2", "sub13", (2120, 82)),
            ("comms.power", "井下通信电源一", "Communication supply 1", "dispatch-room", "sub14", (-270, 88)),
            ("comms.power", "井下通信电源二", "Communication supply 2", "substation-2", "sub13", (1520, 84)),
            ("monitor.power", "监控系统电源一", "Monitoring supply 1", "central-sub", "sub15", (-215, 4)),
            ("monitor.power", "监控系统电源二", "Monitoring supply 2", "substation-1", "sub15", (345, 84)),
            ("monitor.power", "监控系统电源三", "Monitoring supply 3", "dispatch", "sub20", (-900, -560))]):
        p.output(f"BD-{i + 1}", zh, en, role, place, dev, at, volt=127, kw=2, meter=("pm03", 4), two_person=True)


def main_fans(eq):
    p = eq.p
    for i, role in ((1, "fan.main.run"), (2, "fan.main.run-backup")):
        at = (-150 + 30 * (i - 1), 445)
        zh = f"{i}号主要通风机"
        p.output(f"ZFD-{i}", f"{zh}电源", f"Main fan {i} supply", "fan.main.power", "fan-house", "plc04", at, volt=10000,
                 meter=("pm03", 5), two_person=True)
        p.add(f"ZF-{i}", zh, f"Main fan {i}", role, "fan-house", f"fan:ZFD-{i}", "plc04", at)
        p.asset(f"ZF-{i}", zh, "fan", "fan-house", f"ZF-{i}", at)
        p.add(f"TW-ZF{i}", f"{zh}机房温度", f"Main fan {i}, room temperature", "temp.room", "fan-house", "const:19:1.5:40000", "plc04", at)
    fan_station(p)
    p.add("FY-1", "主要通风机负压", "Main fan depression", "pressure.fan", "fan-house", "fanpa:FAN-1:FAN-2", "plc04", (-140, 430))


def fan_station(p):
    """What a station of two fans is commanded by, and what it tells (pack plant)."""
    own, at = [], (-135, 436)
    for i, b in ((1, ""), (2, "-backup")):
        zh, en, xy = f"{i}号主要通风机", f"Main fan {i}", (-150 + 30 * (i - 1), 452)
        for key, name, name_en, role, wire, open_, two in (
                ("ZFQ", "启停", "start", "drive", "drive", i == 2, True), ("ZFM", "蝶阀关闭", "damper", "shut", "shut", i == 1, False),
                ("ZFR", "反转", "backwards", "back", "back", True, True)):
            pid = f"{key}-{i}"
            p.coil(pid, zh + name, f"{en}, {name_en}", f"fan.main.{role}{b}", "fan-house", "plc04", xy, open_, two)
            own.append(pid)
        for key, name, name_en, role, sig in (
                ("ZFK", "蝶阀开到位", "damper open", "open" + b, "gate"), ("ZFX", "转向", "turns", "turned" + b, "back"),
                ("ZFY", "润滑油压", "oil", "oil", "oil"), ("ZFZ", "振动", "vibration", "shake", "shake")):
            p.add(f"{key}-{i}", zh + name, f"{en}, {name_en}", f"fan.main.{role}", "fan-house", f"rig:ZTF:{sig}{i}", "plc04", xy)
            own.append(f"{key}-{i}")
        own += [f"ZFD-{i}", f"KD-ZFD-{i}", f"ZF-{i}", f"I-ZFD-{i}", f"U-ZFD-{i}", f"P-ZFD-{i}"]
    p.add("ZF-YK", "主要通风机集控方式", "Main fans, remote mode", "fan.main.remote", "fan-house", "rig:ZTF:remote", "plc04", at)
    p.add("ZF-FB", "防爆门", "Explosion door", "fan.main.hatch", "fan-house", "const:0", "plc04", at)
    p.add("ZF-Q", "主要通风机风量", "Main fans, flow", "fan.main.flow", "fan-house", "rig:ZTF:flow", "plc04", at)
    p.rig("ZTF", "mainfan", fan1="ZF-1", fan2="ZF-2", drive1="ZFQ-1", drive2="ZFQ-2", shut1="ZFM-1", shut2="ZFM-2", back1="ZFR-1",
          back2="ZFR-2")
    p.thing("ZTF", "fan", "主要通风机", "Main fans", "fan-house", own + ["ZF-YK", "ZF-FB", "ZF-Q"])


def pumps(eq):
    p = eq.p
    tanks = [("SC1", "主排水外水仓", "Outer sump", "sump-outer", "main-pumps", 3, 310, 900, 420, (-170, 12)),
             ("SC2", "主排水内水仓", "Inner sump", "sump-inner", "main-pumps", 2, 120, 700, 420, (-155, 12)),
             ("SC3", "二采区水仓", "District sump", "pump-room-2", "pump-room-2", 3, 70, 260, 155, (1870, 82))]
    for t, zh, en, tank_place, place, n, inflow, area, flow, at in tanks:
        p.plan.append(f"tank {t} inflow={inflow} area={area} low=1.2 high=3.2 level=2")
        p.add(f"SW-{t}", f"{zh}水位", f"{en}, level", "water.level", tank_place, f"level:{t}", "plc03", at)
        p.add(f"SL-{t}", f"{zh}排水流量", f"{en}, drainage flow", "water.flow", place, f"flowout:{t}", "plc03", at)
        for i in range(n):
            pid, xy = f"{t}-{i + 1}", (at[0] + 9 * i - 15, at[1])
            p.output(f"SBD-{pid}", f"{zh}{i + 1}号泵电源", f"{en}, pump {i + 1} supply", "switch.power", place, "plc03", xy,
                     parent="HV-3" if place == "main-pumps" else "HV-S2-6", volt=10000, meter=("pm03", 6))
            p.add(f"SB-{pid}", f"{zh}{i + 1}号泵", f"{en}, pump {i + 1}", "pump.run", place, f"run:B{pid}", "plc03", xy)
            p.plan.append(f"pump B{pid} tank={t} switch=SBD-{pid} flow={flow} kw={flow * 1.9:g} stage={i}")
            p.asset(f"SB-{pid}", f"{zh}{i + 1}号泵", "pump", place, f"SB-{pid}", xy)


def chambers(eq):
    p = eq.p
    for i, (pid, place) in enumerate((k, v) for k, v in eq.m.places.items() if v.kind == "chamber" and not k.startswith("sump")):
        e = eq.m.edges.get(pid)
        base = 20 + 3 * (pid.startswith("sub") or pid.startswith("central"))
        at = (place.at[0] + 8, place.at[1] + 6)
        src = f"temp:{pid}:0.5" if e and e.net else f"const:{base}:0.8:{20000 + 900 * i}"
        dev = "sub13" if place.at[0] > 1200 else "sub15"
        if pid != "drain-station":
            p.add(f"TW-S{i + 1}", f"{place.name}温度", f"{place.en}, temperature", "temp.room", pid, src, dev, at)
        smoke = f"smoke:{pid}:0.6" if e and e.net else "const:0"
        p.add(f"YW-S{i + 1}", f"{place.name}烟雾", f"{place.en}, smoke", "smoke.state", pid, smoke, dev, at)
    for i, (cid, role, place, src, at) in enumerate([
            ("CO-BYS1", "co.return", "refuge-1", "co:refuge-1:0.6", (1245, 78)), ("CO-BYS2", "co.return", "refuge-2", "co:refuge-2:0.6", (2125, 78)),
            ("O2-BYS1", "o2.intake", "refuge-1", "o2:refuge-1:0.6", (1235, 78)), ("O2-BYS2", "o2.intake", "refuge-2", "o2:refuge-2:0.6", (2115, 78))]):
        p.add(cid, f"{i % 2 + 1}号避难硐室{'一氧化碳' if i < 2 else '氧气'}", f"Refuge {i % 2 + 1}, {'CO' if i < 2 else 'oxygen'}", role, place,
              src, "sub13", at)
    for i, (aid, kind, zh, at, place) in enumerate(
            [("SXT-1", "camera", "副井井底摄像机", (-310, 66), "station"), ("SXT-2", "camera", "1203机头摄像机", (534, 170), "1203-int"),
             ("SXT-3", "camera", "1205机头摄像机", (804, 170), "1205-int"), ("SXT-4", "camera", "井底煤仓摄像机", (66, 6), "bunker-road"),
             ("SXT-5", "camera", "主斜井机头摄像机", (-1140, -414), "incline")]):
        p.asset(aid, zh, kind, place, "", at)


def surface(eq):
    p = eq.p
    p.add("TM-XM", "选煤厂甲烷", "Preparation plant, methane", "ch4.prep-plant", "prep-plant", "const:0.06:0.03:9000", "sub20", (-1470, -640))
    p.add("TM-ZL", "上仓走廊甲烷", "Belt gallery, methane", "ch4.belt-gallery", "belt-gallery", "const:0.05:0.02:7000", "sub20", (-1320, -528))
    p.add("TB-DM", "地面抽采泵房甲烷", "Surface drainage, methane", "ch4.drain-pump-house", "drain-house", "const:0.04:0.02:8000", "sub20", (60, 470))
    for i in (1, 2):
        p.add(f"TS-{i}", f"副井提升机{i}号", f"Winding engine {i}", "winder.run", "winder-house", f"run:TS{i}", "sub20", (-330 + 12 * i, -4))
        p.plan.append(f"machine TS{i} kind=winder period={180 + 40 * i} duty=0.4 kw=900 phase={30 * i}")
    for i, (pid, zh, place) in enumerate([("YW-XM1", "选煤厂一层烟雾", "prep-plant"), ("YW-XM2", "选煤厂二层烟雾", "prep-plant"),
                                          ("YW-ZL", "上仓走廊烟雾", "belt-gallery"), ("YW-TS", "提升机房烟雾", "winder-house"),
                                          ("YW-FJ", "通风机房烟雾", "fan-house"), ("YW-35", "35kV变电所烟雾", "surface-sub")]):
        p.add(pid, zh, f"Surface, smoke {i + 1}", "smoke.state", place, "const:0", "sub20", p.mine.places[place].at)


def elsewhere(eq):
    """Points that do not come over Modbus."""
    p, m = eq.p, eq.m
    for i, (place, zh) in enumerate([("1203-int", "1203运输顺槽"), ("1205-int", "1205运输顺槽"), ("1206-int", "1206运输顺槽"),
                                     ("1203-ret", "1203回风顺槽"), ("1205-ret", "1205回风顺槽"), ("h1207y-road", "1207运输顺槽掘进"),
                                     ("h1207h-road", "1207回风顺槽掘进"), ("west-aux-4", "西翼")]):
        t, at, en = f"SD{i + 1}", m.places[place].at, m.places[place].en
        p.plan += [f"tank {t} inflow={6 + 2 * i} area=12 low=0.4 high=1.3 level=0.8", f"pump B{t} tank={t} flow=60 kw=22 stage=0"]
        p.publish(f"SW-{t}", f"{zh}小水仓水位", f"{en}, small sump level", "water.level", place, f"level:{t}", "pump-gw", f"mine/pump/{t}", "level", at)
        p.publish(f"SL-{t}", f"{zh}小水仓排水量", f"{en}, small sump flow", "water.flow", place, f"flowout:{t}", "pump-gw", f"mine/pump/{t}", "flow", at)
        p.publish(f"SB-{t}", f"{zh}小水泵", f"{en}, small pump", "pump.run", place, f"run:B{t}", "pump-gw", f"mine/pump/{t}", "run", at)
    for i, pid in enumerate(["prep-plant", "belt-gallery", "winder-house", "surface-sub", "drain-house", "dispatch", "fan-house"]):
        at, zh, en = m.places[pid].at, m.places[pid].name, m.places[pid].en
        p.publish(f"TW-D{i + 1}", f"{zh}室内温度", f"{en}, room temperature", "temp.room", pid, f"const:{18 + i % 3}:2:{30000 + 1500 * i}", "env-gw",
                  f"mine/env/TW-D{i + 1}", "", at)
        p.publish(f"FC-D{i + 1}", f"{zh}粉尘", f"{en}, dust", "dust.total", pid, f"const:{1.2 + 0.3 * i:g}:0.6:{2500 + 300 * i}", "env-gw",
                  f"mine/env/FC-D{i + 1}", "", at)
    for i in (1, 2):
        for k, role, zh, v in (("U", "power.voltage", "电压", 35000), ("I", "power.current", "电流", 240), ("P", "power.active", "功率", 5600),
                               ("T", "temp.room", "变压器室温度", 24)):
            p.publish(f"{k}-35-{i}", f"35kV进线{i}{zh}", f"35 kV incomer {i}, {p.roles[role]['en']}", role, "surface-sub",
                      f"const:{v / (1 if k in 'UT' else i + 1):g}:{v * 0.02:g}:3000", "power-gw", f"mine/power/{i}/{k}", "", (-1000, -640), bare=True)
    for i in range(10):
        p.drop(f"SW-G{i + 1}", f"G{i + 1}长观孔水位", f"Observation borehole G{i + 1}, level", "water.level", "hydro", f"const:{22 + 1.7 * i:g}:0.05:80000",
               f"14000000000101MN0007{i + 1:03d}A01", "水位", (-200 + 260 * i, 1500 - 330 * (i % 4)))
    for i, pid in enumerate(["1203-ret", "1205-ret", "h1207y-road", "sump-outer", "sump-inner", "pump-room-2"]):
        p.drop(f"SL-Y{i + 1}", f"{m.places[pid].name}涌水量", f"{m.places[pid].en}, inflow", "water.inflow", pid, f"const:{4 + 3 * i}:0.6:20000",
               f"14000000000101LJ3003{i + 1:03d}A01", "涌水量", m.places[pid].at)
    p.push("ENV-QY-1", "地面大气压", "Barometric pressure", "pressure.air", "weather", "baro", (-850, -640))
    for i in range(4):
        p.push(f"ENV-FC-{i + 1}", f"厂界扬尘{i + 1}", f"Site boundary dust {i + 1}", "dust.total", "weather", f"const:{0.4 + 0.1 * i:g}:0.2:4000",
               (-1600 + 300 * i, -760))
    for i in range(3):
        p.push(f"ENV-SW-{i + 1}", f"矿井水处理站{i + 1}号池水位", f"Water treatment tank {i + 1}", "water.level", "weather",
               f"const:{2.2 + 0.4 * i:g}:0.3:14000", (-1200 + 60 * i, -760))


def selves(eq, links):
    p = eq.p
    for pid, zh, en, role in [("KT-queue", "采集队列占用", "Queue in use", "self.queue"), ("KT-lag", "处理滞后", "Processing lag", "self.lag"),
                              ("KT-unacked", "等待落盘时长", "Waiting for the disk", "self.unacked"),
                              ("KT-history", "历史入库滞后", "History behind", "self.history"),
                              ("KT-held", "上报受阻比例", "Posts held back", "self.held"),
                              ("KT-disk", "磁盘剩余", "Disk space left", "self.disk"), ("KT-clock", "时钟偏差", "Clock offset", "self.clock"),
                              ("KT-refused", "拒收数据批数", "Batches refused", "self.refused"), ("KT-journal", "日志写盘", "Journal writing", "self.journal"),
                              ("KT-backup", "距上次备份", "Since the last backup", "self.backup"),
                              ("KT-console", "值班席在线", "Dispatch console", "self.console")]:
        p.self_point(pid, zh, en, role)
    for link, zh in links:
        p.self_point(f"KT-link-{link}", f"{zh}通信链路", f"Link {link}", "self.link", link)


def build(eq):
    power(eq)
    eq.coaling("1203", ("sub01", "sub02", "sub03"), "HV-S1-1", ("pm01", 4), 0.088, 600)
    eq.coaling("1205", ("sub04", "sub05", "sub06"), "HV-S1-2", ("pm01", 5), 0.076, 2400)
    eq.standby("1206", "sub16", "HV-S1-3", ("pm01", 6))
    eq.heading("h1207y", "1207Y", "1207运输顺槽", "sub07", "DUCT-1207Y", (1045, 50), "HV-S1-4", ("pm02", 2), False, "B-1207Y", 200)
    eq.heading("h1207h", "1207H", "1207回风顺槽", "sub08", "DUCT-1207H", (1285, 50), "HV-S2-1", ("pm02", 4), False, "B-1207H", 1500)
    eq.heading("haux", "HFY", "辅运大巷", "sub09", "DUCT-HAUX", (2270, 50), "HV-S2-2", ("pm02", 4), True, "B-HFY", 900)
    eq.mains()
    eq.ends()
    eq.west()
    eq.doors()
    eq.seals()
    belts(eq)
    main_fans(eq)
    pumps(eq)
    chambers(eq)
    surface(eq)
    elsewhere(eq)
