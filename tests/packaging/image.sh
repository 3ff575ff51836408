#!/bin/bash
# Runs the image as a cluster would: read-only, as its user, with a volume: tests/packaging/image.sh waaft
set -euo pipefail
image=$1
compressed_max=$((20 * 1000 * 1000))

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
size=$(docker save "$image" | gzip | wc -c)
[ "$size" -le $compressed_max ] || fail "the image has $size bytes compressed"
[ "$(docker inspect -f '{{.Config.User}}' "$image")" = 65532:65532 ] || fail "its user"

volume=waaft-image-test-$$
container=$(docker run -d --read-only --cap-drop ALL --security-opt no-new-privileges -v "$volume:/data" \
    -p 127.0.0.1::3000/tcp -p 127.0.0.1::9090/tcp "$image")
trap 'docker rm -f "$container" >/dev/null; docker volume rm "$volume" >/dev/null' EXIT
ops=$(docker port "$container" 9090/tcp)
public=$(docker port "$container" 3000/tcp)
for _ in $(seq 100); do
    curl -fs "http://$ops/readyz" >/dev/null && break
    sleep 0.1
done
curl -fs "http://$ops/readyz" >/dev/null || fail "not ready: $(docker logs "$container" 2>&1)"
curl -fsk "https://$public/" | grep -q '<html' || fail "no page"
docker stop -t 10 "$container" >/dev/null
[ "$(docker inspect -f '{{.State.ExitCode}}' "$container")" = 0 ] || fail "it did not end well"
echo "ok: $size bytes compressed, serves, ends well"
