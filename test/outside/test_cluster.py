# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""Two nodes, one order: real etcd servers, two programs on one site."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import etcd_kit
import kt
import peers
from etcd_kit import Counter, since, stored
from kt import case, equal

POINTS = [kt.point(f"N-{i}", "pressure.air", "P1-face", link="push") for i in range(4)]


@case("kill -9 of the active node, then of etcd's leader: writes go on, nothing acknowledged is lost or doubled")
def _():
    begin = kt.now_ms() - 1000
    with etcd_kit.Etcd() as etcd, etcd_kit.Pair(etcd, POINTS) as pair:
        first = pair.active()
        counters = [Counter(pair, f"N-{i}") for i in range(3)]
        for c in counters:
            c.start()
        kt.wait_for("acknowledgements", lambda: all(len(c.acked) > 50 for c in counters))
        follower = pair.other(first)
        kt.wait_for("the follower passes posts on", lambda: follower.write(
            f"N-3 value=5 {time.time_ns()}\n", headers={"Content-Type": "text/plain"})[0] == 204)
        second = pair.other(first)
        person = first.user("operator-1", "dispatcher")
        there = kt.Client(second)
        there.cookies = person.cookies
        kt.wait_for("the follower knows who is logged in",
                    lambda: there.call("GET", "/me")[0] == 200)
        killed = time.monotonic()
        first.kill9()
        kt.wait_for("the other is active", lambda: pair.role(second) == "active")
        kt.note(f"active again after {since(killed):.2f} s")
        after = [len(c.acked) for c in counters]
        kt.wait_for("acknowledgements go on",
                    lambda: all(len(c.acked) > n + 20 for c, n in zip(counters, after)))
        kt.note(f"longest time without: {max(c.longest for c in counters):.2f} s")
        kt.equal(there.get("/me")["user"], "operator-1", "still logged in")
        there.ask("note.add", point="N-1", text="from the other node")
        first.start()
        pair.level(first)
        for c in counters:
            c.longest = 0
        etcd.leader().kill9()
        after = [len(c.acked) for c in counters]
        kt.wait_for("acknowledgements go on without etcd's leader",
                    lambda: all(len(c.acked) > n + 20 for c, n in zip(counters, after)))
        kt.note(f"longest time without an acknowledgement, of etcd's leader: {max(c.longest for c in counters):.2f} s")
        for c in counters:
            c.end()
        for c in counters:
            want = c.acked[-1]
            kt.wait_for("the last is stored", lambda: want in stored(second, c.point, begin))
            values = stored(second, c.point, begin)
            missing = sorted(set(c.acked) - set(values))
            assert not missing, f"{c.point}: acknowledged and not there: {missing[:10]}"
            assert len(values) == len(set(values)), f"{c.point}: stored twice"
        for node in pair.nodes:
            node.stop()
            kt.kuangtu("verify", node.site.dir)


FENCE, SET = 40, 10


