# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""Schedules of faults against two nodes and three etcd servers, real processes all of them.

KT_FAULTS (2) schedules; the seed is printed, KT_SEED repeats a run; KT_FAULT_KINDS names the kinds to draw
from. After each: nothing acknowledged is lost or doubled, a face with gas was cut meanwhile, nothing was
closed by two, who was logged in still is, the chains of both verify."""

import os
import random
import signal
import sys
import time

import etcd_kit
import fault_kit
import kt
import peers
from etcd_kit import Counter, since, stored
from kt import case

ROUNDS = int(os.environ.get("KT_FAULTS", "2"))
SEED = int(os.environ.get("KT_SEED", str(random.SystemRandom().randrange(1 << 31))))
FENCE, GAS, AIR = 40, 160, 20
FACES = {"T1": "KG1", "T2": "KG2"}


class Scene:
    """Two faces with a sensor and a switch each (T1 KG1, T2 KG2), a third switch without gas (KG3)."""

    def __init__(self, etcd):
        self.etcd = etcd
        self.device = d = peers.Modbus()
        d.fence, d.discretes[:3] = FENCE, [1, 1, 1]
        d.feeds = {i: (i, 0.05) for i in range(3)}
        d.inputs[:2] = [AIR, AIR]
        sub = {"link": "sub"}
        points = [kt.point(f"N-{i}", "pressure.air", "P1-face", link="push") for i in range(3)] + [
            kt.point("T1", "ch4.face", "P1-face", address="i0:u16*0.01", **sub),
            kt.point("T2", "ch4.heading", "H1-heading", address="i1:u16*0.01", **sub),
            kt.point("KD1", "feed.state", "P1-return", address="d0", **sub),
            kt.point("KD2", "feed.state", "H1-heading", address="d1", **sub),
            kt.point("KD3", "feed.state", "MR", address="d2", **sub),
            kt.point("KG1", "switch.power", "P1-return", address="c0", feed="KD1", serves="P1-face;P1-return", **sub),
            kt.point("KG2", "switch.power", "H1-heading", address="c1", feed="KD2", serves="H1-heading;H1-return", **sub),
            kt.point("KG3", "switch.power", "MR", address="c2", feed="KD3", serves="MR", **sub)]
        link = {"id": "sub", "kind": "modbus", "host": "127.0.0.1", "port": d.port, "unit": 1, "timeout_ms": 500,
                "scan_ms": 200, "fence": FENCE}
        self.ways = [fault_kit.Ways(etcd, n) for n in range(2)]
        self.pair = etcd_kit.Pair(etcd, points, address=self.ways[0].address(), bins=[str(w.program) for w in self.ways],
                                  links=[link])
        self.people = {}
        self.begin = kt.now_ms() - 1000
        first = self.pair.active()
        self.person = first.user("operator-1", "dispatcher")

    def way(self, node):
        return self.ways[self.pair.nodes.index(node)]

    def reads(self, node):
        def ready():
            try:
                c = node.local()
                got = [c.get(f"/outputs/{o}") for o in ("KG1", "KG2", "KG3")]
                return c.live("T1", "T2")["T1"][1] == "normal" and not [o for o in got if o["unread"] or o["value"] is None]
            except (OSError, ValueError, KeyError, AssertionError, kt.Refused):
                return False
        kt.wait_for("the plant is read", ready)

    def whole(self):
        """All run, both are level, the plant is read; answers the active one."""
        for w in self.ways:
            w.mend()
        for n in self.pair.nodes:
            if not n.alive():
                n.start()
        self.etcd.start()
        first = self.pair.active()
        self.pair.level(self.pair.other(first))
        self.reads(first)
        return first

    def put(self, node, name, value):
        """Whether it was done."""
        try:
            node.local().ask("output.command", output=name, value=value, reason="test")
            return True
        except (OSError, ValueError, KeyError, AssertionError, kt.Refused):
            return False

    def gas(self):
        """Gas at one face; answers a wait for its cut."""
        coil = random.choice([i for i in (0, 1) if self.device.coils[i]] or [0])
        self.device.set_input(coil, GAS)
        at = time.monotonic()

        def wait():
            self.device.wait("the cut", lambda d: d.coils[coil] == 0)
            return since(at)
        return wait

    def rearm(self, node):
        """The air is good again, people close what was cut."""
        for i in (0, 1):
            self.device.set_input(i, AIR)
        for i, name in ((0, "KG1"), (1, "KG2"), (2, "KG3")):
            if not self.device.coils[i]:
                kt.wait_for(f"{name} is closed again", lambda i=i, name=name: self.put(node, name, 1) and self.device.coils[i] == 1
                            or self.device.coils[i] == 1, every=0.2)

    def logged_in(self):
        for n in self.pair.nodes:
            there = kt.Client(n)
            there.cookies = self.person.cookies
            kt.wait_for("who was logged in is so on both nodes", lambda there=there: answers(there))

    def stop(self):
        self.pair.stop()
        for w in self.ways:
            w.stop()
        self.device.stop()


def answers(client):
    try:
        return client.call("GET", "/me")[0] == 200
    except (OSError, ValueError):
        return False


# ---- faults: each begins with all whole and ends with the worst of it over -----------------------

def others_turn(scene, first):
    second = scene.pair.other(first)
    at = time.monotonic()
    kt.wait_for("the other is active", lambda: scene.pair.role(second) == "active")
    kt.note(f"    the other is active after {since(at):.2f} s")
    return second


def kill_active(scene, first):
    first.kill9()
    cut = scene.gas()
    others_turn(scene, first)
    return cut()


def kill_standby(scene, first):
    scene.pair.other(first).kill9()
    return scene.gas()()


def kill_etcd(scene, first):
    leader = scene.etcd.leader()
    server = leader if random.random() < 0.6 else random.choice(scene.etcd.servers)
    kt.note(f"    {server.name}{', the leader' if server is leader else ''}")
    server.kill9()
    took = scene.gas()()
    kt.wait_for("samples are acknowledged", lambda: first.write(f"N-2 value=1 {time.time_ns()}\n")[0] == 204)
    return took


def kill_both(scene, first):
    leader = scene.etcd.leader()
    first.kill9()
    leader.kill9()
    cut = scene.gas()
    others_turn(scene, first)
    return cut()


def cut_off(scene, first):
    """The active one alone has no way to etcd: it goes on cutting and closes nothing."""
    scene.put(first, "KG3", 0)
    scene.device.wait("the opening", lambda d: d.coils[2] == 0)
    scene.way(first).cut()
    took = scene.gas()()
    kt.wait_for("it says that it is cut off", lambda: scene.pair.role(first) != "active")
    closed = scene.device.coil_writes(2).count(1)
    assert not scene.put(first, "KG3", 1), "a closing was taken by a node that is cut off"
    kt.equal(scene.device.coil_writes(2).count(1), closed, "closings")
    second = others_turn(scene, first)
    scene.reads(second)
    kt.wait_for("the new one closes", lambda: scene.put(second, "KG3", 1) or scene.device.coils[2] == 1, every=0.2)
    scene.device.wait("the closing", lambda d: d.coils[2] == 1)
    kt.equal(scene.device.coil_writes(2).count(1), closed + 1, "closings")
    return took


def pause(scene, first):
    """Stopped and woken late."""
    first.process.send_signal(signal.SIGSTOP)
    cut = scene.gas()
    try:
        second = others_turn(scene, first)
        took = cut()
    finally:
        first.process.send_signal(signal.SIGCONT)
    kt.wait_for("it follows", lambda: scene.pair.role(first) == "follows")
    kt.equal(scene.pair.role(second), "active")
    return took


def kill_all_etcd(scene, first):
    for s in scene.etcd.servers:
        s.kill9()
    took = scene.gas()()
    if random.random() < 0.5:
        kt.wait_for("it says that it is cut off", lambda: scene.pair.role(first) == "cut-off")
    return took


def disk_full(scene, first):
    """One etcd server's disk: it ends by itself, or stays and refuses."""
    disk = scene.disk
    if not disk:
        raise kt.Skip("a small disk needs root")
    disk.fill()
    took = scene.gas()()
    server = scene.etcd.servers[0]
    before = time.monotonic()
    kt.wait_for("samples are acknowledged on a full disk",
                lambda: first.write(f"N-2 value=1 {time.time_ns()}\n")[0] == 204 and since(before) > 1)
    disk.free()
    if server.process.poll() is None:
        server.kill9()
    return took


