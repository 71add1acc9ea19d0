# SPDX-License-Identifier: Apache-2.0
"""Places, roadways, areas and labels of the demonstration mine, in mine coordinates (u east, v north).

The mine: an incline, a people shaft and a return shaft in the west; three mains (belt, auxiliary,
return) to the east; panels north and south of them; an old wing in the west. Every number is made
up.
"""

import math
from dataclasses import dataclass, field

EAST0, NORTH0, TURN = 487000.0, 4352000.0, math.radians(9.0)


def to_crs(p):
    """Mine coordinates to the site's coordinate system (x east, y north)."""
    u, v = p
    c, s = math.cos(TURN), math.sin(TURN)
    return round(EAST0 + u * c - v * s, 1), round(NORTH0 + u * s + v * c, 1)


@dataclass
class Edge:
    """A roadway between two nodes; `net`: air flows through it as a branch of the network."""
    id: str
    a: str
    b: str
    place: str
    pts: list
    kind: str = "roadway"
    area: float = 16.0
    alpha: float = 0.010
    length: float = 0.0
    extra_r: float = 0.0
    fixed: float = None       # design flow that a regulator sets, m3/s
    net: bool = True
    drawn: bool = True
    duct: bool = False
    door: str = None          # airlock in this roadway
    seal: str = None
    ch4: float = 0.0          # m3/s given off along it
    temp: float = 17.0
    head: float = 0.0         # natural ventilation, Pa
    fan: str = None
    q: float = 0.0

    def resistance(self):
        perimeter = 4.2 * math.sqrt(self.area)
        return self.alpha * perimeter * self.length / self.area ** 3 + self.extra_r


@dataclass
class Place:
    id: str
    parent: str
    kind: str
    name: str
    en: str
    at: tuple = None
    air_to: list = field(default_factory=list)
    length: float = 0.0


class Mine:
    def __init__(self):
        self.nodes, self.edges, self.places = {}, {}, {}
        self.areas, self.labels = [], []

    def node(self, name, u, v):
        self.nodes[name] = (u, v)
        return name

    def place(self, pid, parent, kind, name, en, at=None):
        self.places[pid] = Place(pid, parent, kind, name, en, at)
        return pid

    def edge(self, eid, a, b, place, via=(), **kw):
        pts = [self.nodes[a], *via, self.nodes[b]]
        length = sum(math.dist(p, q) for p, q in zip(pts, pts[1:]))
        e = Edge(eid, a, b, place, pts, **kw)
        e.length = e.length or max(length, 8.0)
        assert eid not in self.edges, eid
        self.edges[eid] = e
        return e

    def stub(self, eid, place, pts, **kw):
        """A dead end: drawn, without through air."""
        a, b = self.node(f"{eid}.a", *pts[0]), self.node(f"{eid}.b", *pts[-1])
        return self.edge(eid, a, b, place, via=pts[1:-1], net=False, **kw)

    def area(self, place, name, kind, pts):
        self.areas.append((place, name, kind, pts))

    def label(self, text, at, size):
        self.labels.append((text, at, size))


CROSS = [120, 400, 650, 930, 1190, 1450, 1700, 1950, 2300]
# main, its line, prefix, kind of its places, area, names
MAINS = {
    "B": (0, "belt-main", "roadway", 18, "胶带大巷", "Belt main"),
    "A": (50, "aux-main", "roadway", 20, "辅运大巷", "Auxiliary main"),
    "R": (105, "return-main", "main-return", 27, "回风大巷", "Return main"),
}
ON_MAIN = {
    "A": [0, 120, 210, 300, 330, 400, 515, 650, 745, 785, 930, 1010, 1045, 1055, 1190, 1220, 1285, 1295, 1450,
          1500, 1700, 1850, 1950, 2100, 2270, 2300],
    "B": [0, 60, 120, 400, 530, 650, 800, 900, 930, 1190, 1450, 1700, 1950, 2300],
    "R": [0, 60, 120, 240, 360, 400, 650, 770, 930, 1040, 1070, 1140, 1190, 1260, 1310, 1450, 1540, 1700, 1890, 1950,
          2140, 2300],
}


def span_of(u):
    """Index of the stretch between crosscuts that begins at or before u."""
    return sum(1 for c in CROSS if c <= u and c < CROSS[-1])


