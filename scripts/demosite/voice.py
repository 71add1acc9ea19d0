# SPDX-License-Identifier: Apache-2.0
"""Phones and speakers of the demonstration mine, played by kuangtu-sim. All of it is made up (演示)."""

PHONES, PROGRAM = 5, 6  # UDP ports above the base: theirs, and the program's own

# id, role, name, English, place, (edge, share) or (u, v), how it takes a call
DEVICES = [
    ("DESK", "desk", "调度台话机", "Desk phone", "dispatch", (-905, -552), "answer=0.6 hz=440"),
    ("DH-0", "phone", "值班领导电话", "Phone of the leader on duty", "dispatch", (-890, -552), "answer=2 press=6 hz=520 says=这里是值班领导，演示电话。"),
    ("DH-1", "phone", "中央变电所电话", "Central substation, phone", "central-sub", (-205, 4), "answer=2 hz=590 says=中央变电所，演示电话。"),
    ("DH-2", "phone", "1203运输顺槽电话", "1203 intake gate, phone", "1203-int", (534, 900), "answer=1.5 hz=660 says=幺两洞三运输顺槽，演示电话。"),
    ("DH-3", "phone", "1205运输顺槽电话", "1205 intake gate, phone", "1205-int", (804, 1300), "answer=2.5 hz=700 says=幺两洞五运输顺槽，演示电话。"),
    ("DH-4", "phone", "1207运输顺槽掘进电话", "1207 heading, phone", "h1207y-face", (1074, 1060), "manner=never"),
    ("DH-5", "phone", "主要通风机房电话", "Main fan house, phone", "fan-house", (-165, 450), "manner=busy"),
    ("DH-6", "phone", "1203工作面电话", "Face 1203, phone", "1203-face", ("1203F", 0.22), "answer=1 hz=880 says=幺两洞三工作面，演示电话。"),
    ("YX-1", "speaker", "1203工作面音箱", "Face 1203, speaker", "1203-face", ("1203F", 0.72), ""),
    ("YX-2", "speaker", "1203回风顺槽音箱", "1203 return gate, speaker", "1203-ret", ("1203O-3", 0.5), ""),
    ("YX-3", "speaker", "1203运输顺槽音箱", "1203 intake gate, speaker", "1203-int", ("1203I-2", 0.5), ""),
    ("YX-4", "speaker", "1205工作面音箱", "Face 1205, speaker", "1205-face", ("1205F", 0.72), ""),
    ("YX-5", "speaker", "回风大巷四段音箱", "Return main 4, speaker", "return-main-4", ("R650-770", 0.5), ""),
    ("YX-6", "speaker", "回风大巷二段音箱", "Return main 2, speaker", "return-main-2", ("R120-240", 0.5), "manner=never"),
    ("YX-7", "speaker", "井底车场音箱", "Shaft bottom, speaker", "station", ("ST2", 0.5), ""),
    ("YX-8", "speaker", "胶带大巷三段音箱", "Belt main 3, speaker", "belt-main-3", ("B400-530", 0.5), ""),
]


def build(eq, base):
    p = eq.p
    for did, role, zh, en, place, at, how in DEVICES:
        xy = p.along(*at, -9) if isinstance(at[0], str) else at
        p.sip(did, zh, en, f"voice.{role}", place, xy, f"sip:{did}@127.0.0.1:{base + PHONES}")
        p.plan.append(" ".join(x for x in (f"phone {did}", "kind=speaker" if role == "speaker" else "", how) if x))
        p.asset(f"A-{did}", zh, "speaker" if role == "speaker" else "phone", place, did, xy)
    p.counted("WR", "无人接到的报警", "Alarms that reached nobody", "voice.unreached", "dispatch")


def link(base):
    return f"  - {{id: sip, kind: sip, host: 127.0.0.1, port: {base + PROGRAM}, probe_s: 10, evacuation: true, keep_days: 90, keep_mb: 2048}}"