FAULTS = [kill_active, kill_etcd, cut_off, pause, kill_both, kill_all_etcd, kill_standby, disk_full]


def chosen(seed):
    """One or two of the faults, each kind as often as the next."""
    names = [n for n in os.environ.get("KT_FAULT_KINDS", "").split(",") if n]
    kinds = [f for f in FAULTS if not names or f.__name__ in names]
    deck = []
    chance = random.Random(seed)
    while len(deck) < ROUNDS:
        more = kinds[:]
        chance.shuffle(more)
        deck += more
    return deck[:ROUNDS] if ROUNDS > 2 or names else [kill_active, cut_off][:ROUNDS]


def one(scene, fault):
    first = scene.whole()
    scene.rearm(first)
    counters = [Counter(scene.pair, f"N-{i}") for i in range(2)]
    for c in counters:
        c.start()
    kt.wait_for("acknowledgements", lambda: all(len(c.acked) > 10 for c in counters))
    refused = len(scene.device.refused)
    try:
        time.sleep(random.random() * 0.3)
        took = fault(scene, first)
        active = scene.whole()
        after = [len(c.acked) for c in counters]
        kt.wait_for("acknowledgements go on", lambda: all(len(c.acked) > n + 10 for c, n in zip(counters, after)))
    finally:
        for c in counters:
            c.end()
    leaked = len(scene.device.refused) - refused
    assert leaked == 0 or fault is pause, f"{leaked} closings of an old holder came to the device"
    for c in counters:
        wants(scene, active, c)
    scene.logged_in()
    for s in scene.pair.sites:
        kt.kuangtu("verify", s.dir)
    kt.note(f"    cut after {took:.3f} s, longest without an acknowledgement {max(c.longest for c in counters):.2f} s, "
            f"{sum(len(c.acked) for c in counters)} acknowledged")


