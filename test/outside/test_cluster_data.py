# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""What is not in the order of events and has to be on both nodes all the same: photos, papers, tables."""

import concurrent.futures
import json
import random
import shutil
import sys
import time

import etcd_kit
import kt
import records_kit as kit
from kt import case, equal

SELF = [kt.point("SELF-bodies", "self.bodies", "mine"), kt.point("T1", "ch4.face", "P1-face", link="push")]
FILES = {"registers/hazards.yaml": json.dumps(kit.REGISTERS, ensure_ascii=False)}


def pair(etcd, **more):
    return etcd_kit.Pair(etcd, SELF, files=FILES, people=kit.PEOPLE, **more)


def paper(word):
    return b"%PDF-1.4 " + word * 3000


def at(node, person):
    """The same session, at another node."""
    c = kt.Client(node)
    c.cookies = person.cookies
    return c


def attach(person, title, data):
    made = person.ask("record.create", register="hazard", fields={"title": title, "place": "P1-face"})["result"]
    up = kit.upload(person, data, "a.pdf")
    person.ask("record.attach", record=made["record"], field="papers", hash=up["hash"], name="a.pdf")
    return made["record"], up


def served(node, person, record, up, data):
    got, _ = kit.fetch(at(node, person), f"/attachments/{up['hash']}", record=record)
    equal(got, data, "the bytes of the attachment")


def has(node, up):
    return (node.site.dir / "data/bodies" / up["hash"][:2] / up["hash"]).exists()


def state(pair_, node, key):
    return pair_.cluster(node)[key]


@case("an acknowledged paper is on the other node's disk: the first one's folder is lost, the other serves it")
def _():
    with etcd_kit.Etcd(1) as etcd, pair(etcd) as p:
        first = p.active()
        second = p.other(first)
        p.level(second)
        clerk = first.user("u.clerk", "clerk")
        first.wait_line("has every body")
        data = paper(b"one")
        record, up = attach(clerk, "有附件", data)
        equal(up["copies"], 2, "disks that the upload is on")
        assert has(second, up), "the other node does not have the body"
        kit.bring(clerk, "hazard", kit.csv_bytes([["名称", "地点"], ["表里来的", "P1-face"]]))
        staged = kit.upload(clerk, paper(b"two"), "b.pdf")
        kt.wait_for("the follower knows who is logged in",
                    lambda: at(second, clerk).call("GET", "/me")[0] == 200)
        first.kill9()
        shutil.rmtree(first.site.dir / "data")
        kt.wait_for("the other is active", lambda: p.role(second) == "active")
        served(second, clerk, record, up, data)
        there = at(second, clerk)
        titles = [i["label"].split(" ")[-1] for i in there.get("/records/hazard")["items"]]
        equal(sorted(titles), ["有附件", "表里来的"])
        there.ask("record.attach", record=record, field="papers", hash=staged["hash"], name="b.pdf")
        second.stop()
        kt.kuangtu("verify", second.site.dir)


@case("nobody else there: one disk alone, said and alarmed; whoever comes back gets it")
def _():
    with etcd_kit.Etcd(1) as etcd, pair(etcd) as p:
        first = p.active()
        second = p.other(first)
        clerk = first.user("u.clerk", "clerk")
        second.kill9()
        kt.wait_for("it is seen to be away", lambda: not [
            m for m in state(p, first, "members") if m["alive"] and not m["active"]])
        data = paper(b"alone")
        record, up = attach(clerk, "只有一份", data)
        equal(up["copies"], 1)
        assert state(p, first, "bodies_alone") > 0, p.cluster(first)
        first.local().alarm("core.bodies-alone", "SELF-bodies")
        second.start()
        kt.wait_for("it is on both", lambda: state(p, first, "bodies_alone") == 0 and has(second, up))
        kt.wait_for("the follower knows who is logged in",
                    lambda: at(second, clerk).call("GET", "/me")[0] == 200)
        first.kill9()
        kt.wait_for("the other is active", lambda: p.role(second) == "active")
        served(second, clerk, record, up, data)


