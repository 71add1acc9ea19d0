# SPDX-License-Identifier: Apache-2.0
"""Drainage, bundle tubes, sprays, what a fan's start asks for, and the inspector's rounds."""


def near(p, pid):
    """Device and place of a point that stands already."""
    row = next(r for r in p.rows if r["id"] == pid)
    return row["link"], row["place"]


def drainage(p, m):
    for t, zh, en, place, dev, flow, conc, suction in (
            ("YD", "井下移动泵站", "Underground station", "drain-station", "sub21", 42, 28, 18),
            ("DM", "地面泵站高负压", "Surface station, high suction", "drain-house", "sub20", 96, 38, 32)):
        at = m.places[place].at
        p.add(f"CQ-{t}", f"{zh}混合流量", f"{en}, mixed flow", "drain.flow", place, f"const:{flow}:2:5200", dev, at)
        p.add(f"CN-{t}", f"{zh}甲烷浓度", f"{en}, methane", "drain.conc", place, f"const:{conc}:1.5:9000", dev, at)
        p.add(f"FYC-{t}", f"{zh}负压", f"{en}, suction", "drain.suction", place, f"const:{suction}:0.8:4100", dev, at)
        p.add(f"CW-{t}", f"{zh}管道温度", f"{en}, temperature", "drain.temp", place, "const:22:1:30000", dev, at)
        p.add(f"CB-{t}", f"{zh}抽采泵运行", f"{en}, pump running", "drain.pump", place, "const:1:0:1000", dev, at)
        p.add(f"PK-{t}", f"{zh}对空排放", f"{en}, vented", "drain.vent", place, "const:0:0:1000", dev, at)


def bundle(p, m):
    """The analyser goes round its tubes and publishes what it found."""
    for i, (place, zh, co, o2) in enumerate((("1203-ret", "1203采空区一号束管", 6, 12.4), ("1205-ret", "1205采空区一号束管", 4, 14.1),
                                             ("drain-station", "西翼老空区束管", 2, 8.2))):
        t, at, en = f"S{i + 1}", m.places[place].at, m.places[place].en + ", bundle tube"
        for key, role, name, name_en, src in (("SCO", "bundle.co", "一氧化碳", "CO", f"const:{co}:1:7000"), ("SC2", "bundle.c2h4", "乙烯", "C2H4", "const:0:0:1000"),
                                              ("SO2", "bundle.o2", "氧气", "O2", f"const:{o2}:0.3:21000"), ("CKW", "goaf.temp", "采空区温度", "goaf temperature", "const:23:0.6:40000")):
            p.publish(f"{key}-{t}", f"{zh}{name}", f"{en}, {name_en}", role, place, src, "bundle-gw", f"mine/bundle/{t}", key.lower(), at)
        p.counted(f"GR-{t}", f"{zh}格雷厄姆系数", f"{en}, Graham ratio", "fire.graham", place, at)


def sprays(p):
    for n in ("1203", "1205", "1207Y", "1207H"):
        dev, place = near(p, f"FC-{n}-1")
        p.add(f"PW-{n}", f"{n}喷雾降尘", f"{n} sprays", "dust.spray", place, f"coil:PW-{n}", dev)
        branch = next(x for x in p.plan if x.startswith(f"point FC-{n}-1 ")).split("src=dust:")[1].split(":")[0]
        p.plan += [f"switch PW-{n} open=1", f"spray {branch} switch=PW-{n}"]


def headings(p):
    for n in ("1207Y", "1207H"):
        dev, place = near(p, f"T1-{n}")
        p.add(f"TF-{n}", f"{n}局部通风机附近甲烷", f"{n}, methane near the fan", "ch4.fan-near", place, "const:0.05:0.02:4000", dev)
        p.add(f"C2-{n}", f"{n}掘进工作面二氧化碳", f"{n}, carbon dioxide", "co2.heading", place, "const:0.12:0.03:6000", dev)
        p.counted(f"PF-{n}", f"{n}排放瓦斯措施", f"{n}, degassing measures", "gas.degas", place)
        p.counted(f"R-{n}", f"{n}便携仪甲烷", f"{n}, portable methane", "round.ch4", place)


def build(eq):
    drainage(eq.p, eq.m)
    bundle(eq.p, eq.m)
    sprays(eq.p)
    headings(eq.p)
