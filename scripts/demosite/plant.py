# SPDX-License-Identifier: Apache-2.0
"""Machines with a PLC of their own, each one asset: pump stations, hoist, guards, supplies, face, yard."""


class Asset:
    """Points of one machine, gathered as they are made; `at` in mine coordinates."""

    def __init__(self, p, tid, kind, zh, en, place, dev, at, to=""):
        self.p, self.id, self.zh, self.en, self.place, self.dev, self.at = p, tid, zh, en, place, dev, at
        self.kind, self.to, self.points = kind, to, []

    def add(self, pid, zh, en, role, src, dev=None, **kw):
        self.p.add(pid, self.zh + zh, f"{self.en}, {en}", role, self.place, src, dev or self.dev, self.at, **kw)
        self.points.append(pid)

    def sig(self, pid, zh, en, role, rig, signal, **kw):
        self.add(pid, zh, en, role, f"rig:{rig}:{signal}", **kw)

    def coil(self, pid, zh, en, role, open_=True, two=False):
        self.p.coil(pid, self.zh + zh, f"{self.en}, {en}", role, self.place, self.dev, self.at, open_, two)
        self.points.append(pid)

    def done(self, *more):
        self.p.thing(self.id, self.kind, self.zh, self.en, self.place, self.points + list(more), self.to)
        self.p.asset(f"SB-{self.id}", self.zh, "pump" if self.kind == "pump" else "switch", self.place, self.points[0], self.at)


def pump_station(p, t="SC1", rig="PS1", at=(-170, 12)):
    sump = Asset(p, t, "pump", "主排水外水仓", "Outer sump", "main-pumps", "plc03", at)
    sump.sig(f"YK-{t}", "集控方式", "remote mode", "pump.remote", rig, "remote")
    sump.sig(f"RL-{t}", "涌入量", "inflow", "water.inflow", rig, "inflow")
    sump.sig(f"CL-{t}", "存水量", "volume", "sump.volume", rig, "volume")
    sump.sig(f"XB-{t}", "下一台泵号", "next pump", "pump.next", rig, "next")
    sump.done(f"SW-{t}", f"SL-{t}")
    for i in (1, 2, 3):
        a = Asset(p, f"{t}-{i}", "pump", f"外水仓{i}号泵", f"Outer sump, pump {i}", "main-pumps", "plc03", (at[0] + 9 * i - 24, at[1] + 6), t)
        a.coil(f"BQ-{t}-{i}", "启停", "start", "pump.drive")
        a.coil(f"ZB-{t}-{i}", "值班", "duty", "pump.duty", open_=i == 3)
        a.sig(f"KB-{t}-{i}", "就绪", "ready", "pump.ready", rig, f"ready{i}")
        a.sig(f"GZ-{t}-{i}", "故障", "fault", "pump.fault", rig, f"fault{i}")
        a.sig(f"XS-{t}-{i}", "运行小时", "hours", "pump.hours", rig, f"hours{i}")
        a.done(f"SB-{t}-{i}", f"SBD-{t}-{i}", f"KD-SBD-{t}-{i}", f"I-SBD-{t}-{i}", f"U-SBD-{t}-{i}", f"P-SBD-{t}-{i}")
    p.rig(rig, "pumps", **{f"pump{i}": f"B{t}-{i}" for i in (1, 2, 3)}, **{f"start{i}": f"BQ-{t}-{i}" for i in (1, 2, 3)},
          **{f"duty{i}": f"ZB-{t}-{i}" for i in (1, 2, 3)})


def hoist(p):
    a = Asset(p, "FJ", "hoist", "副井提升机", "Man hoist", "winder-house", "plc05", (-322, -10))
    for pid, zh, en, role, sig in (
            ("TJ-SD", "罐笼深度", "depth", "depth", "depth"), ("TJ-V", "速度", "speed", "speed", "speed"),
            ("TJ-VX", "允许速度", "envelope", "envelope", "limit"), ("TJ-ZD", "制动油压", "brake", "brake", "brake"),
            ("TJ-CS", "提升次数", "cycles", "cycles", "cycles"), ("TJ-ZH", "载荷", "load", "load", "load"),
            ("TJ-GJ", "过卷保护", "over-wind", "over-wind", "over"), ("TJ-SS", "松绳保护", "slack rope", "slack", "slack"),
            ("TJ-ZL1", "井口罐帘", "curtain at the top", "curtain", "top"), ("TJ-ZL2", "井底罐帘", "curtain at the bottom", "curtain", "bottom"),
            ("TJ-XK", "提升许可", "permit", "permit", "permit")):
        a.sig(pid, zh, en, f"hoist.{role}", "TJ", sig)
    p.rig("TJ", "hoist")
    a.done()


