# SPDX-License-Identifier: Apache-2.0
"""What stands in the mine: sensors of faces, headings, mains and chambers, switches, fans, doors."""

DEVICES = [
    ("sub01", "substation", "1203工作面"), ("sub02", "substation", "1203回风"), ("sub03", "substation", "1203进风"),
    ("sub04", "substation", "1205工作面"), ("sub05", "substation", "1205回风"), ("sub06", "substation", "1205进风"),
    ("sub07", "substation", "1207运输顺槽掘进"), ("sub08", "substation", "1207回风顺槽掘进"), ("sub09", "substation", "辅运大巷掘进"),
    ("sub10", "substation", "胶带大巷"), ("sub11", "substation", "辅运大巷"), ("sub12", "substation", "回风大巷"),
    ("sub13", "substation", "二采区"), ("sub14", "substation", "井底车场"), ("sub15", "substation", "中央硐室"),
    ("sub16", "substation", "1206备采面"), ("sub17", "substation", "密闭"), ("sub18", "substation", "通风机房与井口"),
    ("sub19", "substation", "煤仓与主斜井"), ("sub20", "substation", "地面"), ("sub21", "substation", "西翼"),
    ("sub22", "substation", "风门"), ("plc01", "plc", "胶带集控一"), ("plc02", "plc", "胶带集控二"), ("plc03", "plc", "排水集控"),
    ("plc04", "plc", "主要通风机"), ("pm01", "meter", "电力监控一"), ("pm02", "meter", "电力监控二"), ("pm03", "meter", "电力监控三"),
    ("plc05", "plc", "副井提升机"), ("plc06", "plc", "压风与避难硐室"), ("plc07", "plc", "1203支架与泵站"), ("plc08", "plc", "1号钻机"),
]


