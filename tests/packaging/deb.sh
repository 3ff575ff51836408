#!/bin/bash
# Installs, runs, removes and purges the Debian package; for a machine that may be thrown away:
#   docker run --rm -v "$PWD:/src:ro" debian:bookworm-slim /src/tests/packaging/deb.sh /src/dist/waaft_0.1.0_amd64.deb
set -euo pipefail
package=$1

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$package" >/dev/null
echo "installed $(dpkg-query -W -f '${Package} ${Version}' waaft)"

waaft version | grep -q '^waaft ' || fail "waaft version"
getent passwd waaft >/dev/null || fail "the user waaft is missing"
[ "$(stat -c '%U %a' /var/lib/waaft)" = "waaft 700" ] || fail "/var/lib/waaft: $(stat -c '%U %a' /var/lib/waaft)"
dpkg-query -W -f '${Conffiles}' waaft | grep -q /etc/waaft/waaft.yaml || fail "waaft.yaml is no conffile"
waaft config check --config /etc/waaft/waaft.yaml || fail "the configuration that comes with it"
for file in /usr/lib/systemd/system/waaft.service /usr/share/bash-completion/completions/waaft \
    /usr/share/doc/waaft/copyright /usr/share/doc/waaft/waaft.schema.json /usr/share/doc/waaft/examples/waaft.conf; do
    [ -s "$file" ] || fail "$file is missing"
done
for part in 'Apache License' '==== preact ' '######## libcli11-dev '; do
    grep -q "$part" /usr/share/doc/waaft/copyright || fail "the copyright has no $part"
done
grep -q '^ExecStart=/usr/bin/waaft serve' /usr/lib/systemd/system/waaft.service || fail "the unit's program"

# As the unit runs it: its user, its state folder.
log=$(mktemp)
setpriv --reuid waaft --regid waaft --clear-groups --no-new-privs \
    env WAAFT_DATA=/var/lib/waaft waaft serve --config /etc/waaft/waaft.yaml --port 0 --ops-port 0 2>"$log" &
server=$!
for _ in $(seq 600); do
    grep -q '"Serving."' "$log" && break
    kill -0 $server 2>/dev/null || fail "the server ended: $(cat "$log")"
    sleep 0.1
done
grep -q '"Serving."' "$log" || fail "the server does not serve: $(cat "$log")"
kill -TERM $server
wait $server || fail "the server did not end well: $(cat "$log")"
[ -n "$(ls /var/lib/waaft)" ] || fail "nothing was kept in /var/lib/waaft"

echo "# mine" >>/etc/waaft/waaft.yaml
apt-get remove -y -qq waaft >/dev/null
[ ! -e /usr/bin/waaft ] || fail "the program is left after remove"
grep -q '^# mine' /etc/waaft/waaft.yaml || fail "the configuration is gone after remove"
[ -d /var/lib/waaft ] || fail "the data is gone after remove"
apt-get purge -y -qq waaft >/dev/null
[ ! -e /etc/waaft ] || fail "/etc/waaft is left after purge"
[ ! -e /var/lib/waaft ] || fail "/var/lib/waaft is left after purge"
! getent passwd waaft >/dev/null || fail "the user waaft is left after purge"
echo "ok: install, serve, remove, purge"