class Plant:
    """A substation of two switches whose PLC keeps the fencing token; two nodes that watch it."""

    def __init__(self, etcd):
        self.device = d = peers.Modbus()
        d.fence, d.discretes[:2], d.feeds = FENCE, [1, 1], {0: (0, 0.05), 1: (1, 0.05)}
        d.inputs[0] = 20
        self.station = peers.Modbus()  # a set-point stands on no device of a cut-off sensor
        self.station.fence, self.station.holding[SET], self.station.discretes[0] = FENCE, 400, 1
        sub = {"link": "sub"}
        points = POINTS + [
            kt.point("T1", "ch4.face", "P1-face", address="i0:u16*0.01", **sub),
            kt.point("KD1", "feed.state", "P1-return", address="d0", **sub),
            kt.point("KD2", "feed.state", "H1-heading", address="d1", **sub),
            kt.point("KG1", "switch.power", "P1-return", address="c0", feed="KD1",
                     serves="P1-face;P1-return", **sub),
            kt.point("KG2", "switch.power", "H1-heading", address="c1", feed="KD2",
                     serves="H1-heading;H1-return", **sub),
            kt.point("YK", "station.remote", "P1-face", address="d0", link="station"),
            kt.point("SD", "mix.set", "P1-face", unit="%", address=f"h{SET}:u16*0.01", set_lo=3, set_hi=5, set_step=0.5, link="station")]
        link = {"id": "sub", "kind": "modbus", "host": "127.0.0.1", "port": d.port, "unit": 1,
                "timeout_ms": 500, "scan_ms": 200, "fence": FENCE}
        self.pair = etcd_kit.Pair(etcd, points, links=[link, {**link, "id": "station", "port": self.station.port}], packs=("core", "gas", "face"), files={
            "assets.csv": "id,kind,name,name_en,place,to,points,length_m,speed_m_s\nBZ,station,泵站,Station,P1-face,,SD;YK,,\n"})

    def read(self, node):
        """The outputs are read and the sensor is good."""
        def ready():
            try:
                c = node.local()
                outputs = [c.get(f"/outputs/{o}") for o in ("KG1", "KG2", "SD")]
                return all(v[1] == "normal" for v in c.live("T1", "YK").values()) and \
                    not [o for o in outputs if o["unread"] or o["value"] is None]
            except (OSError, ValueError, KeyError, kt.Refused):
                return False
        kt.wait_for("the plant is read", ready)

    def put(self, node, name, value):
        return node.local().ask("output.command", output=name, value=value, reason="test")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pair.stop()
        self.device.stop()
        self.station.stop()


@case("paused and woken late: what it was asked to close stays open, and it follows")
def _():
    with etcd_kit.Etcd() as etcd, Plant(etcd) as plant:
        pair, device = plant.pair, plant.device
        first = pair.active()
        second = pair.other(first)
        plant.read(first)
        pair.level(second)
        plant.put(first, "KG2", 0)
        device.wait("the opening", lambda d: d.coils[1] == 0)
        plant.put(first, "SD", 4.5)
        station = plant.station
        station.wait("the set-point", lambda d: d.holding[SET] == 450)
        token = device.token
        assert token > 0, "the device was told no token"
        first.process.send_signal(signal.SIGSTOP)
        answers = []

        def ask_the_sleeper(output, value):
            try:
                answers.append(plant.put(first, output, value))
            except (OSError, kt.Refused) as e:
                answers.append(e)

        sleepers = [threading.Thread(target=ask_the_sleeper, args=a, daemon=True) for a in (("KG2", 1), ("SD", 5))]
        for s in sleepers:
            s.start()
        kt.wait_for("the other is active", lambda: pair.role(second) == "active")
        device.wait("the new token", lambda d: d.token > token)
        device.set_input(0, 160)
        device.wait("the new one cuts", lambda d: d.coils[0] == 0)
        first.process.send_signal(signal.SIGCONT)
        for s in sleepers:
            s.join(kt.LIMIT)
        assert len(answers) == 2 and all(isinstance(a, Exception) for a in answers), f"it was answered {answers}"
        kt.wait_for("it follows", lambda: pair.role(first) == "follows")
        kt.equal(device.coil_writes(1), [0], "writes to the switch")
        kt.equal([v for _, t, at, v in station.writes if (t, at) == ("h", SET)], [450], "writes of the set-point")
        station.wait("the new token", lambda d: d.token > token)
        kt.equal(peers.write_register(station.port, SET, 500, token), 3, "the device refuses a set-point under the older token")
        kt.equal(peers.write_register(station.port, SET, 460, station.token), 0, "and takes it under the newest")
        kt.note(f"closings that the device itself had to refuse: {len(device.refused)}")
        pair.level(first)