def build_mains(m):
    for main, (v, pid, kind, area, zh, en) in MAINS.items():
        stops = [0] + CROSS
        for i, (lo, hi) in enumerate(zip(stops, stops[1:])):
            k = "return" if main == "R" and lo >= 1450 else kind
            m.place(f"{pid}-{i + 1}", "level-820", k, f"{zh}{i + 1}段", f"{en}, stretch {i + 1}", ((lo + hi) / 2, v))
        for u in ON_MAIN[main]:
            m.node(f"{main}{u}", u, v)
        for lo, hi in zip(ON_MAIN[main], ON_MAIN[main][1:]):
            a, b = (hi, lo) if main == "R" else (lo, hi)
            m.edge(f"{main}{lo}-{hi}", f"{main}{a}", f"{main}{b}", f"{pid}-{span_of(lo) + 1}", area=area,
                   kind="main-return" if main == "R" else "main", ch4=0.00002 * (hi - lo) / 10)
    for i, u in enumerate(CROSS):
        p = m.place(f"xc-ab-{i + 1}", "level-820", "roadway", f"{i + 1}号联络巷", f"Crosscut {i + 1}", (u, 25))
        m.edge(f"XAB{u}", f"A{u}", f"B{u}", p, kind="crosscut", area=14, extra_r=0.02)
        if u == CROSS[-1]:
            continue
        p = m.place(f"xc-ar-{i + 1}", "level-820", "roadway", f"{i + 1}号风门联络巷", f"Airlock crosscut {i + 1}", (u, 78))
        m.edge(f"XAR{u}", f"A{u}", f"R{u}", p, kind="crosscut", area=14, extra_r=900, door=f"FM-{i + 1:02d}")


def chamber(m, pid, name, en, u0, u1, q, kind="chamber"):
    """A chamber between the auxiliary and the return main with air of its own."""
    m.place(pid, "level-820", kind, name, en, ((u0 + u1) / 2, 78))
    m.edge(pid, f"A{u0}", f"R{u1}", pid, via=[(u0, 78), (u1, 78)], kind="chamber", fixed=q, temp=21.0)


def build_chambers(m):
    chamber(m, "explosives", "爆破材料库", "Explosives store", 210, 240, 2.5)
    chamber(m, "substation-1", "一采区变电所", "District substation 1", 330, 360, 3.0)
    chamber(m, "refuge-1", "1号永久避难硐室", "Refuge 1", 1220, 1260, 2.0)
    chamber(m, "substation-2", "二采区变电所", "District substation 2", 1500, 1540, 3.0)
    chamber(m, "pump-room-2", "二采区水泵房", "District pump room 2", 1850, 1890, 3.0)
    chamber(m, "refuge-2", "2号永久避难硐室", "Refuge 2", 2100, 2140, 2.0)
    m.place("bunker-road", "level-820", "bunker", "井底煤仓", "Coal bunker at the shaft bottom", (60, 25))
    m.edge("bunker-road", "B60", "R60", "bunker-road", kind="chamber", fixed=4.0, ch4=0.004, temp=19.0)
    for i, (u, zh, en) in enumerate([(160, "消防材料库", "Fire material store"), (560, "1号材料库", "Material store 1"),
                                     (1120, "1号错车硐室", "Passing bay 1"), (1380, "2号材料库", "Material store 2"),
                                     (1620, "2号错车硐室", "Passing bay 2"), (2040, "3号材料库", "Material store 3")]):
        pid = m.place(f"store-{i + 1}", "level-820", "chamber", zh, en, (u, 25))
        m.stub(pid, pid, [(u, 50), (u, 28), (u + 26, 28)], kind="chamber", area=12)