@case("a site loaded again on the active node is in force on the other without its folder being touched")
def _():
    with etcd_kit.Etcd(1) as etcd, pair(etcd) as p:
        first = p.active()
        second = p.other(first)
        p.level(second)
        clerk = first.user("u.clerk", "clerk")
        before = {f.name: f.read_bytes() for f in second.site.dir.glob("*.csv")}
        more = [kt.point("A0", "ch4.face", "P1-face", link="push")] + SELF
        first.site.write("points.csv", kt.csv_text(more))
        registers = json.loads(FILES["registers/hazards.yaml"])
        registers["registers"].append(dict(registers["registers"][0], id="drill", title={"zh": "演练", "en": "Drills"}))
        first.site.write("registers/hazards.yaml", json.dumps(registers, ensure_ascii=False))
        kt.kuangtu("reload", first.site.dir, "--why", "a new sensor")
        made = clerk.ask("record.create", register="drill", fields={"no": "D-1"})["result"]
        equal(first.write(f"A0 value=0.25 {kt.now_ms() * 1000000}\n")[0], 204)

        second.wait_line("beginning again")
        second.wait_line("矿图 is at", after=next(i for i, x in enumerate(second.lines) if "beginning again" in x))

        def taken():
            other = [m for m in state(p, first, "members") if not m["active"]]
            return other and other[0]["alive"] and other[0]["same_site"] and p.role(second) == "follows"
        kt.wait_for("the other has it", taken)
        p.level(second)
        equal({f.name: f.read_bytes() for f in second.site.dir.glob("*.csv")}, before, "its own folder")
        kt.wait_for("the follower knows who is logged in",
                    lambda: at(second, clerk).call("GET", "/me")[0] == 200)
        first.kill9()
        kt.wait_for("the other is active", lambda: p.role(second) == "active")
        there = at(second, clerk)
        equal(there.live("A0")["A0"][0], 0.25)
        equal([i["id"] for i in there.get("/records/drill")["items"]], [made["record"]])
        equal(second.write(f"A0 value=0.5 {kt.now_ms() * 1000000}\n")[0], 204)
        refused = kt.kuangtu("reload", second.site.dir, "--why", "x", check=False)
        assert refused.returncode and "adopt" in refused.stderr, refused.stderr
        kt.kuangtu("cluster", "adopt", second.site.dir)
        equal(second.site.read("points.csv"), first.site.read("points.csv"))
        kt.kuangtu("reload", second.site.dir, "--why", "the same")
        second.stop()
        kt.kuangtu("verify", second.site.dir)


def joined(p, etcd, old):
    """A new machine in the place of a node whose site folder is lost; one more is made at the same time."""
    site = kt.Site()
    name = old.words[old.words.index("--node") + 1]

    def join(folder, node):
        return kt.kuangtu("cluster", "join", etcd.address(), folder, "--node", node).stdout
    with concurrent.futures.ThreadPoolExecutor() as both:
        said, other = both.submit(join, site.dir, name), both.submit(join, kt.temp_dir() / "third", "node-c")
        assert "proved" in said.result() and "proved" in other.result()
    kt.note(said.result().splitlines()[-1])
    shutil.copytree(p.sites[0].dir / "secrets", site.dir / "secrets")
    site.tokens = old.site.tokens
    node = kt.Program(site, "--node", name, start=False)
    node.port = kt.free_port()
    node.local = lambda: etcd_kit.local(node)
    p.nodes[p.nodes.index(old)] = node
    node.start()
    return node


@case("a dead machine is replaced: the new one fetches all from the one that runs, follows, takes over")
def _():
    with etcd_kit.Etcd(1) as etcd, pair(etcd) as p:
        first = p.active()
        dead = p.other(first)
        p.level(dead)
        clerk = first.user("u.clerk", "clerk")
        begin = kt.now_ms() - 1000
        data = paper(b"join")
        record, up = attach(clerk, "有附件", data)
        for i in range(50):
            equal(first.write(f"T1 value=0.{10 + i} {kt.now_ms() * 1000000}\n")[0], 204)
        dead.kill9()
        shutil.rmtree(dead.site.dir)
        record2, up2 = attach(clerk, "后来的", paper(b"later"))
        second = joined(p, etcd, dead)
        p.level(second)
        assert has(second, up) and has(second, up2)
        kt.wait_for("the follower knows who is logged in",
                    lambda: at(second, clerk).call("GET", "/me")[0] == 200)
        equal(first.write(f"T1 value=0.99 {kt.now_ms() * 1000000}\n")[0], 204)
        first.kill9()
        shutil.rmtree(first.site.dir / "data")
        kt.wait_for("the new one is active", lambda: p.role(second) == "active")
        served(second, clerk, record, up, data)
        served(second, clerk, record2, up2, paper(b"later"))
        kt.wait_for("its history has all", lambda: set(
            second.local().get("/history", points="T1", **{"from": begin, "to": kt.now_ms() + 1000}, buckets=0)
            ["points"][0]["v"]) >= {round(0.1 + i / 100, 2) for i in range(50)} | {0.99})
        second.stop()
        kt.kuangtu("verify", second.site.dir)
        refused = kt.kuangtu("cluster", "join", etcd.address(), second.site.dir, "--node", "x", check=False)
        assert refused.returncode and "has data" in refused.stderr, refused.stderr


MANY = 20000  # samples of one push: some 200 kB of the order


