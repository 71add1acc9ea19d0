# SPDX-License-Identifier: Apache-2.0
# runs: on disk
"""A full disk: cuts still go out, producers are refused, and it goes on when there is room again."""

import os
import subprocess
import sys
import threading

import kt
import records_kit
from cutplant import Plant
from kt import case, equal

MIB = 1 << 20


class SmallDisk:
    """A file system of a few MiB in memory, for the data folder."""

    def __init__(self, mib):
        if os.geteuid() != 0:
            raise kt.Skip("only root can mount a small file system")
        self.path = kt.temp_dir("kt-small-")
        got = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(self.path)],
                             capture_output=True, text=True, check=False)
        if got.returncode:
            raise kt.Skip(f"a small file system cannot be mounted here: {got.stderr.strip()}")

    def fill(self):
        """Until nothing more fits."""
        f = os.open(self.path / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for size in (MIB, 4096, 1):
            try:
                while os.write(f, b"x" * size):
                    pass
            except OSError:
                pass
        os.close(f)

    def free(self):
        (self.path / "filler").unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.path)], check=False)


@case("full disk: producers are refused, a cut goes out all the same, room lets it go on")
def _():
    with SmallDisk(96) as disk:
        storage = dict(kt.STORAGE, segment_mb=4, reserve_mb=8)
        plant = Plant.__new__(Plant)
        original = kt.make_site

        def on_small_disk(*args, **more):
            return original(*args, path=disk.path / "site", **more)
        kt.make_site = on_small_disk
        try:
            plant.__init__(storage=storage)
        finally:
            kt.make_site = original
        with plant as p:
            p.push(0.3)
            noted = p.op.ask("note.add", point="TP", text="before")["seq"]
            disk.fill()
            rows = "".join(f"TP value=0.3{i % 10}\n" for i in range(20_000))

            def refused():
                status, body = p.program.write(rows)
                return status if status not in (204,) else None
            status = kt.wait_for("a refusal", refused, 120)
            assert status in (429, 500, 503, 507), status
            kt.note(f"producers are refused with {status}")
            equal(p.op.call("GET", "/site")[0], 200)
            p.device.set_input(0, 180)
            p.device.wait("the cut goes out", lambda d: d.coil_writes(0) == [0] or
                          0 in d.coil_writes(0), 30)
            kt.wait_for("the feed is seen dead", lambda: p.op.live("KD1")["KD1"][0] == 0)
            disk.free()

            def taken():
                status, _ = p.program.write("TP value=0.35")
                return status == 204
            try:
                kt.wait_for("producers are taken again", taken, 30)
                kt.note("it went on by itself")
            except AssertionError:
                kt.note("it goes on after a restart")
                p.program.stop()
                p.program.start()
                p.login_again()
                kt.wait_for("producers are taken again", taken)
            p.op = p.program.login("operator-1", p.op.password)
            kt.wait_for("what was noted before is there", lambda: [
                e for e in p.op.events(type="request", limit=5000) if e["seq"] == noted])
            kt.wait_for("the cut stands", lambda: p.op.output("KG1")["latched_by"])
            p.program.stop()
            kt.kuangtu("verify", p.site.dir)


@case("full disk: records stand still and go on; what was answered as done is there once, what was not is not said to be")
def _():
    with SmallDisk(96) as disk:
        site = records_kit.make_site(path=disk.path / "site", storage=dict(kt.STORAGE, segment_mb=4, reserve_mb=8))
        program = kt.Program(site)
        clerks = [program.user(f"clerk-{i}", "clerk") for i in range(3)]
        done, refused, lock, stop = set(), set(), threading.Lock(), threading.Event()

        def create(c, title):
            try:
                c.ask("record.create", register="hazard", fields={"title": title, "place": "P1-face"})
                mine = done
            except (kt.Refused, AssertionError, OSError):
                mine = refused
            with lock:
                mine.add(title)

        def keep_creating(c, n):
            for i in range(3000):
                create(c, f"{n}-{i} {'水' * 40}")
                if stop.is_set():
                    return
        create(clerks[0], "before")
        equal(done, {"before"})
        disk.fill()
        threads = [threading.Thread(target=keep_creating, args=(c, n)) for n, c in enumerate(clerks)]
        for t in threads:
            t.start()
        try:
            kt.wait_for("records stand still", lambda: any("records stand still" in line for line in program.lines))
            still = len(done)
            kt.note(f"{still} were done, {len(refused)} refused, before the room stood still")
        finally:
            stop.set()
            disk.free()
        for t in threads:
            t.join()
        kt.note(f"{len(done)} were done, {len(refused)} refused in all")
        assert len(done) > still, "those that waited are answered"
        create(clerks[0], "after")
        assert "after" in done, "it goes on by itself"

        def titles():
            return [row[1] for row in records_kit.read_csv(records_kit.fetch(clerks[0], "/records/hazard/export", format="csv")[0])[1:]]
        for again in (False, True):
            got = titles()
            assert not done - set(got), (again, done - set(got))
            equal(len(got), len(set(got)))
            if not again:
                program.kill9()
                program.start()
                clerks[0] = program.login("clerk-0", clerks[0].password)
        program.stop()
        kt.kuangtu("verify", site.dir)


if __name__ == "__main__":
    sys.exit(kt.main())
