# SPDX-License-Identifier: Apache-2.0
"""Design airflow of the demonstration mine: Hardy Cross with given flows where regulators set them.

The flow of a regulated roadway is given; what pressure its loop leaves over is the regulator's
resistance. The main fan has a given pressure; its flow follows and gives the fan's curve.
"""

FAN_PA = 1450.0
LEAK = 1.6  # m3/s; less is no design airflow


class Network:
    def __init__(self, mine):
        self.edges = [e for e in mine.edges.values() if e.net and e.fan != "ZT-2"]
        self.tree, self.loops = {}, []
        self._grow()

    def _grow(self):
        """Spanning tree of the least resistances; every other edge closes a loop."""
        group = {}

        def find(n):
            while group.get(n, n) != n:
                n = group[n]
            return n
        free = [e for e in self.edges if e.fixed is None and not e.fan]
        chords = [e for e in self.edges if e.fixed is not None or e.fan]
        for e in sorted(free, key=lambda e: e.resistance()):
            a, b = find(e.a), find(e.b)
            if a == b:
                chords.append(e)
                continue
            group[a] = b
            self.tree.setdefault(e.a, []).append((e, e.b, 1))
            self.tree.setdefault(e.b, []).append((e, e.a, -1))
        self.loops = [(e, self._path(e.b, e.a)) for e in chords]

    def _path(self, start, goal):
        seen, todo = {start: None}, [start]
        for n in todo:
            for e, other, sign in self.tree.get(n, []):
                if other not in seen:
                    seen[other] = (n, e, sign)
                    todo.append(other)
        if goal not in seen:
            raise SystemExit(f"the air network does not join {start} and {goal}")
        path, n = [], goal
        while seen[n]:
            n, e, sign = seen[n]
            path.append((e, sign))
        return path

    def _shift(self, chord, path, dq):
        chord.q += dq
        for e, sign in path:
            e.q += sign * dq

    def _rest(self, chord, path):
        """Pressure that the loop leaves over, and its slope."""
        loop = [(chord, 1)] + path
        num = sum(s * (e.resistance() * e.q * abs(e.q) - e.head) for e, s in loop)
        den = sum(2 * e.resistance() * abs(e.q) for e, _ in loop)
        return num - (FAN_PA if chord.fan else 0), den

    def solve(self):
        for chord, path in self.loops:
            self._shift(chord, path, chord.fixed if chord.fixed is not None else 60 if chord.fan else 0.3)
        for _ in range(3000):
            worst = 0.0
            for chord, path in self.loops:
                if chord.fixed is not None:
                    continue
                num, den = self._rest(chord, path)
                dq = -num / (den + 1e-3)
                dq = max(-20.0, min(20.0, dq))
                self._shift(chord, path, dq)
                worst = max(worst, abs(dq))
            if worst < 1e-7:
                return
        raise SystemExit("the air network does not settle")

    def regulate(self):
        """Give each regulated roadway the resistance that makes its given flow come by itself."""
        for chord, path in self.loops:
            if chord.fixed is None or chord.duct:
                continue
            left = -self._rest(chord, path)[0]
            if left <= 0:
                raise SystemExit(f"{chord.id}: the fan leaves {left:.0f} Pa for its regulator; raise FAN_PA")
            chord.extra_r += left / chord.q ** 2


def design(mine):
    """Set q of every edge (all flows along a to b) and the regulators; returns the fan's flow."""
    net = Network(mine)
    net.solve()
    net.regulate()
    for e in net.edges:
        if e.q < 0:  # drawn against the air: turn it
            e.a, e.b, e.q, e.head = e.b, e.a, -e.q, -e.head
            e.pts = e.pts[::-1]
    return mine.edges["FAN-1"].q


def airflow(mine):
    """air_to of every place: where its design airflow goes next."""
    out = {}
    for e in mine.edges.values():
        if e.net and e.q > LEAK and not e.seal:
            out.setdefault(e.a, []).append(e)
    for e in mine.edges.values():
        if not e.net or e.q <= LEAK or e.b == "S":
            continue
        for nxt in out.get(e.b, []):
            if nxt.place != e.place and nxt.place not in mine.places[e.place].air_to:
                mine.places[e.place].air_to.append(nxt.place)
    no_circle(mine)


def no_circle(mine):
    state = {}
    for root in mine.places:
        stack = [(root, iter(mine.places[root].air_to))]
        while stack:
            pid, rest = stack[-1]
            state[pid] = 1
            nxt = next((n for n in rest if state.get(n) != 2), None)
            if nxt is None:
                state[pid] = 2
                stack.pop()
            elif state.get(nxt) == 1:
                raise SystemExit(f"the design airflow goes in a circle: {pid} to {nxt}")
            else:
                stack.append((nxt, iter(mine.places[nxt].air_to)))
