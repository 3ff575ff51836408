#!/bin/bash
# Tries what dist/ has on machines that may be thrown away: tests/packaging/machines.sh [MACHINE...]
# Machines are bookworm, trixie and busybox (a kernel and busybox, nothing else). On bookworm the Debian package is
# tried too, and at the end the image from its OCI archive. Needs docker, node and, for the page, tests/node_modules.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. scripts/dist-environment
[ $# -gt 0 ] || set -- bookworm trixie busybox
[ -s "dist/$name.tar.gz" ] || { echo "error: dist/$name.tar.gz is missing: make dist" >&2; exit 1; }
(cd dist && sha256sum --quiet --check SHA256SUMS)

work=$(mktemp -d)
network=waaft-try-$$
containers=()
cleanup() {
    [ ${#containers[@]} = 0 ] || docker rm -f "${containers[@]}" >/dev/null 2>&1 || true
    docker network rm "$network" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
docker network create "$network" >/dev/null
containers+=("$(docker run -d --network "$network" --network-alias by-dns "$(tests/packaging/make-machine busybox)" sleep 3600)")
tar -xzf "dist/$name.tar.gz" -C "$work"
export WAAFT=$work/$name/waaft

# The archive, from inside, and then its page and chat from outside.
try_archive() {
    local machine=$1 container address
    container=$(docker run -d --network "$network" --add-host by-file:127.0.0.1 -v "$PWD/dist:/dist:ro" \
        -v "$PWD/tests/packaging:/tests:ro" "$(tests/packaging/make-machine "$machine")" sh -c "$2 sh /tests/archive.sh /dist/$name.tar.gz")
    containers+=("$container")
    while ! docker exec "$container" test -e /tmp/tried 2>/dev/null; do
        if [ "$(docker inspect -f '{{.State.Running}}' "$container")" != true ]; then
            docker logs "$container" >&2
            echo "FAILED: the archive on $machine" >&2
            exit 1
        fi
        sleep 0.5
    done
    docker logs "$container"
    address=$(docker inspect -f "{{(index .NetworkSettings.Networks \"$network\").IPAddress}}" "$container")
    node tests/packaging/page_and_chat.mjs "$address" >"$work/page" || { cat "$work/page"; exit 1; }
    echo "ok: page, certificate and chat of the archive on $machine"
    docker rm -f "$container" >/dev/null
}

for machine in "$@"; do
    prepare=
    # Debian's smallest has no wget.
    [ "$machine" = busybox ] || prepare="apt-get update -qq && apt-get install -y -qq --no-install-recommends wget >/dev/null 2>&1;"
    try_archive "$machine" "$prepare"
done
if [[ " $* " == *" bookworm "* ]]; then
    docker run --rm -v "$PWD:/src:ro" "$(tests/packaging/make-machine bookworm)" \
        /src/tests/packaging/deb.sh "/src/dist/waaft_${version}_$architecture.deb"
fi
docker load --quiet --input "dist/$name.oci.tar" >/dev/null
tests/packaging/image.sh "waaft:$version"

# Each package of the archive whose library the image has too is named there.
container=$(docker create "waaft:$version")
containers+=("$container")
docker export "$container" | tar -t >"$work/image"
for package in waaft ca-certificates libc6 libssl3 libstdc++6; do
    grep -qx "usr/share/doc/$package/copyright" "$work/image" || { echo "FAILED: the image has no copyright of $package" >&2; exit 1; }
done
echo "ok: the image has the copyright files"
