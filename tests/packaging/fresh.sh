#!/bin/bash
# Runs a command of the README on a machine that has nothing: tests/packaging/fresh.sh bookworm|trixie 'make test'
# What is committed is cloned into a container with git, make and sudo, where an ordinary user types the command.
# Privileged, because tests make network namespaces; with 1 GiB of /dev/shm for browsers.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
machine=$1
command=$2
cd "$(dirname "$0")/../.."

base=$(tests/packaging/make-machine "$machine")
image=waaft-fresh-$machine
if ! docker image inspect "$image" >/dev/null 2>&1; then
    # Without a sync after each file, as in the images of Debian that registries have.
    printf '%s\n' "FROM $base" \
        'RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe-io' \
        'RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends sudo git make ca-certificates >/dev/null && rm -rf /var/lib/apt/lists/*' \
        'RUN useradd -m -s /bin/bash user && echo "user ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/user' |
        docker build -q -t "$image" - >/dev/null
fi
# Root may look at another user's checkout; of a shallow clone there is nothing but its files.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="*"
from=$(mktemp -d)
trap 'rm -rf "$from"' EXIT
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    git archive -o "$from/project" HEAD
    unpack='mkdir ~/waaft && tar -xf /from/project -C ~/waaft'
else
    git bundle create -q "$from/project" HEAD
    unpack='git clone -q /from/project ~/waaft'
fi
chmod -R a+rX "$from"
docker run --rm --init --privileged ${CPUS:+--cpuset-cpus "$CPUS"} --shm-size 1g --user user -v "$from:/from:ro" -e CI="${CI:-}" "$image" \
    bash -c "$unpack && cd ~/waaft && $command"