def guards(eq):
    p = eq.p
    b = Asset(p, "DCL-1", "barrier", "主斜井挡车栏", "Barrier of the incline", "incline", "plc06", (-1100, -392))
    b.coil("DC-1", "提起", "raise", "barrier.raise")
    for pid, zh, en, role, sig in (("DC-1-W", "位置", "position", "up", "up"), ("DC-1-C", "车辆", "car", "car", "car"),
                                   ("DC-1-V", "车速", "speed", "speed", "speed"), ("DC-1-J", "绞车", "winch", "winch", "winch")):
        b.sig(pid, zh, en, f"barrier.{role}", "DCL", sig)
    p.rig("DCL", "barrier", **{"raise": "DC-1"})
    b.done()
    e = next(x for x in p.mine.edges.values() if x.door)
    d = Asset(p, f"LS-{e.door}", "door", f"{p.mine.places[e.place].name}联锁风门", f"Airlock {e.door}", e.place, "plc06", p.along(e.id, 0.5, 8))
    d.coil(f"KF-{e.door}A", "A开启", "open A", "door.open-a")
    d.coil(f"KF-{e.door}B", "B开启", "open B", "door.open-b")
    p.rig("LS", "airlock", door=e.door, a=f"KF-{e.door}A", b=f"KF-{e.door}B")
    d.done(f"{e.door}A", f"{e.door}B", f"YC-{e.door}")
    for tag, zh, en in (("1207Y", "1207运输顺槽掘进机", "Roadheader 1207Y"), ("1207H", "1207回风顺槽掘进机", "Roadheader 1207H")):
        dev, key = {"1207Y": "sub07", "1207H": "sub08"}[tag], f"h{tag.lower()}"
        a = Asset(p, f"EBZ-{tag}", "machine", zh, en, f"{key}-face", dev, p.along(f"{key}-2", 0.6, 9))
        a.sig(f"RY-{tag}", "危险区有人", "somebody in the zone", "machine.person", f"RT-{tag}", "person")
        a.sig(f"JJ-{tag}", "警示区有人", "somebody near", "machine.near", f"RT-{tag}", "warn")
        a.sig(f"FH-{tag}", "人体防护投入", "guard in force", "machine.guard", f"RT-{tag}", "ready")
        p.rig(f"RT-{tag}", "near", machine=f"JD-{tag}")
        a.done(f"JD-{tag}", f"KD-JD-{tag}", f"I-JD-{tag}", f"U-JD-{tag}", f"P-JD-{tag}")


def supplies(p):
    for n, sw, sub, dev, at in (("1", "HV-S1-6", "substation-1", "sub15", (362, 86)), ("2", "HV-S2-5", "substation-2", "sub13", (1527, 86))):
        a = Asset(p, f"KB-{n}", "power", f"{'一二'[int(n) - 1]}采区变电所低压馈电", f"District {n} feeder", sub, "plc06", at)
        a.sig(f"JY-{n}", "绝缘电阻", "insulation", "breaker.insulation", f"JL-{n}", "ohm")
        a.sig(f"LD-{n}", "漏电跳闸", "leakage trip", "breaker.leak", f"JL-{n}", "trip")
        p.rig(f"JL-{n}", "breaker", breaker=sw)
        a.done(sw, f"KD-{sw}", f"I-{sw}", f"U-{sw}", f"P-{sw}")
    for n in (1, 2):
        a = Asset(p, f"KYJ-{n}", "compressor", f"{n}号空压机", f"Compressor {n}", "drain-house", "plc06", (80 + 14 * n, 476))
        a.coil(f"KQ-{n}", "启停", "start", "compressor.drive", open_=n == 2)
        for k, zh, en, role, sig in (("KY", "运行", "running", "run", "run"), ("KF", "供风压力", "pressure", "pressure", "mpa"),
                                     ("KW", "排气温度", "temperature", "temp", "temp"), ("KO", "润滑油压", "oil", "oil", "oil"),
                                     ("KT", "保护", "trip", "trip", "trip"), ("KK", "集控方式", "remote", "remote", "remote")):
            a.sig(f"{k}-{n}", zh, en, f"compressor.{role}", f"KYJ-{n}", sig)
        p.rig(f"KYJ-{n}", "compressor", start=f"KQ-{n}")
        a.done()
    for n, at in ((1, (1252, 84)), (2, (2132, 84))):
        a = Asset(p, f"BN-{n}", "refuge", f"{n}号避难硐室", f"Refuge {n}", f"refuge-{n}", "plc06", at)
        for k, zh, en, role in (("O2", "氧气", "oxygen", "o2"), ("CO2", "二氧化碳", "CO2", "co2"), ("CO", "一氧化碳", "CO", "co"),
                                ("PA", "正压", "pressure", "pa"), ("MEN", "防护门", "door", "door"), ("QP", "气瓶压力", "bottles", "bottle"),
                                ("RS", "人数", "people", "inside")):
            a.sig(f"BN{n}-{k}", zh, en, f"refuge.{ {'pa': 'pressure'}.get(role, role)}", f"BN-{n}", role)
        p.rig(f"BN-{n}", "refuge")
        a.done(f"BD-{n}", f"KD-BD-{n}")


