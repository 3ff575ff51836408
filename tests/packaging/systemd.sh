#!/bin/bash
# The Debian package under a running systemd: enabled and started by its installation, started again
# after a crash and an upgrade, stopped by its removal. Runs inside a machine that may be thrown away, such as
#   docker run -d --name sd --cap-add SYS_ADMIN --security-opt seccomp=unconfined --tmpfs /run --tmpfs /run/lock \
#       -v /sys/fs/cgroup:/sys/fs/cgroup -v "$PWD:/src:ro" IMAGE-WITH-SYSTEMD /lib/systemd/systemd
#   docker exec sd /src/tests/packaging/systemd.sh /src/dist/waaft_0.1.0_amd64.deb
set -euo pipefail
package=$1

fail() {
    echo "FAILED: $*" >&2
    journalctl -u waaft --no-pager 2>/dev/null | tail -20 >&2
    exit 1
}
ready() {
    for _ in $(seq 100); do
        curl -fs http://127.0.0.1:9090/readyz >/dev/null && return
        sleep 0.1
    done
    fail "not ready: $1"
}
main_pid() { systemctl show -p MainPID --value waaft; }

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends curl "$package" >/dev/null
[ "$(systemctl is-enabled waaft)" = enabled ] || fail "it is not enabled"
ready "after the installation"
first=$(main_pid)
[ "$(stat -c %U "/proc/$first")" = waaft ] || fail "it runs as $(stat -c %U "/proc/$first")"

kill -9 "$first"
for _ in $(seq 100); do
    [ "$(main_pid)" != 0 ] && [ "$(main_pid)" != "$first" ] && break
    sleep 0.1
done
ready "after a crash"
second=$(main_pid)

apt-get install -y -qq --reinstall "$package" >/dev/null
ready "after an upgrade"
[ "$(main_pid)" != "$second" ] || fail "the old program still runs after an upgrade"

apt-get remove -y -qq waaft >/dev/null
[ "$(systemctl is-active waaft || true)" = inactive ] || fail "it is $(systemctl is-active waaft) after remove"
! curl -fs -m 2 http://127.0.0.1:9090/readyz >/dev/null || fail "something still answers after remove"
apt-get purge -y -qq waaft >/dev/null
! systemctl cat waaft >/dev/null 2>&1 || fail "the unit is left after purge"
echo "ok: enabled, started, started again after a crash and an upgrade, stopped, gone"
