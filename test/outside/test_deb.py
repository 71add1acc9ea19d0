#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package in a machine of its own: the file system over this one, thrown away after."""

import os
import shutil
import subprocess
from pathlib import Path

import kt
from kt import case, once

# Everything below `machine` happens in name spaces: mounts, network and processes are its own.
MACHINE = r"""
set -e
mount -t tmpfs none "$WORK"
mkdir "$WORK/up" "$WORK/tmp" "$WORK/root"
mount -t overlay none -o "lowerdir=/,upperdir=$WORK/up,workdir=$WORK/tmp" "$WORK/root"
mount -t proc none "$WORK/root/proc"
mount --rbind /dev "$WORK/root/dev"
mount -t tmpfs none "$WORK/root/run"
mount -t tmpfs none "$WORK/root/srv"
mount --bind "$DEBS" "$WORK/root/mnt"
ip link set lo up
exec chroot "$WORK/root" /bin/sh -c "$SCRIPT"
"""

CYCLE = r"""
set -e
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
say() { echo "== $*"; }
site=/srv/kuangtu/site
unpack() { dpkg --force-unsafe-io --no-triggers -i "$1"; }

say install
unpack /mnt/first.deb
test "$(dpkg-query -W -f='${db:Status-Abbrev}' kuangtu)" = "ii "
id kuangtu
test "$(stat -c %U:%G:%a /srv/kuangtu)" = root:kuangtu:750
test -L /etc/systemd/system/multi-user.target.wants/kuangtu.service
kuangtu --version
dpkg --verify kuangtu

say start
kuangtu init $site >/dev/null
chown -R root:kuangtu $site; chmod -R g+rX,o-rwx $site
install -d -m 700 -o kuangtu -g kuangtu $site/data
if [ -d $site/secrets ]; then chown -R kuangtu: $site/secrets; fi
exec_start=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/kuangtu.service)
run() {
    setpriv --reuid kuangtu --regid kuangtu --clear-groups --no-new-privs $exec_start >/tmp/log 2>&1 &
    pid=$!
    tries=0
    until curl -fs http://127.0.0.1:8080/healthz; do
        kill -0 $pid || { cat /tmp/log; exit 1; }
        tries=$((tries + 1)); test $tries -lt 600; sleep 0.1
    done
    curl -fs http://127.0.0.1:8080/ | grep -q '<script'
}
halt() { kill $pid; wait $pid || true; }
run
test "$(stat -c %U $site/data/run.json)" = kuangtu

say "what root does to the site, the service reads; what would be in its way is refused"
sed 's/,总回风甲烷,/,总回风甲烷二,/' $site/points.csv | iconv -t GBK >/tmp/table.csv
kuangtu import points $site /tmp/table.csv
test "$(stat -c %U:%G:%a $site/points.csv)" = root:kuangtu:640
kuangtu cert $site --name localhost
for f in ca.pem server.pem server.key; do test "$(stat -c %U:%a $site/secrets/$f)" = kuangtu:600; done
test "$(stat -c %U $site/secrets/ca-key.pem)" = root
kuangtu reload $site
if kuangtu serve $site 2>/tmp/refused; then exit 1; fi
grep -q 'sudo -u kuangtu kuangtu serve' /tmp/refused
if kuangtu import history $site /tmp/table.csv 2>/tmp/refused; then exit 1; fi
grep -q 'sudo -u kuangtu' /tmp/refused

say upgrade
unpack /mnt/second.deb
kill -0 $pid
test "$(dpkg-query -W -f='${Version}' kuangtu)" = 99-1
halt; run; halt
kuangtu verify $site

say remove
dpkg -r kuangtu
test ! -e /usr/bin/kuangtu; test ! -e /usr/share/kuangtu; test ! -e /usr/lib/systemd/system/kuangtu.service
test -e $site/data/journal

say "again over what is left"
unpack /mnt/first.deb
run; halt
test -L /etc/systemd/system/multi-user.target.wants/kuangtu.service

say purge
dpkg -P kuangtu
test -e $site/site.yaml; test -e $site/data/journal; id kuangtu
test ! -e /etc/systemd/system/multi-user.target.wants/kuangtu.service
test ! -e /etc/systemd/system/kuangtu.service
if dpkg-query -W kuangtu 2>/dev/null; then exit 1; fi
rm -rf $site
unpack /mnt/first.deb; dpkg -P kuangtu
test ! -e /srv/kuangtu
say done
"""


def machine(script, debs):
    work = kt.temp_dir("kt-deb-")
    return subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
                           "--propagation", "private", "sh", "-c", MACHINE], text=True,
                          env={**os.environ, "WORK": str(work), "DEBS": str(debs), "SCRIPT": script},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", timeout=kt.LIMIT * 10)


@once
def packages():
    build = next((p for p in Path(kt.BIN).resolve().parents if (p / "build.ninja").exists()), None)
    if not build or not (kt.SOURCE / "web/dist/index.html").exists():
        raise kt.Skip("no build of meson with screens")
    if not all(map(shutil.which, ("dpkg-deb", "dpkg-shlibdeps", "unshare", "setpriv", "curl"))):
        raise kt.Skip("no Debian tools")
    debs = kt.temp_dir()
    if machine("true", debs).returncode != 0:
        raise kt.Skip("no name spaces and overlays here: run as root")
    made = subprocess.run([kt.SOURCE / "scripts/make-deb"], text=True, stdout=subprocess.PIPE, check=True,
                          env={**os.environ, "KT_BUILD": str(build), "KT_DEB_COMPRESS": "none", "KT_DIST": str(debs / "out")})
    shutil.move(made.stdout.splitlines()[-1], debs / "first.deb")
    subprocess.run(["dpkg-deb", "-R", debs / "first.deb", debs / "tree"], check=True)
    control = debs / "tree/DEBIAN/control"
    lines = control.read_text().splitlines()
    control.write_text("\n".join("Version: 99-1" if x.startswith("Version:") else x for x in lines) + "\n")
    subprocess.run(["dpkg-deb", "-Znone", "-b", debs / "tree", debs / "second.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    return debs


@case("the package installs, starts, upgrades, is removed and purged; a site is never touched")
def _():
    got = machine(CYCLE, packages())
    assert got.returncode == 0 and "== done" in got.stdout, got.stdout[-3000:]


if __name__ == "__main__":
    raise SystemExit(kt.main())