def yard(p):
    a = Asset(p, "ZJ-1", "drill", "1号无人钻机", "Drill 1", "weather", "plc08", (-1250, -820))
    a.coil("ZK-SN", "使能", "enable", "drill.enable")
    a.coil("ZK-ZJ", "钻进", "drill", "drill.start")
    for k, zh, en, role, sig in (("YX", "运行", "running", "run", "run"), ("JT", "就地急停", "stop button", "stop-button", "stopped"),
                                 ("SL", "失联停机", "link lost", "link-lost", "lost"), ("KS", "孔深", "depth", "depth", "depth"),
                                 ("SD", "钻进速度", "rate", "rate", "rate"), ("NJ", "扭矩", "torque", "torque", "torque"),
                                 ("FY", "风压", "air", "air", "air"), ("KH", "当前孔号", "hole", "hole", "hole"),
                                 ("SJ", "设计孔深", "planned", "planned", "plan"), ("WC", "完成孔数", "holes done", "done", "done")):
        a.sig(f"ZK-{k}", zh, en, f"drill.{role}", "ZJ-1", sig)
    p.rig("ZJ-1", "drill", start="ZK-ZJ", enable="ZK-SN", device="plc08")
    a.done()
    for n in (1, 2, 3):
        tid, own, at = f"DK-{n}", [], (-1400 + 40 * n, -860)
        for k, zh, en, role in (("SOC", "电量", "charge", "soc"), ("V", "车速", "speed", "speed"), ("ZZ", "载重", "load", "load"),
                                ("XH", "循环数", "cycles", "cycles"), ("DH", "累计电耗", "energy", "energy"), ("SH", "上一循环电耗", "last cycle", "last"),
                                ("CD", "充电", "charging", "charging")):
            pid = f"{tid}-{k}"
            p.publish(pid, f"{n}号电动卡车{zh}", f"Truck {n}, {en}", f"truck.{role}", "weather", f"rig:{tid}:{ {'energy': 'kwh'}.get(role, role)}",
                      "truck-gw", f"mine/truck/{tid}", role, at)
            own.append(pid)
        own.append(f"{tid}-YH")
        p.counted(own[-1], f"{n}号电动卡车同级柴油车每循环油耗", f"Truck {n}, diesel a cycle of a truck of its class", "truck.litres", "weather", at)
        p.rig(tid, "truck")
        p.thing(tid, "truck", f"{n}号电动卡车", f"Truck {n}", "weather", own)


def coaling(p, n="1203"):
    at = p.along(f"{n}F", 0.5, 10)
    a = Asset(p, f"GZM-{n}", "face", f"{n}综采工作面", f"Coaling face {n}", f"{n}-face", "plc07", at)
    for k, zh, en, role, sig in (("WZ", "采煤机位置", "shearer", "position", "pos"), ("QY", "牵引速度", "haulage speed", "speed", "speed"),
                                 ("ZD", "记忆截割", "automatic", "auto", "auto"), ("YJ", "移架次数", "advances", "moves", "moves"),
                                 ("ZY", "自动移架次数", "automatic advances", "moves-auto", "automoves"),
                                 ("QD", "自动启动次数", "automatic starts", "starts-auto", "starts"),
                                 ("RQ", "人工启动次数", "starts by hand", "starts-hand", "hand")):
        a.sig(f"{n}-{k}", zh, en, f"face.{role}", f"GZM-{n}", sig)
    for i in range(1, 41):
        a.sig(f"ZJ-{n}-{i:02d}", f"{i}号支架压力", f"support {i}", "face.support", f"GZM-{n}", f"p{i}")
    p.rig(f"GZM-{n}", "face", shearer=f"SHR-{n}")
    a.done()
    mix(p, n)
    clean_water(p, n)
    backfill(p, n)