def build_bottom(m):
    """Shafts, station, central chambers, sumps."""
    for n, u, v in [("S", -260, 700), ("AS", -330, 60), ("P1", -250, 60), ("P2", -130, 57), ("P3", -60, 54), ("MI", -40, -14),
                    ("I1", -410, -150), ("I2", -780, -283), ("I3", -1150, -420), ("C1", -250, 8), ("C2", -200, 8),
                    ("C3", -140, 8), ("RW", -70, 170), ("RS", -120, 400), ("FH", -150, 405), ("G1", 40, 50)]:
        m.node(n, u, v)
    m.place("incline", "mine", "shaft", "主斜井", "Main incline", (-640, -233))
    m.place("people-shaft", "mine", "shaft", "副立井", "People and material shaft", (-330, 60))
    m.place("return-shaft", "mine", "shaft", "回风立井", "Return shaft", (-120, 400))
    m.edge("INC3", "S", "I2", "incline", area=18, length=394, kind="incline", drawn=False, head=20)
    m.edges["INC3"].pts = [(-1150, -420), (-780, -283)]
    m.edges["INC3"].drawn = True
    m.edge("INC2", "I2", "I1", "incline", area=18, kind="incline")
    m.edge("INC1", "I1", "MI", "incline", area=18, kind="incline")
    m.edge("SHAFT-P", "S", "AS", "people-shaft", area=28, length=430, alpha=0.02, drawn=False, head=30, kind="shaft")
    m.edge("SHAFT-R", "RS", "FH", "return-shaft", area=22, length=415, alpha=0.006, drawn=False, head=90, kind="shaft")
    m.place("fan-house", "surface", "station", "主要通风机房", "Main fan house", (-150, 440))
    m.edge("FAN-1", "FH", "S", "fan-house", area=20, length=60, extra_r=0.001, drawn=False, fan="ZT-1", kind="fan")
    m.edge("FAN-2", "FH", "S", "fan-house", area=20, length=60, extra_r=0.001, drawn=False, fan="ZT-2", kind="fan")

    m.place("station", "level-820", "station", "副井井底车场", "Shaft station", (-190, 60))
    m.edge("ST1", "AS", "P1", "station", area=24, kind="station")
    m.edge("ST2", "P1", "P2", "station", area=24, kind="station")
    m.edge("ST3", "P2", "P3", "station", area=22, kind="station")
    m.edge("ST4", "P3", "A0", "station", area=22, kind="station")
    m.place("station-loop", "level-820", "roadway", "井底车场绕道", "Station loop", (-240, 120))
    m.edge("ST5", "AS", "P2", "station-loop", via=[(-345, 90), (-325, 115), (-290, 122), (-190, 122), (-155, 112), (-138, 90)], area=18,
           kind="station")
    m.place("incline-bottom", "level-820", "roadway", "主斜井井底", "Incline bottom", (-20, -8))
    m.edge("MB0", "MI", "B0", "incline-bottom", area=18, kind="main")
    m.place("incline-link", "level-820", "roadway", "主井联络巷", "Incline link", (-58, 20))
    m.edge("MB1", "P3", "MI", "incline-link", via=[(-62, 22)], area=14, kind="crosscut", extra_r=0.05)
    m.place("central-sub", "level-820", "chamber", "中央变电所", "Central substation", (-225, 8))
    m.place("main-pumps", "level-820", "chamber", "主排水泵房", "Main pump room", (-170, 8))
    m.place("chamber-road", "level-820", "roadway", "中央硐室通道", "Chamber access", (-250, 35))
    m.edge("CH0", "P1", "C1", "chamber-road", area=12, kind="chamber")
    m.edge("CH1", "C1", "C2", "central-sub", area=18, kind="chamber", temp=23)
    m.edge("CH2", "C2", "C3", "main-pumps", area=20, kind="chamber", temp=22)
    m.place("chamber-return", "level-820", "return", "中央硐室回风道", "Return of the central chambers", (-95, 110))
    m.edge("CH3", "C3", "RW", "chamber-return", via=[(-112, 26), (-94, 130)], area=10, fixed=7.0, kind="return")
    m.place("sump-outer", "level-820", "chamber", "外水仓", "Outer sump", (-240, -32))
    m.place("sump-inner", "level-820", "chamber", "内水仓", "Inner sump", (-240, -58))
    m.stub("sump-outer", "sump-outer", [(-140, 8), (-146, -22), (-160, -32), (-330, -32), (-345, -22), (-345, -2), (-335, 8),
                                        (-250, 8)], kind="sump", area=10)
    m.stub("sump-inner", "sump-inner", [(-146, -22), (-146, -46), (-160, -58), (-350, -58), (-368, -44), (-368, -10), (-345, -2)],
           kind="sump", area=10)
    for i, (pid, zh, en, pts) in enumerate([
            ("waiting-room", "等候室", "Waiting room", [(-215, 60), (-215, 84), (-180, 84)]),
            ("dispatch-room", "井下调度站", "Underground dispatch room", [(-285, 60), (-285, 84), (-255, 84)]),
            ("first-aid", "急救站", "First aid", [(-170, 60), (-170, 42), (-145, 42)]),
            ("signal-room", "信号硐室", "Signal room", [(-300, 60), (-300, 44), (-280, 44)]),
            ("trolley-shed", "无轨胶轮车库", "Vehicle garage", [(25, 50), (25, 28), (105, 28), (105, 50)])]):
        m.place(pid, "level-820", "chamber", zh, en, pts[1])
        m.stub(pid, pid, pts, kind="chamber", area=14)
    m.edge("RW1", "R0", "RW", "return-main-0", via=[(-35, 115)], area=27, kind="main-return")
    m.edge("RW2", "RW", "RS", "return-main-0", area=27, kind="main-return")
    m.place("return-main-0", "level-820", "main-return", "总回风巷", "Main return", (-95, 285))