@case("all etcd servers killed: protection goes on, closings are refused, then all goes on")
def _():
    with etcd_kit.Etcd() as etcd, Plant(etcd) as plant:
        pair, device = plant.pair, plant.device
        first = pair.active()
        second = pair.other(first)
        plant.read(first)
        pair.level(second)
        plant.put(first, "KG2", 0)
        device.wait("the opening", lambda d: d.coils[1] == 0)
        for s in etcd.servers:
            s.kill9()
        kt.wait_for("it says that it is cut off", lambda: pair.role(first) == "cut-off")
        try:
            got = plant.put(first, "KG2", 1)
            raise AssertionError(f"a closing was taken: {got}")
        except kt.Refused as e:
            kt.equal(e.status, 503)
        began = kt.now_ms() - 1000
        kt.equal(first.write(f"N-1 value=41 {time.time_ns()}\n")[0], 503, "a sample while cut off")
        at = time.monotonic()
        device.set_input(0, 160)
        device.wait("the cut without etcd", lambda d: d.coils[0] == 0)
        kt.note(f"cut {since(at):.2f} s after the gas came")
        kt.equal(device.coil_writes(1), [0], "writes to the switch")
        etcd.start()
        node = pair.active()
        kt.wait_for("samples are acknowledged again",
                    lambda: node.write(f"N-0 value=7 {time.time_ns()}\n")[0] == 204)
        pair.level(pair.other(node))
        if node is first:  # nobody took over: what was written alone is in the order, and in history
            kt.wait_for("the sample of meanwhile in history", lambda: 41 in stored(first, "N-1", began))
        alarms = pair.other(node).local().alarms(state="active")
        assert [a for a in alarms if a["point"] == "T1"], "the other does not know the alarm"


def program_of(version, **literals):
    """The program as another version: its text of the version and of names that it writes are others, of the same
    length."""
    data = Path(kt.BIN).resolve().read_bytes()
    old = kt.kuangtu("--version").stdout.split()[-1]
    for a, b in {old: version, **literals}.items():
        assert a.encode() in data and len(a) == len(b), (a, b)
        data = data.replace(a.encode() + b"\0", b.encode() + b"\0")
    path = kt.temp_dir() / "kuangtu"
    path.write_bytes(data)
    path.chmod(0o755)
    said = subprocess.run([path, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    equal(said.split()[-1], version)
    return str(path)


def in_place_of(pair, node, program):
    """Stopped, the new program put in place, started: it follows and is level."""
    node.stop()
    node.bin = program
    node.start()
    pair.level(node)


@case("upgraded one after the other under load: nothing lost; what the new version computes otherwise is an alarm")
def _():
    begin = kt.now_ms() - 1000
    points = POINTS[:1] + [kt.point("T1", "ch4.face", "P1-face", link="push"), kt.point("SELF-differs", "self.differs", "mine")]
    packs = ("--packs", str(kt.SOURCE / "packs"))
    with etcd_kit.Etcd(1) as etcd, etcd_kit.Pair(etcd, points) as pair:
        for n in pair.nodes:
            n.words += packs
        first = pair.active()
        second = pair.other(first)
        counter = Counter(pair, "N-0", pause=0.005)
        counter.start()
        first.samples(("T1", 1.6, kt.now_ms()))
        kt.wait_for("the alarm", lambda: [a for a in first.local().alarms(state="active") if a["point"] == "T1"])
        in_place_of(pair, second, program_of("0.1.9"))
        first.stop()
        kt.wait_for("the new version is active", lambda: pair.role(second) == "active")
        second.samples(("T1", 0.2, kt.now_ms()))
        in_place_of(pair, first, program_of("0.2.0", raises="climbs"))
        versions = {m["node"]: (m["version"], m["difference"]) for m in pair.cluster(second)["members"]}
        equal(versions[second.words[1]], ("0.1.9", ""), "what is the same makes no difference")
        second.samples(("T1", 1.7, kt.now_ms()))
        kt.wait_for("the follower says that it computes something else", lambda: [
            m for m in pair.cluster(second)["members"] if "climbs" in m["difference"]])
        second.kill9()
        kt.wait_for("the newest is active", lambda: pair.role(first) == "active")
        first.local().alarm("core.differs", "SELF-differs")
        fresh = counter.next
        kt.wait_for("acknowledgements go on", lambda: counter.acked[-1] > fresh + 20)
        counter.end()
        kt.note(f"longest time without an acknowledgement: {counter.longest:.2f} s")
        kt.wait_for("the last is stored", lambda: counter.acked[-1] in stored(first, "N-0", begin))
        values = stored(first, "N-0", begin)
        assert set(counter.acked) <= set(values) and len(values) == len(set(values))
        first.stop()
        kt.kuangtu("verify", first.site.dir)


if __name__ == "__main__":
    sys.exit(kt.main())