class Equipment:
    def __init__(self, p):
        self.p, self.m = p, p.mine
        for d in DEVICES:
            p.device(*d)

    def sensor(self, pid, zh, role, edge, frac, dev, kind=None, en=None, place=None, side=4.0):
        """A sensor on a roadway of the air network; what it feels follows from its role."""
        kind = kind or role.split(".")[0]
        if role == "wind.direction":
            kind = "dir"
        e = self.m.edges[edge]
        place = place or e.place
        en = en or f"{self.m.places[place].en}, {self.p.roles[role]['en']}"
        return self.p.add(pid, zh, en, role, place, f"{kind}:{edge}:{frac:g}", dev, self.p.along(edge, frac, side))

    # -- coaling faces
    def coaling(self, n, dev, hv, meter, ch4, phase):
        face, last, first = f"{n}F", f"{n}O-6", f"{n}O-1"
        ints = f"{n}I-3" if n == "1203" else f"{n}I-7"
        self.sensor(f"T0-{n}", f"{n}回风隅角甲烷", "ch4.corner", last, 0.02, dev[0], kind=f"corner:{n}", place=f"{n}-face")
        self.sensor(f"T1-{n}", f"{n}工作面甲烷", "ch4.face", last, 0.08, dev[0], place=f"{n}-face", side=-4)
        self.sensor(f"T2-{n}", f"{n}回风流甲烷", "ch4.face-return", first, 0.9, dev[1])
        self.sensor(f"T5-{n}", f"{n}回风顺槽中部甲烷", "ch4.face-return-mid", f"{n}O-3", 0.5, dev[1])
        self.sensor(f"TJ-{n}", f"{n}采煤机机载甲烷", "ch4.shearer", face, 0.7, dev[0])
        for i, (eid, f) in enumerate([(last, 0.15), (first, 0.88)]):
            self.sensor(f"CO-{n}-{i + 1}", f"{n}回风一氧化碳{i + 1}", "co.face-return", eid, f, dev[1])
        self.sensor(f"CO2-{n}", f"{n}回风二氧化碳", "co2.return", first, 0.86, dev[1])
        self.sensor(f"CO2-{n}-J", f"{n}进风二氧化碳", "co2.intake", ints, 0.5, dev[2])
        self.sensor(f"O2-{n}-J", f"{n}进风氧气", "o2.intake", ints, 0.52, dev[2])
        self.sensor(f"HS-{n}", f"{n}回风硫化氢", "h2s.air", last, 0.3, dev[1])
        for i, f in enumerate([0.1, 0.5, 0.9]):
            self.sensor(f"TW-{n}-{i + 1}", f"{n}工作面温度{i + 1}", "temp.face", face, f, dev[0])
        self.sensor(f"TW-{n}-4", f"{n}回风流温度", "temp.face", last, 0.4, dev[1])
        self.sensor(f"FS-{n}", f"{n}工作面风速", "wind.face", face, 0.3, dev[0])
        self.sensor(f"FS-{n}-J", f"{n}运输顺槽风速", "wind.belt", ints, 0.4, dev[2])
        self.sensor(f"FS-{n}-H", f"{n}回风顺槽风速", "wind.district", first, 0.8, dev[1])
        self.sensor(f"FX-{n}", f"{n}进风流方向", "wind.direction", ints, 0.45, dev[2])
        self.sensor(f"FX-{n}-H", f"{n}回风流方向", "wind.direction", first, 0.78, dev[1])
        for i, (eid, f, d) in enumerate([(face, 0.85, dev[0]), (last, 0.2, dev[1]), (f"{n}O-3", 0.3, dev[1]), (ints, 0.8, dev[2])]):
            self.sensor(f"FC-{n}-{i + 1}", f"{n}粉尘{i + 1}", "dust.total", eid, f, d)
        self.smoke(f"YW-{n}-1", f"{n}运输顺槽机头烟雾", f"{n}I-1", 0.1, dev[2])
        at = lambda e, f: self.p.along(e, f, 7)
        out, ps = self.p.output, self.p
        out(f"S-{n}-1", f"{n}刮板输送机、转载机电源", f"{n} face conveyor", "switch.power", f"{n}-face", dev[0], at(face, 0.1),
            parent=hv, volt=3300, meter=meter)
        out(f"S-{n}-2", f"{n}采煤机供电开关", f"{n} shearer supply", "switch.power", f"{n}-face", dev[0], at(face, 0.2),
            parent=hv, volt=3300, meter=meter)
        out(f"JD-{n}", f"{n}采煤机机载电源", f"{n} shearer", "switch.machine", f"{n}-face", dev[0], at(face, 0.65),
            parent=f"S-{n}-2", volt=3300, meter=meter)
        out(f"S-{n}-3", f"{n}回风顺槽动力", f"{n} return gate supply", "switch.power", f"{n}-ret", dev[1], at(f"{n}O-3", 0.5),
            serves=[f"{n}-ret", f"{n}-ret-link"], parent=hv, kw=75, meter=meter)
        out(f"S-{n}-4", f"{n}运输顺槽胶带机电源", f"{n} belt gate supply", "switch.power", f"{n}-int", dev[2], at(f"{n}I-1", 0.3),
            parent=hv, meter=meter)
        out(f"S-{n}-5", f"{n}乳化液泵站电源", f"{n} pump station", "switch.power", f"{n}-int", dev[2], at(ints, 0.7), parent=hv,
            kw=500, meter=meter)
        out(f"S-{n}-6", f"{n}照明与信号综保", f"{n} lighting", "switch.power", f"{n}-int", dev[2], at(ints, 0.9), parent=hv, volt=127,
            kw=4, meter=meter)
        ps.plan += [
            f"machine AFC-{n} kind=conveyor switch=S-{n}-1 kw=1400 needs=B-{n}",
            f"machine SHR-{n} kind=shearer switch=JD-{n} kw=1150 needs=AFC-{n} to=B-{n} branch={face} at=0.6 ch4={ch4} dust=190"
            f" heat=24 tph=760 period=4200 duty=0.78 phase={phase}",
            *[f"cuts {t}-{n} S-{n}-{k}" for t in ("T0", "T1", "T2") for k in (1, 2, 3)],
            f"goaf {n} branch={last} ch4=0.007 volume=38000 conc=0.25 co=34 share=0.1",
        ]
        if n == "1203":
            ps.plan.append(f"source {face} dust=8 co2=0.02 heat=10")
        else:
            ps.plan.append(f"source {face} dust=7 co2=0.018 heat=9")

    def standby(self, n, dev, hv, meter):
        self.sensor(f"T0-{n}", f"{n}回风隅角甲烷", "ch4.corner", f"{n}O-3", 0.02, dev, place=f"{n}-face")
        self.sensor(f"T1-{n}", f"{n}备采面甲烷", "ch4.face", f"{n}O-3", 0.1, dev, place=f"{n}-face", side=-4)
        self.sensor(f"T2-{n}", f"{n}回风流甲烷", "ch4.face-return", f"{n}O-1", 0.9, dev)
        self.sensor(f"CO-{n}-1", f"{n}回风一氧化碳", "co.face-return", f"{n}O-1", 0.88, dev)
        self.sensor(f"O2-{n}-J", f"{n}进风氧气", "o2.intake", f"{n}I-2", 0.5, dev)
        self.sensor(f"TW-{n}-1", f"{n}备采面温度", "temp.face", f"{n}F", 0.5, dev)
        self.sensor(f"FS-{n}", f"{n}备采面风速", "wind.face", f"{n}F", 0.3, dev)
        self.sensor(f"FS-{n}-H", f"{n}回风顺槽风速", "wind.district", f"{n}O-2", 0.5, dev)
        self.sensor(f"FC-{n}-1", f"{n}粉尘", "dust.total", f"{n}O-3", 0.2, dev)
        self.sensor(f"TC-{n}", "南翼回风甲烷", "ch4.wing-return", f"{n}L3", 0.5, dev)
        at = lambda e, f: self.p.along(e, f, 7)
        self.p.output(f"S-{n}-1", f"{n}备采面动力", f"{n} face supply", "switch.power", f"{n}-face", dev, at(f"{n}F", 0.2), parent=hv,
                      kw=60, meter=meter)
        self.p.output(f"S-{n}-2", f"{n}回风顺槽动力", f"{n} return gate supply", "switch.power", f"{n}-ret", dev, at(f"{n}O-2", 0.5),
                      parent=hv, kw=30, meter=meter)
        self.p.output(f"S-{n}-3", f"{n}运输顺槽动力", f"{n} belt gate supply", "switch.power", f"{n}-int", dev, at(f"{n}I-1", 0.3),
                      parent=hv, kw=30, meter=meter)

    # -- headings
    def heading(self, key, tag, zh, dev, duct, fan_at, hv, meter, rock, belt, phase):
        n = sum(1 for e in self.m.edges if e.startswith(key + "-"))
        face, first = f"{key}-{n}", f"{key}-1"
        en = self.m.places[key].en.split(",")[0] + " heading"
        self.sensor(f"T1-{tag}", f"{zh}掘进工作面甲烷", "ch4.heading", face, 0.1, dev)
        self.sensor(f"T2-{tag}", f"{zh}掘进回风流甲烷", "ch4.heading-return", first, 0.85, dev)
        if n > 4:
            self.sensor(f"T4-{tag}", f"{zh}掘进巷道中部甲烷", "ch4.heading-mid", f"{key}-3", 0.5, dev)
        self.sensor(f"TJ-{tag}", f"{zh}掘进机机载甲烷", "ch4.heading-machine", face, 0.2, dev)
        self.sensor(f"CO-{tag}", f"{zh}回风一氧化碳", "co.return", first, 0.8, dev)
        self.sensor(f"CO2-{tag}", f"{zh}回风二氧化碳", "co2.return", first, 0.78, dev)
        self.sensor(f"TW-{tag}", f"{zh}掘进面温度", "temp.face", face, 0.3, dev)
        self.sensor(f"FS-{tag}", f"{zh}掘进巷道风速", "wind.heading-rock" if rock else "wind.heading-coal", f"{key}-2", 0.5, dev)
        for i, (eid, f) in enumerate([(face, 0.4), (f"{key}-2", 0.7)]):
            self.sensor(f"FC-{tag}-{i + 1}", f"{zh}粉尘{i + 1}", "dust.total", eid, f, dev)
        self.sensor(f"HS-{tag}", f"{zh}回风硫化氢", "h2s.air", first, 0.7, dev)
        at = lambda e, f: self.p.along(e, f, 7)
        fx = [(fan_at[0] - 8, fan_at[1] + 7), (fan_at[0] + 4, fan_at[1] + 7)]
        p = self.p
        p.output(f"S-{tag}-1", f"{zh}掘进工作面动力", f"{en}, face supply", "switch.power", f"{key}-face", dev, at(face, 0.6), parent=hv,
                 meter=meter)
        p.output(f"JD-{tag}", f"{zh}掘进机机载电源", f"{en}, machine", "switch.machine", f"{key}-face", dev, at(face, 0.25),
                 parent=f"S-{tag}-1", meter=meter)
        serves = [f"{key}-road"] + ([f"{key}-link"] if f"{key}-link" in self.m.places else [])
        p.output(f"S-{tag}-2", f"{zh}掘进巷道动力", f"{en}, road supply", "switch.power", f"{key}-road", dev, at(f"{key}-2", 0.4),
                 serves=serves, parent=hv, kw=45, meter=meter)
        for i, (name, role) in enumerate([("主", "fan.local.run"), ("备", "fan.local.run-backup")]):
            sw = f"JFD-{tag}-{i + 1}"
            p.output(sw, f"{zh}{name}局部通风机电源", f"{en}, fan {i + 1} supply", "fan.local.power", key, dev, fx[i], volt=660, meter=meter,
                     two_person=True)
            p.add(f"JF-{tag}-{i + 1}", f"{zh}{name}局部通风机", f"{en}, fan {i + 1}", role, key, f"fan:{sw}", dev, fx[i], state=True)
            p.asset(f"FJ-{tag}-{i + 1}", f"{zh}{name}局部通风机", "fan", key, f"JF-{tag}-{i + 1}", fx[i])
            q = self.m.edges[duct].q
            p.plan.append(f"fan JF-{tag}-{i + 1} kind=local branch={duct} switch={sw} q={q:g} kw=60"
                          + (f" backup_of=JF-{tag}-1" if i else ""))
        at_duct = p.along(face, 0.15, -6)
        p.add(f"FT-{tag}", f"{zh}风筒风量状态", f"{en}, air in the duct", "fan.local.duct", key, f"duct:{duct}", dev, at_duct, state=True)
        p.add(f"FL-{tag}", f"{zh}风筒风量", f"{en}, duct flow", "fan.local.flow", key, f"flow:{duct}:0", dev, at_duct)
        needs = f" needs={belt} to={belt}" if belt else ""
        ch4, dust, tph = (0.004, 60, 90) if rock else (0.024, 55, 110)
        p.plan += [f"machine EBZ-{tag} kind=roadheader switch=JD-{tag} kw=300{needs} branch={face} at=0.1 ch4={ch4} dust={dust} heat=8 "
                   f"tph={tph} period=3000 duty=0.6 phase={phase}", f"source {face} dust=1.5 co2=0.006 heat=4",
                   *[f"cuts {t}-{tag} S-{tag}-{k}" for t in ("T1", "T2") for k in (1, 2)]]

    # -- common
    def smoke(self, pid, zh, edge, frac, dev, belt=""):
        e = self.m.edges[edge]
        src = f"smoke:{edge}:{frac:g}"
        self.p.add(pid, zh, f"{self.m.places[e.place].en}, smoke", "smoke.state", e.place, src, dev, self.p.along(edge, frac, -5),
                   tags="belt" if belt else "")

    def mains(self):
        """Sensors along the mains, one set a stretch."""
        sets = {"A": "sub11", "B": "sub10", "R": "sub12"}
        for i in range(1, 10):
            for main, dev in sets.items():
                stretch = [e for e in self.m.edges.values() if e.net and e.place.endswith(f"-main-{i}")
                           and e.id[0] == main and not e.id.startswith("RW")]
                e = max(stretch, key=lambda x: x.length)
                zh, t = self.m.places[e.place].name, f"{main}{i}"
                dev = "sub13" if i > 6 and main != "R" else dev
                self.sensor(f"FX-{t}", f"{zh}风流方向", "wind.direction", e.id, 0.3, dev)
                if e.q / e.area > 0.33:
                    role = {"A": "wind.main", "B": "wind.belt", "R": "wind.main"}[main]
                    self.sensor(f"FS-{t}", f"{zh}风速", role, e.id, 0.35, dev)
                self.sensor(f"FC-{t}", f"{zh}粉尘", "dust.total", e.id, 0.5, dev)
                if main == "A":
                    self.sensor(f"O2-{t}", f"{zh}氧气", "o2.intake", e.id, 0.6, dev)
                    self.sensor(f"CO2-{t}", f"{zh}二氧化碳", "co2.intake", e.id, 0.62, dev)
                if main == "R":
                    role = "ch4.district-return" if i > 6 else "ch4.main-return"
                    self.sensor(f"TZ-{i}", f"{zh}甲烷", role, e.id, 0.6, dev)
                    self.sensor(f"CO-{t}", f"{zh}一氧化碳", "co.return", e.id, 0.62, dev)
                    self.sensor(f"CO2-{t}", f"{zh}二氧化碳", "co2.return", e.id, 0.64, dev)
                    if i > 6:
                        self.p.output(f"S-{t}", f"{zh}动力", f"{self.m.places[e.place].en}, supply", "switch.power", e.place, dev,
                                      self.p.along(e.id, 0.4, 7), parent="HV-S2-5", kw=15, meter=("pm02", 6))

    def ends(self):
        """Main return, shafts, incline."""
        s = self.sensor
        s("TZ-10", "总回风巷甲烷", "ch4.main-return", "RW2", 0.5, "sub18")
        s("CO-R10", "总回风巷一氧化碳", "co.return", "RW2", 0.52, "sub18")
        s("CO2-R10", "总回风巷二氧化碳", "co2.return", "RW2", 0.54, "sub18")
        s("FS-R10", "总回风巷风速", "wind.main", "RW2", 0.4, "sub18")
        s("FX-R10", "总回风巷风流方向", "wind.direction", "RW2", 0.42, "sub18")
        self.p.add("FS-FJ", "风硐风速", "Fan drift, wind", "wind.fan-shaft", "fan-house", "wind:SHAFT-R:0.9", "sub18", (-135, 415))
        self.p.add("FS-JK", "副立井风速", "People shaft, wind", "wind.people-shaft", "people-shaft", "wind:SHAFT-P:0.5", "sub14", (-318, 68))
        self.p.add("TW-JK", "副立井井口以下空气温度", "People shaft, intake temperature", "temp.intake", "people-shaft", "temp:SHAFT-P:0.8",
                   "sub14", (-318, 58))
        s("TW-XJ", "主斜井井口以下空气温度", "temp.intake", "INC3", 0.2, "sub19")
        s("FS-XJ", "主斜井风速", "wind.main", "INC2", 0.5, "sub19")
        s("FC-XJ", "主斜井粉尘", "dust.total", "INC1", 0.6, "sub19")
        s("FS-CC", "井底车场风速", "wind.main", "ST3", 0.4, "sub14")
        s("O2-CC", "井底车场氧气", "o2.intake", "ST3", 0.5, "sub14")
        s("FS-RD", "井底车场绕道风速", "wind.main", "ST5", 0.5, "sub14")
        s("FS-FQ", "1203运输联络巷风桥风速", "wind.bridge", "1203L1", 0.6, "sub03")
        s("FS-FQ2", "1205运输联络巷风桥风速", "wind.bridge", "1205L1", 0.6, "sub06")
        s("FS-FQ3", "南翼风桥风速", "wind.bridge", "1206L3", 0.4, "sub16")
        s("TM-MC", "井底煤仓上方甲烷", "ch4.bunker", "bunker-road", 0.1, "sub19")
        s("FC-MC", "井底煤仓粉尘", "dust.total", "bunker-road", 0.15, "sub19")
        s("CO-MC", "井底煤仓一氧化碳", "co.belt", "bunker-road", 0.2, "sub19")
        self.p.output("S-MC", "煤仓给煤机电源", "Bunker feeder supply", "switch.power", "bunker-road", "sub19", (75, 10), parent="HV-3",
                      kw=55, meter=("pm01", 1))

    def west(self):
        for i in range(1, 5):
            self.sensor(f"FS-WA{i}", f"西翼辅运巷{i}段风速", "wind.other", f"WA{i - 1}", 0.5, "sub21")
            self.sensor(f"FX-WA{i}", f"西翼辅运巷{i}段风流方向", "wind.direction", f"WA{i - 1}", 0.52, "sub21")
            self.sensor(f"TY-W{i}", f"西翼回风巷{i}段甲烷", "ch4.wing-return", f"WR{i - 1}", 0.6, "sub21")
            self.sensor(f"CO-W{i}", f"西翼回风巷{i}段一氧化碳", "co.return", f"WR{i - 1}", 0.62, "sub21")
            self.sensor(f"FS-WR{i}", f"西翼回风巷{i}段风速", "wind.district", f"WR{i - 1}", 0.5, "sub21")
            self.sensor(f"FC-W{i}", f"西翼回风巷{i}段粉尘", "dust.total", f"WR{i - 1}", 0.55, "sub21")
        self.sensor("TB-YD", "移动抽采泵站甲烷", "ch4.drain-station", "WX3", 0.8, "sub21")
        self.sensor("TW-YD", "移动抽采泵站温度", "temp.room", "WX3", 0.5, "sub21")
        self.p.output("S-YD", "移动抽采泵站电源", "Drainage station supply", "switch.power", "drain-station", "sub21", (-1090, 118),
                      parent="HV-6", kw=110, meter=("pm01", 1))

    def doors(self):
        for e in list(self.m.edges.values()):
            if not e.door:
                continue
            zh, en = self.m.places[e.place].name, self.m.places[e.place].en
            for leaf, role, f in (("A", "door.airlock-a", 0.35), ("B", "door.airlock-b", 0.65)):
                at = self.p.along(e.id, f, 0)
                self.p.add(f"{e.door}{leaf}", f"{zh}风门{leaf}", f"{en}, door {leaf}", role, e.place, f"door:{e.door}:{leaf}", "sub22", at)
                self.p.asset(f"D-{e.door}{leaf}", f"{zh}风门{leaf}", "door", e.place, f"{e.door}{leaf}", at)
            self.p.add(f"YC-{e.door}", f"{zh}风门压差", f"{en}, pressure", "pressure.diff", e.place, f"dp:{e.id}:0", "sub22",
                       self.p.along(e.id, 0.5, 5))
            # two leaves share what the airlock resists
            self.p.plan.append(f"door {e.door} branch={e.id} r={e.extra_r / 2:g} open=0.9")

    def seals(self):
        for k, e in enumerate(x for x in self.m.edges.values() if x.seal):
            zh, en = self.m.places[e.place].name, self.m.places[e.place].en
            at = self.p.along(e.id, 0.8, 0)
            src = f"dp:{e.id}:0" if e.net else f"seal:{120 + 37 * (k % 7)}"
            self.p.add(f"YC-{e.seal}", f"{zh}压差", f"{en}, pressure", "pressure.diff", e.place, src, "sub17", at)
            self.p.add(f"CO-{e.seal}", f"{zh}一氧化碳", f"{en}, CO", "co.goaf", e.place, f"const:{3 + k % 6}:1.2:{5400 + 600 * k}", "sub17", at)