def build_west(m):
    """The old wing: worked out, kept for drainage; mains A and R go on to the west."""
    us = [-480, -660, -900, -1100]
    for u in us:
        m.node(f"WA{-u}", u, 64)
        m.node(f"WR{-u}", u, 172)
    a, r = ["AS"] + [f"WA{-u}" for u in us], ["RW"] + [f"WR{-u}" for u in us]
    for i in range(len(us)):
        pa = m.place(f"west-aux-{i + 1}", "level-820", "roadway", f"西翼辅运巷{i + 1}段", f"West auxiliary road, stretch {i + 1}",
                     ((us[i - 1] if i else -330) / 2 + us[i] / 2, 64))
        m.edge(f"WA{i}", a[i], a[i + 1], pa, area=15, kind="main")
        pr = m.place(f"west-return-{i + 1}", "level-820", "wing-return", f"西翼回风巷{i + 1}段", f"West return, stretch {i + 1}",
                     ((us[i - 1] if i else -70) / 2 + us[i] / 2, 172))
        m.edge(f"WR{i}", r[i + 1], r[i], pr, area=15, kind="return", ch4=0.0016)
    for i, u in enumerate(us[:3]):
        p = m.place(f"west-xc-{i + 1}", "level-820", "roadway", f"西翼{i + 1}号联络巷", f"West crosscut {i + 1}", (u, 118))
        m.edge(f"WX{i}", f"WA{-u}", f"WR{-u}", p, area=12, kind="crosscut", extra_r=900, door=f"FM-{21 + i}")
    m.place("drain-station", "level-820", "chamber", "井下移动瓦斯抽采泵站", "Drainage pump station", (-1100, 118))
    m.edge("WX3", "WA1100", "WR1100", "drain-station", area=14, kind="chamber", fixed=12.0, ch4=0.008, temp=20)


def gate_nodes(m, key, u, vs):
    for v in vs:
        m.node(f"{key}@{v}", u, v)
    return [f"{key}@{v}" for v in vs]


def gate(m, key, names, place, flip=False, **kw):
    for i, (a, b) in enumerate(zip(names, names[1:])):
        m.edge(f"{key}-{i + 1}", b if flip else a, a if flip else b, place, **kw)


def seal_cross(m, key, left, right, vs, zh, en, parent):
    for i, v in enumerate(vs):
        p = m.place(f"{key}-xc-{i + 1}", parent, "roadway", f"{zh}{i + 1}号联络巷", f"{en}, crosscut {i + 1}",
                    (m.nodes[f"{left}@{v}"][0] + 15, v))
        m.edge(f"{key}-X{v}", f"{left}@{v}", f"{right}@{v}", p, kind="crosscut", area=14, extra_r=24000, seal=f"MB-{key}-{i + 1}")