def pour(node, limit):
    """Push until `limit()` is true; each push is acknowledged, so it is in etcd."""
    end = time.monotonic() + kt.LIMIT
    while not limit():
        assert time.monotonic() < end, "it does not come"
        now = time.time_ns() - MANY * 1000
        text = "\n".join(f"T2 value={random.random() * 90:.9f} {now + i * 1000}" for i in range(MANY))
        status, body = node.write(text + "\n")
        assert status in (204, 429, 503), (status, body)


@case("etcd stays small: frames go when all have them; who is away too long is let go after an alarm, and joins anew")
def _():
    quota = 24
    points = [kt.point("SELF-etcd", "self.etcd", "mine"), kt.point("T2", "pressure.air", "P1-face", link="push")]
    with etcd_kit.Etcd(1, ["--quota-backend-bytes", str(quota << 20)]) as etcd, \
            etcd_kit.Pair(etcd, points, cluster={"keep_mb": 16, "quota_mb": quota}) as p:
        first = p.active()
        second = p.other(first)
        p.level(second)
        largest = 0

        def used():
            nonlocal largest
            c = p.cluster(first)
            largest = max(largest, c["etcd_bytes"])
            return c["etcd_used"]
        pour(first, lambda: used() > 3 << 20)
        kt.wait_for("what both have is dropped", lambda: used() <= 2 << 20)
        second.kill9()
        alarmed = []

        def gone():
            alarmed.extend(first.local().alarms(state="active") if not alarmed else [])
            return used() and not [m for m in state(p, first, "members") if not m["active"]]
        pour(first, gone)
        first.local().alarm("core.etcd-full", "SELF-etcd")
        assert [a for a in alarmed if a["rule"] == "core.etcd-full"], "it was let go before anybody was told"
        kt.wait_for("what was kept for it is dropped", lambda: used() < 4 << 20)
        assert largest < quota << 20, f"{largest} bytes of {quota << 20}"
        kt.note(f"largest: {largest / 1e6:.1f} of {(quota << 20) / 1e6:.1f} MB")
        second.wait_line("kuangtu cluster join", second.spawn())
        second.stop()
        shutil.move(second.site.dir / "data", second.site.dir / "data.before")
        kt.kuangtu("cluster", "join", etcd.address(), second.site.dir, "--node", second.words[1])
        second.start()
        p.level(second)


def no_node(node, person):
    """What nodes ask each other is for nodes: no session and no made-up secret opens it."""
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer " + "x" * 43},
                    {"Authorization": f"Bearer {node.local_token}"}):
        c = kt.Client(node)
        c.cookies = person.cookies
        for method, path in (("GET", "/cluster/bodies/" + "0" * 64), ("GET", "/cluster/files"), ("POST", "/cluster/have")):
            status, _, _ = c.raw(method, path, b"{}" if method == "POST" else None, headers)
            equal(status, 401, f"{method} {path} with {headers}")


@case("a standby passes on: the active node judges, once, by the caller's own session, whatever a header says")
def _():
    with etcd_kit.Etcd(1) as etcd, pair(etcd) as p:
        first = p.active()
        second = p.other(first)
        p.level(second)
        clerk, reader = first.user("u.clerk", "clerk"), first.user("u.reader", "reader")
        kt.wait_for("the follower knows who is logged in", lambda: at(second, reader).call("GET", "/me")[0] == 200)
        there, limited, nobody = at(second, clerk), at(second, reader), kt.Client(second)
        fields = {"title": "经备用节点", "place": "P1-face"}
        made = there.ask("record.create", register="hazard", fields=fields)["result"]
        limited.refused("record.create", register="hazard", fields=fields)
        equal(nobody.call("POST", "/requests", {"verb": "record.create", "args": {"register": "hazard"}})[0], 401)
        forged = {"verb": "record.create", "args": {"register": "hazard", "fields": fields},
                  "by": {"user": "u.clerk", "rights": ["record.write"], "places": ["mine"]}}
        for headers in ({"X-Kuangtu-Forwarded": "1"}, {"X-Kuangtu-User": "u.clerk"},
                        {"Authorization": f"Bearer {second.local_token}"}):
            for node in (first, second):
                c = kt.Client(node)
                c.headers.update(headers)
                own = node is second and "Authorization" in headers
                status = c.call("POST", "/requests", forged)[0]
                assert status in (401, 503), f"{status} at {node.words} with {headers}{' (its own token)' if own else ''}"
                status = at(node, reader).call("POST", "/requests", forged)[0]
                equal(status, 403, "the reader's session with a made-up `by`")
        equal([i["id"] for i in clerk.get("/records/hazard")["items"]], [made["record"]])
        p.level(second)
        equal(state(p, second, "holder"), first.words[1])
        other = [m for m in state(p, first, "members") if not m["active"]][0]
        equal(other["difference"], "", "what the standby's records say")
        no_node(first, first.user("boss", "system-admin"))


if __name__ == "__main__":
    sys.exit(kt.main())
