# SPDX-License-Identifier: Apache-2.0
"""airways.csv of the demonstration mine: the same network that its simulated plant breathes through."""

COLUMNS = ["id", "place", "from", "to", "r_N_s2_m8", "length_m", "section_m2", "min_m_s", "max_m_s", "design_m3_s",
           "drive_Pa", "a0_Pa", "a2_Pa_s2_m6", "fan_points", "back_points", "back_part", "still_r_N_s2_m8", "fixed_m3_s", "door_points",
           "shut_r_N_s2_m8", "open_r_N_s2_m8", "wind_point"]
DAMPER = 2000  # a standing fan behind its damper, N s2/m8
LOCAL = {"DUCT-1207Y": ("JF-1207Y", 9), "DUCT-1207H": ("JF-1207H", 8.5), "DUCT-HAUX": ("JF-HFY", 8)}


def winds(points):
    """The wind sensor of each edge and what the clause wants of its role."""
    roles, out = {r["id"]: r["role"] for r in points.rows}, {}
    for line in points.plan:
        words = line.split()
        src = dict(w.split("=", 1) for w in words if "=" in w).get("src", "")
        if words[0] == "point" and src.startswith("wind:"):
            out.setdefault(src.split(":")[1], (words[1], points.limits.get(roles[words[1]], {})))
    return out


def doors(points):
    return {r["id"] for r in points.rows if r["role"].startswith("door.")}


def row(e, wind, leaves, curve):
    r = e.resistance() - (e.extra_r if e.door else 0)
    sensor, limits = wind.get(e.id, ("", {}))
    got = {"id": e.id, "place": e.place, "from": node(e.a), "to": node(e.b), "r_N_s2_m8": f"{r:.7g}",
           "length_m": f"{e.length:.1f}", "section_m2": f"{e.area:g}", "design_m3_s": f"{e.q:.6g}",
           "drive_Pa": f"{e.head:g}" if e.head else "", "wind_point": sensor,
           "min_m_s": limits.get("low_alarm", ""), "max_m_s": limits.get("alarm", "")}
    if e.fan:
        got.update(fan_points="ZF-" + e.id[-1], back_points="ZFX-" + e.id[-1], back_part=0.55, door_points="ZFK-" + e.id[-1],
                   shut_r_N_s2_m8=DAMPER, open_r_N_s2_m8=0, a0_Pa=f"{curve[0]:g}", a2_Pa_s2_m6=f"{-curve[1]:.6g}")
    if e.id in LOCAL:
        fan, flow = LOCAL[e.id]
        got.update(fan_points=f"{fan}-1;{fan}-2", fixed_m3_s=flow)
    if e.door:
        both = [e.door + leaf for leaf in "AB" if e.door + leaf in leaves]
        got.update(door_points=";".join(both), shut_r_N_s2_m8=f"{e.extra_r / 2:g}", open_r_N_s2_m8=0.9)
    return got


def node(name):
    return "surface" if name == "S" else name


def rows(mine, points, curve):
    wind, leaves = winds(points), doors(points)
    return [row(e, wind, leaves, curve) for e in mine.edges.values() if e.net]