def wants(scene, active, counter):
    """All that was acknowledged is stored at both, once."""
    for node in (active, scene.pair.other(active)):
        kt.wait_for(f"the last of {counter.point} is stored",
                    lambda node=node: counter.acked[-1] in stored(node, counter.point, counter.begin))
        values = stored(node, counter.point, counter.begin)
        missing = sorted(set(counter.acked) - set(values))
        assert not missing, f"{counter.point}: acknowledged and not there: {missing[:10]}"
        assert len(values) == len(set(values)), f"{counter.point}: stored twice"


@case(f"{ROUNDS} schedules of faults")
def _():
    random.seed(SEED)
    kt.note(f"KT_SEED={SEED} repeats this run")
    plan = chosen(SEED)
    with etcd_kit.Etcd(start=False) as etcd:
        disk = fault_kit.SmallDisk(etcd.servers[0]) if disk_full in plan and os.geteuid() == 0 else None
        etcd.start()
        scene = Scene(etcd)
        scene.disk = disk
        try:
            for i, fault in enumerate(plan):
                kt.note(f"{i + 1}: {fault.__name__.replace('_', ' ')}")
                one(scene, fault)
        finally:
            scene.stop()
            if disk:
                etcd.stop()
                disk.stop()


if __name__ == "__main__":
    sys.exit(kt.main())