def mix(p, n):
    b = Asset(p, f"RHY-{n}", "station", f"{n}乳化液泵站", f"Emulsion station {n}", f"{n}-int", "plc07", p.along(f"{n}I-3", 0.7, 9))
    b.sig("RH-SD", "浓度设定", "set-point", "mix.set", f"RHY-{n}", "set", set_lo=3, set_hi=5, set_step=0.5)
    for k, zh, en, role, sig in (("ND", "浓度", "concentration", "mix.concentration", "conc"), ("FK", "配液阀", "valve", "mix.valve", "valve"),
                                 ("FW", "配液阀阀位", "valve position", "mix.position", "pos"), ("JS", "进水阀", "water valve", "mix.water", "water"),
                                 ("YW", "液位", "level", "mix.level", "level"), ("YX", "乳化油箱", "oil", "mix.oil", "oil"),
                                 ("BY", "泵站压力", "pressure", "mix.pressure", "mpa"), ("BS", "运行泵数", "pumps running", "mix.pumps", "run"),
                                 ("KP", "比例增益", "gain", "mix.gain", "gain"), ("TI", "积分时间", "reset time", "mix.reset", "reset"),
                                 ("GY", "高压过滤压差", "high-pressure filter", "filter.high", "high"),
                                 ("DY", "低压过滤压差", "low-pressure filter", "filter.low", "low"), ("FC", "反冲洗", "flush", "filter.flush", "flush"),
                                 ("CC", "反冲洗次数", "flushes", "filter.flushes", "flushes"), ("YK", "远控", "remote", "station.remote", "remote")):
        b.sig(f"RH-{k}", zh, en, role, f"RHY-{n}", sig)
    b.sig("RH-FS", "反冲洗压差设定", "flush set-point", "filter.set", f"RHY-{n}", "dpset", set_lo=0.2, set_hi=0.45)
    p.rig(f"RHY-{n}", "mix")
    b.done()


def clean_water(p, n):
    c = Asset(p, f"QSZ-{n}", "station", f"{n}清水站", f"Clean-water station {n}", f"{n}-int", "plc07", p.along(f"{n}I-3", 0.75, 9))
    for k, zh, en, role, sig in (("YC", "过滤压差", "filter", "filter.clean", "dp"), ("FC", "反冲洗", "flush", "filter.flush", "flush"),
                                 ("CC", "反冲洗次数", "flushes", "filter.flushes", "flushes"), ("ZD", "出水浊度", "turbidity", "clean.turbidity", "clear"),
                                 ("YW", "清水箱液位", "level", "clean.level", "level"), ("LL", "产水量", "flow", "clean.flow", "flow"),
                                 ("YK", "远控", "remote", "station.remote", "remote")):
        c.sig(f"QS-{k}", zh, en, role, f"QSZ-{n}", sig)
    c.sig("QS-FS", "反冲洗压差设定", "flush set-point", "filter.set", f"QSZ-{n}", "dpset", set_lo=0.08, set_hi=0.25)
    p.rig(f"QSZ-{n}", "water")
    c.done()


def backfill(p, n):
    d = Asset(p, f"CTZ-{n}", "station", f"{n}充填泵站", f"Backfill station {n}", f"{n}-int", "plc07", p.along(f"{n}I-3", 0.85, 9))
    for k, zh, en, role, sig in (("LL", "充填流量", "paste flow", "fill.flow", "flow"), ("ND", "料浆质量浓度", "solids", "fill.solids", "solids"),
                                 ("YL", "充填泵压力", "pressure", "fill.pressure", "mpa"), ("CD", "沿空留巷长度", "retained entry", "entry.length", "length"),
                                 ("YJ", "留巷顶底板移近量", "closing of the entry", "entry.closing", "closing")):
        d.sig(f"CT-{k}", zh, en, role, f"CTZ-{n}", sig)
    p.rig(f"CTZ-{n}", "fill")
    d.done()


def build(eq):
    pump_station(eq.p)
    hoist(eq.p)
    guards(eq)
    supplies(eq.p)
    coaling(eq.p)
    yard(eq.p)