def build_face(m, n, i, r, north, face_v, end_v, int_vs, ret_vs, q, ch4, goaf=True):
    """A retreating panel: belt gate (intake) at u=i, return gate at u=r, face between them."""
    s = 1 if north else -1
    v0 = 160 if north else -60
    m.place(f"{n}", "level-820", "panel", f"{n}综采工作面" if goaf else f"{n}备采工作面", f"Panel {n}", ((i + r) / 2, (v0 + face_v) / 2))
    pi = m.place(f"{n}-int", n, "intake", f"{n}运输顺槽", f"{n} belt gate", (i, (v0 + face_v) / 2))
    pr = m.place(f"{n}-ret", n, "return", f"{n}回风顺槽", f"{n} return gate", (r, (v0 + face_v) / 2))
    pf = m.place(f"{n}-face", n, "face", f"{n}采煤工作面", f"{n} face", ((i + r) / 2, face_v))
    ints = gate_nodes(m, f"{n}I", i, [v0] + int_vs + [face_v])
    rets = gate_nodes(m, f"{n}O", r, [v0] + ret_vs + [face_v])
    gate(m, f"{n}I", ints, pi, kind="gate", area=17, alpha=0.012, temp=19, ch4=0.0008)
    gate(m, f"{n}O", rets, pr, flip=True, kind="gate-return", area=16, alpha=0.012, temp=22, ch4=0.0008)
    m.edge(f"{n}F", ints[-1], rets[-1], pf, kind="face", area=12, alpha=0.03, temp=22.5, ch4=ch4)
    return ints[0], rets[0], q, s, end_v


def build_panels(m):
    v_c = [300, 480, 660, 840, 1020]
    for n, i, r, face_v, end_v, iv, rv, q, ch4 in [
            (1203, 530, 770, 1150, 1800, [480, 840], v_c, 29.0, 0.050),
            (1205, 800, 1040, 1620, 1900, v_c + [1320], v_c[:4] + [1220], 27.0, 0.042)]:
        build_face(m, str(n), i, r, True, face_v, end_v, iv, rv, q, ch4)
        gi, gr = f"{n}I@160", f"{n}O@160"
        p = m.place(f"{n}-belt-link", str(n), "intake", f"{n}运输联络巷（风桥）", f"{n} belt link with air bridge", (i, 80))
        m.edge(f"{n}L1", f"B{i}", gi, p, kind="gate", area=15)
        p = m.place(f"{n}-aux-link", str(n), "intake", f"{n}辅运联络巷", f"{n} auxiliary link", (i - 15, 105))
        m.edge(f"{n}L2", f"A{i - 15}", gi, p, via=[(i - 15, 140)], kind="gate", area=13, extra_r=0.08)
        p = m.place(f"{n}-ret-link", str(n), "return", f"{n}回风联络巷", f"{n} return link", (r, 132))
        m.edge(f"{n}L3", gr, f"R{r}", p, kind="gate-return", area=15, fixed=q, temp=21)
        if n == 1203:
            p = m.place("1203-airlock", "1203", "roadway", "1203风门联络巷", "1203 airlock road", (745, 115))
        else:
            p = m.place("1205-airlock", "1205", "roadway", "1205风门联络巷", "1205 airlock road", (1010, 115))
        u = {1203: 745, 1205: 1010}[n]
        m.edge(f"{n}L4", f"A{u}", gr, p, via=[(u, 140)], kind="crosscut", area=13, extra_r=1500, door=f"FM-{n}")
        m.area(f"{n}-face", f"{n}采煤工作面", "face", [(i, face_v - 12), (r, face_v - 12), (r, face_v + 12), (i, face_v + 12)])
        m.area(f"{n}-face", f"{n}采空区", "goaf", [(i, face_v + 12), (r, face_v + 12), (r, end_v), (i, end_v)])
        m.area(f"{n}", f"{n}采面", "panel", [(i - 12, 150), (r + 12, 150), (r + 12, end_v + 12), (i - 12, end_v + 12)])
        m.label(f"{n}综采工作面", ((i + r) / 2, face_v - 80), 28)
        m.label(f"{n}采空区", ((i + r) / 2, (face_v + end_v) / 2), 32)
    seal_cross(m, "1203", "1203O", "1205I", v_c, "1203/1205", "1203/1205", "1203")

    build_face(m, "1206", 900, 1140, False, -1100, -1100, [-450, -800], [-450, -800], 14.0, 0.012, goaf=False)
    m.edges["1206F"].place = m.places["1206-face"].id
    p = m.place("1206-belt-link", "1206", "intake", "1206运输联络巷", "1206 belt link", (900, -30))
    m.edge("1206L1", "B900", "1206I@-60", p, kind="gate", area=15)
    p = m.place("south-return", "level-820", "wing-return", "南翼回风联络巷（风桥）", "South return with air bridge", (1140, 20))
    m.edge("1206L3", "1206O@-60", "R1140", p, kind="gate-return", area=15, fixed=14.0, temp=20)
    m.area("1206", "1206备采面", "panel", [(888, -50), (1152, -50), (1152, -1112), (888, -1112)])
    m.area("1206-face", "1206采煤工作面", "face", [(900, -1088), (1140, -1088), (1140, -1112), (900, -1112)])
    m.label("1206备采工作面", (1020, -1020), 28)


