#!/bin/bash
# Builds dist/ of the commit twice, in two folders of different names and at two times, and compares every byte:
# tests/packaging/reproducible.sh. No cache of compilers is used. JOBS=1 takes one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() {
    git clone --quiet . "$work/$1"
    (cd "$work/$1" && CCACHE_DISABLE=1 make --no-print-directory dist ${JOBS:+JOBS=$JOBS}) >"$work/log" 2>&1 ||
        { tail -n 30 "$work/log" >&2; exit 1; }
    date -u "+built in $work/$1 at %H:%M:%S"
}
build one
build another/folder/two

one=$work/one/dist
two=$work/another/folder/two/dist
cat "$one/SHA256SUMS"
diff -r "$one" "$two" || { echo "FAILED: the builds differ" >&2; exit 1; }
echo "ok: $(find "$one" -type f | wc -l) files are the same"
