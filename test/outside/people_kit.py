# SPDX-License-Identifier: Apache-2.0
"""A small mine with anchors, exits and a refuge, for tests of persons below."""

import kt

AIRWAYS = ("id,place,from,to,r_N_s2_m8,length_m,section_m2\n"
           "shaft,mouth,surface,a,0.1,50,20\nmain,P1-intake,a,b,0.1,200,20\nfaceway,P1-face,b,c,0.1,100,12\n"
           "back,P1-return,c,d,0.1,200,15\nout,MR,d,surface,0.1,60,20\n")
STATIONS = ("id,kind,airway,offset_m,capacity,reach_m,link,name,name_en\n"
            "A0,anchor,shaft,10,,60,tags,,\nA1,anchor,main,20,,60,tags,,\nA2,anchor,main,180,,60,tags,,\n"
            "A3,anchor,faceway,50,,60,tags,,\nA4,anchor,back,100,,60,tags,,\nB1,anchor,back,150,,60,other,,\n"
            "F1,anchor,main,110,,60,drop,,\nF2,anchor,back,60,,60,drop,,\n"
            "EXIT,exit,shaft,0,,,,井口,Mouth\nREF,refuge,main,150,3,,,避难硐室,Refuge\n")
PLACES = kt.PLACES.rstrip("\n") + "\nmouth,mine,surface,井口,\n"


def link(broker, name, topic):
    return {"id": name, "kind": "mqtt", "host": "127.0.0.1", "port": broker.port, "client_id": f"kt-{name}",
            "topics": [topic], "payload": "positions"}


def grid(side=22, ways=1000, refuges=8):
    """airways.csv and people/stations.csv of a grid of roadways: an anchor in every second one, one exit."""
    rows, stations = ["id,place,from,to,r_N_s2_m8,length_m,section_m2"], ["id,kind,airway,offset_m,capacity,reach_m,link"]
    pairs = [(i, i + 1) for i in range(side * side) if i % side + 1 < side]
    pairs += [(i, i + side) for i in range(side * side - side)]
    pairs += [(i, i + side + 1) for i in range(side * side - side - 1) if i % side + 1 < side]
    for k, (a, b) in enumerate(pairs[:ways]):
        rows.append(f"W{k},L1,{'surface' if a == 0 else f'n{a}'},n{b},0.1,100,12")
        if k % 2 == 0:
            stations.append(f"A{k},anchor,W{k},50,,80,tags")
    stations += [f"R{i},refuge,W{101 + i * 100},50,100,," for i in range(refuges)] + ["EXIT,exit,W0,0,,,"]
    return "\n".join(rows) + "\n", "\n".join(stations) + "\n"


def second(persons, now_ms, turn):
    """What the anchors say of so many tags in one second, as messages of 200 tags."""
    import json
    tags = [{"card": str(100000 + p), "a": [[f"A{2 * (p % 500)}", round(5 + (p + turn) % 30, 1)]], "bat": 80}
            for p in range(persons)]
    return [json.dumps({"ts": now_ms, "tags": tags[i:i + 200]}) for i in range(0, persons, 200)]
