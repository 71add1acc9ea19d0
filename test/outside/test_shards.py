#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""A region of several nodes, each with a journal of its own, that divide the mines: one node a mine, a node
that comes or dies moves its mines within seconds, nothing is missing over all of them."""

import base64
import json
import shutil
import time

import etcd_kit
import kt
import region_kit
from kt import Program, case, equal, make_site, now_ms, wait_for

MINES = [f"mine-{c}" for c in "abc"]
PLACES = "id,parent,kind,name,air_to\ncounty,,mine,演示县,\n" + "".join(f"{m},county,panel,矿{m},\n" for m in MINES)


def shards(node):
    try:
        return node.local().get("/health")["shards"] or {}
    except (OSError, ValueError, kt.Refused):
        return {}


def division(node):
    """mine -> node, as this node sees it."""
    return {n["name"]: n["node"] for n in shards(node).get("names", [])}


def settled(nodes):
    """All see one division over exactly these nodes."""
    names = {n.name for n in nodes}

    def look():
        seen = [division(n) for n in nodes]
        whole = all(set(d) == set(MINES) and all(d.values()) for d in seen)
        return whole and all(d == seen[0] for d in seen) and set(seen[0].values()) <= names and \
            all({x["node"] for x in shards(n)["nodes"]} == names for n in nodes) and seen[0]
    return wait_for(f"{sorted(names)} divide the mines", look)


def region_node(site, name):
    node = Program(site, "--node", name, start=False)
    node.name, node.port = name, kt.free_port()
    node.local = lambda: etcd_kit.local(node)
    return node.start()


def stored(nodes, mine, start):
    """Of all nodes together, and how many of them are at two."""
    got = []
    for n in nodes:
        got += region_kit.stored(n, f"{mine}-W1", start, now_ms() + 1000)
    return got


def serve_https(sites):
    """With certificates of one authority, each site its own."""
    for s in sites:
        if s is not sites[0]:
            (s.dir / "secrets").mkdir(exist_ok=True)
            for name in ("ca.pem", "ca-key.pem"):
                shutil.copy(sites[0].dir / "secrets" / name, s.dir / "secrets" / name)
        kt.kuangtu("cert", s.dir, "--ip", "127.0.0.1")
        conf = json.loads(s.read("site.yaml"))
        conf["listen"]["https"] = {"address": f"0.0.0.0:{kt.free_port()}", "cert": "secrets/server.pem", "key": "secrets/server.key"}
        s.write("site.yaml", json.dumps(conf, ensure_ascii=False))


def feed(mines, value):
    for m in mines.values():
        m.samples(("W1", value, now_ms()))


def at_the_node_that_has_it(nodes, mine):
    """A node takes calls about a mine that another one has: answered there, for this person, by this person's
    rights."""
    owner = next(n for n in nodes if n.name == division(nodes[0])[mine])
    here = next(n for n in nodes if n is not owner)
    official, guest = here.user("li", "official"), here.user("gu", "dispatcher")
    assert official.live(f"{mine}-W1")[f"{mine}-W1"][0] != 1, "its value is the other node's"
    for c in (official, guest):
        c.headers["X-Kuangtu-Mine"] = mine
    equal(wait_for("the value, through this node", lambda: official.live(f"{mine}-W1")[f"{mine}-W1"][0]), 1)
    equal(official.get("/me")["user"], "li")
    equal(len(official.get("/live", points=f"{mine}-W1,{mine}-W2")), 2, "a query is passed on as it was written")
    equal(official.get("/records/county_order", filter='[["mine","=","矿 一"]]')["items"], [])
    made = official.ask("record.create", register="county_order", fields={"mine": mine, "title": "报送", "due": "2030-01-01"})
    equal([i["id"] for i in official.get("/records/county_order")["items"]], [made["result"]["record"]])
    equal(guest.call("POST", "/requests", {"verb": "record.create", "args": {"register": "county_order"}})[0], 404, "what one may not see is not there")
    del official.headers["X-Kuangtu-Mine"]
    equal(official.get("/records/county_order")["items"], [], "it was made where the mine is")
    official.headers["X-Kuangtu-Mine"] = "mine-x"
    equal(official.call("GET", "/me")[0], 404)
    stranger = kt.Client(owner)
    person = base64.b64encode(json.dumps({"user": "li", "rights": ["view"], "places": ["*"]}).encode()).decode()
    for secret in ("", "x" * 43, owner.local_token + "x"):
        stranger.headers.update({"X-Kuangtu-Person": person, "Authorization": f"Bearer {secret}"})
        equal(stranger.call("GET", "/me")[0], 401, "a made-up node")


@case("three mines over two nodes, a third one comes, one is killed: each mine at one node, all of it there")
def _():
    start = now_ms() - 1000
    with etcd_kit.Etcd(1) as etcd:
        hub = region_kit.Nats("county")
        leaves = {m: region_kit.Nats(m, hub) for m in MINES}
        mines = {m: Program(make_site(**region_kit.mine(m, leaves[m]))) for m in MINES}
        conf = {**region_kit.county(hub, MINES), "places": PLACES, "shards": etcd.address("region")}
        site = make_site(**conf)
        sites = [site, etcd_kit.second(site), etcd_kit.second(site)]
        serve_https(sites)
        nodes = [region_node(s, f"r{i}") for i, s in enumerate(sites[:2])]
        settled(nodes)
        wait_for("nodes know where the others are", lambda: all(x["url"] for n in nodes for x in shards(n)["nodes"]))
        value = 1
        feed(mines, value)
        wait_for("the first values", lambda: all(len(stored(nodes, m, start)) == 1 for m in MINES))
        urls = [x["url"] for x in shards(nodes[0])["nodes"]]
        assert all(u.startswith("https://127.0.0.1:") for u in urls), urls  # HTTP is heard on this machine alone
        at_the_node_that_has_it(nodes, MINES[0])
        nodes.append(region_node(sites[2], "r2"))
        settled(nodes)
        value += 1
        feed(mines, value)
        wait_for("values go on", lambda: all(len(stored(nodes, m, start)) == 2 for m in MINES))
        victim = next(n for n in nodes if n.name == division(nodes[0])[MINES[0]])
        left = [n for n in nodes if n is not victim]
        at = time.monotonic()
        victim.kill9()
        feed(mines, 3)  # while nobody has the first mine
        settled(left)
        kt.note(f"divided anew {time.monotonic() - at:.1f} s after the kill")
        wait_for("the mine of the dead node goes on", lambda: 3 in [v for _, v, _ in stored(left, MINES[0], start)])
        p = kt.kuangtu("show", left[0].site.dir, "cluster", "--format", "csv")
        for m, n in division(left[0]).items():
            assert f"{m},{n}" in p.stdout, p.stdout
        victim.start()
        settled(nodes)
        feed(mines, 4)
        wait_for("all is there", lambda: all(len(stored(nodes, m, start)) >= 4 for m in MINES))
        for m in MINES:
            equal(sorted(v for _, v, _ in stored(nodes, m, start)), [1, 2, 3, 4], m)


if __name__ == "__main__":
    try:
        CODE = kt.main()
    finally:
        region_kit.end()
    raise SystemExit(CODE)