def heading(m, key, zh, en, mouth, face, via, q, rock=False):
    m.place(f"{key}", "level-820", "heading-area", f"{zh}掘进区", f"{en}, heading area", m.nodes[mouth])
    ph = m.place(f"{key}-face", key, "heading", f"{zh}掘进工作面", f"{en}, heading face", m.nodes[face])
    pr = m.place(f"{key}-road", key, "return", f"{zh}掘进巷道", f"{en}, heading road", ((m.nodes[mouth][0] + m.nodes[face][0]) / 2,
                 (m.nodes[mouth][1] + m.nodes[face][1]) / 2))
    names = [mouth] + via + [face]
    for i, (a, b) in enumerate(zip(names, names[1:])):
        last = b == face
        m.edge(f"{key}-{i + 1}", b, a, ph if last else pr, kind="heading", area=17, alpha=0.012, temp=20,
               ch4=0.010 if last and not rock else 0.003 if last else 0.0006)
    return ph


def build_headings(m):
    v_c = [300, 480, 660, 840]
    gate_nodes(m, "1207Y", 1070, [160] + v_c + [1090, 1150])
    gate_nodes(m, "1207H", 1310, [160, 480, 760, 820])
    ph = heading(m, "h1207y", "1207运输顺槽", "1207 belt gate", "1207Y@160", "1207Y@1150", [f"1207Y@{v}" for v in v_c] + ["1207Y@1090"], 9.0)
    m.edge("DUCT-1207Y", "A1045", "1207Y@1150", ph, length=1200, area=0.8, duct=True, fixed=9.0, drawn=False, kind="duct")
    ph = heading(m, "h1207h", "1207回风顺槽", "1207 return gate", "1207H@160", "1207H@820", ["1207H@480", "1207H@760"], 8.5)
    m.edge("DUCT-1207H", "A1285", "1207H@820", ph, length=850, area=0.8, duct=True, fixed=8.5, drawn=False, kind="duct")
    for key, u, hp in [("1207Y", 1070, "h1207y"), ("1207H", 1310, "h1207h")]:
        zh = {"1207Y": "1207运输顺槽", "1207H": "1207回风顺槽"}[key]
        p = m.place(f"{hp}-link", hp, "return", f"{zh}回风联络巷", f"{m.places[hp].en}, return link", (u, 130))
        m.edge(f"{key}L1", f"{key}@160", f"R{u}", p, kind="gate-return", area=15, temp=20)
        p = m.place(f"{hp}-airlock", "level-820", "roadway", f"{zh}风门联络巷", f"{m.places[hp].en}, airlock", (u - 15, 110))
        m.edge(f"{key}L2", f"A{u - 15}", f"{key}@160", p, via=[(u - 15, 140)], kind="crosscut", area=13, extra_r=1800, door=f"FM-{key}")
        m.label(f"{zh}掘进", (u + 125, 560 if key == "1207H" else 950), 24)
    seal_cross(m, "1205", "1205O", "1207Y", v_c, "1205/1207", "1205/1207", "1205")

    m.node("AH@60", 2360, 50)
    m.node("AH@200", 2500, 50)
    m.node("AH@260", 2560, 50)
    ph = heading(m, "haux", "辅运大巷", "Auxiliary main", "A2300", "AH@260", ["AH@60", "AH@200"], 8.0, rock=True)
    m.edge("DUCT-HAUX", "A2270", "AH@260", ph, length=330, area=0.8, duct=True, fixed=8.0, drawn=False, kind="duct")
    p = m.place("xc-ar-9", "level-820", "return", "9号回风联络巷", "Return crosscut 9", (2300, 78))
    m.edge("XAR2300", "A2300", "R2300", p, kind="crosscut", area=15, fixed=22.0)
    m.label("辅运大巷掘进", (2480, -5), 30)


