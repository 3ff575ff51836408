#!/bin/sh
# Tries the archive where it is unpacked, by a shell and busybox's tools alone: archive.sh ARCHIVE.tar.gz
# For a machine that may be thrown away; tests/packaging/machines.sh prepares some and calls it there. Needs the names
# `by-file` (in /etc/hosts) and `by-dns` (of its DNS). At the end the server runs on port 3000 until the machine ends.
set -eu
archive=$1

fail() {
    echo "FAILED: $*" >&2
    [ ! -e /tmp/log ] || tail -n 20 /tmp/log >&2
    exit 1
}
wait_for() { # FILE TEXT SECONDS
    left=$(($3 * 5))
    until grep -q "$2" "$1" 2>/dev/null; do
        left=$((left - 1))
        [ $left -gt 0 ] || fail "not within $3 s: $2"
        sleep 0.2
    done
}

mkdir -p "/opt/a folder" /tmp/work
tar -xzf "$archive" -C "/opt/a folder"
root=$(echo "/opt/a folder"/waaft-*)
waaft=$root/waaft
unset LD_LIBRARY_PATH

# From its folder, from another one, through links of both kinds, found in PATH.
(cd "$root" && ./waaft version | grep -q '^waaft ') || fail "./waaft version"
mkdir -p /tmp/links/deep
ln -s "$waaft" /tmp/links/absolute
ln -s ../absolute /tmp/links/deep/waaft
cd /tmp/work
"$waaft" version >/tmp/work/version
/tmp/links/deep/waaft version | cmp - /tmp/work/version || fail "through links"
env PATH="/tmp/links/deep:$PATH" waaft version | cmp - /tmp/work/version || fail "in PATH"

# Arguments stay what they are.
printf 'serve:\n  listen:\n    port: 3999\n' >"/tmp/work/it's \"my\" file \$HOME.yaml"
"$waaft" config check --config "/tmp/work/it's \"my\" file \$HOME.yaml" || fail "config check"
if "$waaft" config check --config "/tmp/work/none *.yaml" 2>/tmp/work/said; then fail "config check of no file"; fi
grep -qF "none *.yaml" /tmp/work/said || fail "config check says: $(cat /tmp/work/said)"

# What it runs is the system's, and loads the system's libraries.
mkdir -p /tmp/tools
printf '#!/bin/sh\nenv >/tmp/work/environment\nexit 1\n' >/tmp/tools/docker
chmod 755 /tmp/tools/docker
printf 'FROM scratch\n' >Dockerfile
PATH=/tmp/tools:$PATH "$waaft" build-image --builder auto --image-version 1 --quiet >/dev/null 2>&1 || fail "build-image by itself"
grep -q '^PATH=' /tmp/work/environment || fail "docker was not asked"
if grep -q '^LD_' /tmp/work/environment; then fail "docker got $(grep '^LD_' /tmp/work/environment)"; fi

# An image of its own, with the copyright of all that is in it; it runs where nothing else is.
"$waaft" build-image --builder native --rootfs /tmp/work/image --quiet 2>/tmp/work/said >/dev/null || fail "$(cat /tmp/work/said)"
[ ! -s /tmp/work/said ] || fail "build-image says: $(cat /tmp/work/said)"
for name in libc6 ca-certificates waaft; do
    [ -s "/tmp/work/image/usr/share/doc/$name/copyright" ] || fail "the image has no copyright of $name"
done
chroot /tmp/work/image /waaft version | cmp - /tmp/work/version || fail "the image's program"
cmp "$root/usr/bin/waaft" /tmp/work/image/waaft || fail "the image has another program"

# libcurl is there: what is refused is the connection.
if "$waaft" build-image --builder native --push --plain-http --image-repository 127.0.0.1:1/a/b --image-version 1 \
    >/tmp/work/said 2>&1; then fail "pushed to nowhere"; fi
if grep -q 'libcurl' /tmp/work/said; then fail "$(cat /tmp/work/said)"; fi
grep -qi 'refused\|connect' /tmp/work/said || fail "push says: $(cat /tmp/work/said)"

# Names: of this machine's file and of its DNS.
(umask 077 && echo "a secret of at least thirty-two characters for a try" >/tmp/work/secret)
for name in by-file by-dns; do
    "$waaft" serve --data none --tls off --port 0 --ops-port 0 --redis-url "redis://$name:1" \
        --cluster-secret /tmp/work/secret --log-format json 2>/tmp/log &
    wait_for /tmp/log 'Redis cannot be reached' 30
    kill $!
    wait $! 2>/dev/null || true
done

# A server that starts itself anew has to find itself: the bench does.
[ "${WAAFT_TRY_BENCH:-}" = "" ] || "$waaft" bench chat --quick >/tmp/work/bench 2>&1 || fail "bench: $(cat /tmp/work/bench)"

# As the README has it.
cd "$root"
WAAFT_DATA=/tmp/data ./waaft serve --log-format json 2>/tmp/log &
wait_for /tmp/log '"Serving."' 30
wget -q -O /tmp/work/page http://127.0.0.1:3000/ || fail "no page"
grep -q '<html' /tmp/work/page || fail "the page is $(head -c 100 /tmp/work/page)"
wget -q -O - http://127.0.0.1:3000/ca.crt | grep -q 'BEGIN CERTIFICATE' || fail "no certificate"
wget -q -O - http://127.0.0.1:3000/licenses.txt | grep -q '^==== preact' || fail "no licenses of the page"
echo "ok: $(head -n 1 /tmp/work/version): config check, build-image, names, page"
touch /tmp/tried
wait
