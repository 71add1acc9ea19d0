# SPDX-License-Identifier: Apache-2.0
"""`meson install`: the whole product in one tree, which finds its packs and screens there."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import kt
from kt import case, equal, once


@once
def tree():
    build = next((p for p in Path(kt.BIN).resolve().parents if (p / "build.ninja").exists()), None)
    if not build or not shutil.which("meson"):
        raise kt.Skip("the program does not lie in a build of meson")
    dest = kt.temp_dir() / "root"
    subprocess.run(["ninja", "-C", str(build), "kuangtu.1"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", str(build), "--destdir", str(dest)],
                   check=True, stdout=subprocess.DEVNULL)
    return dest / "usr/local"


@case("program, packs, unit, manual page and documents lie where they belong")
def _():
    root = tree()
    for name in ("bin/kuangtu", "share/kuangtu/packs/gas/pack.yaml", "lib/systemd/system/kuangtu.service",
                 "share/man/man1/kuangtu.1", "share/doc/kuangtu/operations.md", "share/doc/kuangtu/LICENSE"):
        assert (root / name).is_file(), name
    unit = (root / "lib/systemd/system/kuangtu.service").read_text(encoding="utf-8")
    assert "ExecStart=/usr/local/bin/kuangtu serve" in unit and "@bindir@" not in unit, unit
    page = (root / "share/man/man1/kuangtu.1").read_text(encoding="utf-8")
    assert ".SH NAME" in page and "kuangtu backup" in page


@case("the installed program serves with the packs and screens beside it, nothing of the source tree")
def _():
    root = tree()
    site = kt.make_site([kt.point("ENV-1", "pressure.air", "P1-face", link="push")])
    before, kt.BIN = kt.BIN, str(root / "bin/kuangtu")
    try:
        p = kt.Program(site)
        rules = p.user("eye", "dispatcher").get("/site")["rules"]
    finally:
        kt.BIN = before
    assert [r for r in rules if r["id"].startswith("gas.")], "the pack gas is loaded"
    if (kt.SOURCE / "web/dist/index.html").exists():
        page = urllib.request.urlopen(p.url + "/", timeout=kt.LIMIT).read().decode()
        assert "<script" in page, page[:200]


@case("the unit is closed: systemd-analyze security finds little to say")
def _():
    if not shutil.which("systemd-analyze"):
        raise kt.Skip("systemd-analyze is not installed")
    unit = tree() / "lib/systemd/system/kuangtu.service"
    got = subprocess.run(["systemd-analyze", "security", "--offline=true", str(unit)], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                         env={**os.environ, "SYSTEMD_COLORS": "0"})
    level = re.search(r"exposure level for \S+ (\d+\.\d+)", got.stdout)
    if not level:
        raise kt.Skip(f"it cannot look at a file: {got.stdout.strip()[-120:]}")
    kt.note(level.group(0))
    assert float(level.group(1)) < 2.5, got.stdout
    equal(got.returncode, 0)


if __name__ == "__main__":
    sys.exit(kt.main())