def build_goafs(m):
    """Worked-out panels behind seals."""
    for n, u0, u1, v0, v1, line, sign in [("1201", 260, 500, 180, 1700, "R", 1), ("1202", 360, 600, -100, -1200, "B", -1),
                                          ("1204", 630, 870, -100, -1150, "B", -1), ("1101", -640, -420, 240, 1100, "W", 1),
                                          ("1103", -880, -680, 240, 1000, "W", 1)]:
        m.place(n, "level-820", "panel", f"{n}采空区（已封闭）", f"Panel {n} (sealed)", ((u0 + u1) / 2, (v0 + v1) / 2))
        m.area(n, f"{n}采空区", "goaf", [(u0, v0), (u1, v0), (u1, v1), (u0, v1)])
        m.label(f"{n}采空区", ((u0 + u1) / 2, (v0 + v1) / 2), 36)
        start = {"R": 105, "B": 0, "W": 172}[line]
        for j, u in enumerate([u0 + 4, (u0 + u1) / 2, u1 - 4]):
            zh = f"{n}{['运输顺槽', '措施巷', '回风顺槽'][j]}密闭"
            p = m.place(f"seal-{n}-{j + 1}", n, "roadway", zh, f"{n}, seal {j + 1}", (u, v0 - sign * 25))
            m.stub(f"SEAL-{n}-{j + 1}", p, [(u, start), (u, v0)], kind="sealed", area=14, seal=f"MB-{n}-{j + 1}")


def build_surface(m):
    for pid, kind, zh, en, at in [("dispatch", "station", "调度指挥中心", "Dispatch centre", (-900, -560)),
                                  ("winder-house", "station", "副井提升机房", "Winder house", (-330, 0)),
                                  ("prep-plant", "station", "选煤厂", "Preparation plant", (-1480, -640)),
                                  ("belt-gallery", "station", "上仓带式输送机走廊", "Enclosed belt gallery", (-1310, -520)),
                                  ("drain-house", "station", "地面瓦斯抽采泵站", "Surface drainage station", (60, 470)),
                                  ("surface-sub", "station", "35kV变电所", "Surface substation", (-1000, -640)),
                                  ("weather", "station", "地面气象站", "Weather station", (-850, -640)),
                                  ("hydro", "station", "水文长观孔", "Observation boreholes", (1400, -500))]:
        m.place(pid, "surface", kind, zh, en, at)
    m.area("prep-plant", "选煤厂", "station", [(-1560, -690), (-1410, -690), (-1410, -600), (-1560, -600)])
    m.area("fan-house", "主要通风机房", "station", [(-185, 420), (-115, 420), (-115, 470), (-185, 470)])
    m.area("drain-house", "地面瓦斯抽采泵站", "station", [(20, 440), (100, 440), (100, 500), (20, 500)])
    m.area("surface-sub", "35kV变电所", "station", [(-1050, -670), (-960, -670), (-960, -610), (-1050, -610)])
    m.area("people-shaft", "副立井", "station", ring((-330, 60), 16))
    m.area("return-shaft", "回风立井", "station", ring((-120, 400), 16))
    for text, at, size in [("主斜井", (-640, -200), 32), ("副立井", (-390, 20), 26), ("回风立井", (-60, 380), 30),
                           ("胶带大巷", (1560, -28), 26), ("辅运大巷", (1770, 30), 26), ("回风大巷", (1600, 128), 26),
                           ("西翼辅运巷", (-780, 40), 26), ("西翼回风巷", (-780, 196), 26), ("中央变电所", (-225, -12), 18),
                           ("主排水泵房", (-165, 26), 18), ("选煤厂", (-1485, -575), 28), ("地面瓦斯抽采泵站", (60, 520), 24), ("工业场地", (-1000, -720), 36),
                           ("乘南煤矿（演示）+820水平采掘工程平面图", (400, 2080), 72)]:
        m.label(text, at, size)


def ring(c, r, n=24):
    return [(c[0] + r * math.cos(2 * math.pi * k / n), c[1] + r * math.sin(2 * math.pi * k / n)) for k in range(n)]


def build():
    m = Mine()
    m.place("mine", "", "mine", "乘南煤矿（演示）", "Chengnan mine (demo)", (400, 400))
    m.place("surface", "mine", "surface", "地面", "Surface", (-1000, -560))
    m.place("level-820", "mine", "level", "+820水平", "Level +820", (600, 60))
    build_mains(m)
    build_chambers(m)
    build_bottom(m)
    build_west(m)
    build_panels(m)
    build_headings(m)
    build_goafs(m)
    build_surface(m)
    for e in m.edges.values():
        m.places[e.place].length += e.length if not e.duct else 0
    return m
