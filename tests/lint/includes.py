"""Proves the table of ARCHITECTURE.md: which folder may include what.

For each folder of server/ and for cmd/ it lists the folders or files of ours, and the libraries,
that may stand in an #include; anything else is a mistake, and so is what nobody includes, and a
target that links a folder of ours of which nothing may be included. Folders of engines see no
socket, no thread and no clock.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

ENGINES = {"rtc", "room", "signaling"}

# Of ours: a folder ("base") or a file ("signaling/messages.h").
OURS = {
    "server/base": set(),
    "server/rtc": {"base"},
    "server/signaling": {"base"},
    "server/room": {"base", "signaling/messages.h", "signaling/text.h", "signaling/wire_size.h"},
    "server/store": {"base", "signaling/messages.h", "signaling/wire_size.h"},
    "server/auth": {"base", "signaling/messages.h"},
    "server/cluster": {"store/shared.h", "room/shared.h", "signaling/codec.h"},
    "server/redis": {"base", "store"},
    "server/net": {"base"},
    "server/app": {"base", "rtc", "signaling", "room", "store", "auth", "cluster", "redis", "net"},
    "cmd": {"base", "auth/api_keys.h", "app/settings.h", "app/config.h", "app/build_info.h"},
    "cmd/os": {"base"},
    "cmd/curl": {"base"},
    "cmd/yaml": {"base"},
    "cmd/ui": {"base", "cmd/os", "cmd/command.h"},
    "cmd/project": {"base", "app/settings.h", "app/setting_values.h", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/command.h",
                    "cmd/nearest.h"},
    "cmd/registry": {"base", "cmd/os", "cmd/curl", "cmd/ui", "cmd/project", "cmd/command.h", "cmd/json_text.h"},
    "cmd/image": {"base", "cmd/os", "cmd/ui", "cmd/project", "cmd/registry", "cmd/kube", "cmd/command.h"},
    "cmd/push": {"base", "cmd/os", "cmd/ui", "cmd/project", "cmd/registry", "cmd/image", "cmd/command.h",
                 "cmd/json_text.h"},
    "cmd/manifest": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/command.h"},
    "cmd/init": {"app/settings.h", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/registry", "cmd/command.h"},
    "cmd/kube": {"base", "cmd/os", "cmd/curl", "cmd/ui", "cmd/project"},
    "cmd/deploy": {"base", "cmd/os", "cmd/ui", "cmd/project", "cmd/registry", "cmd/manifest", "cmd/kube", "cmd/load",
                   "cmd/gke", "cmd/command.h", "cmd/json_text.h"},
    "cmd/status": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/kube", "cmd/command.h"},
    "cmd/doctor": {"base", "redis/inspect.h", "redis/redis.h", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project",
                   "cmd/registry", "cmd/kube", "cmd/status", "cmd/command.h"},
    "cmd/gke": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/command.h"},
    "cmd/pod": {"base", "net/tls.h", "cmd/os", "cmd/command.h"},
    "cmd/bench": {"base", "signaling", "redis/resp.h", "cmd/os", "cmd/image", "cmd/load", "cmd/command.h"},
    "cmd/load": {"base", "signaling", "rtc", "cmd/command.h"},
}
# One file may see more than its folder.
OURS_OF_FILE = {"cmd/main.cpp": {"app/run.h"}}

LIBRARIES = {
    "server/base": {"boost/system", "spdlog", "nss.h"},
    "server/rtc": set(),
    "server/signaling": {"boost/json", "unictype.h"},
    "server/room": set(),
    "server/store": {"sqlite3.h"},
    "server/auth": {"boost/json", "openssl", "argon2.h"},
    "server/cluster": {"boost/json"},
    "server/redis": {"boost/asio", "hiredis", "openssl"},
    "server/net": {"boost/asio", "boost/beast", "boost/intrusive", "openssl"},
    "server/app": {"boost/asio", "boost/json", "httplib.h", "prometheus", "qrencode.h"},
    "cmd": {"boost/json", "boost/version.hpp", "CLI", "openssl/crypto.h", "qrencode.h", "spdlog/version.h",
            "sqlite3.h", "waaft_commit.h", "waaft_versions.h"},
    "cmd/os": {"poll.h", "sys/eventfd.h", "sys/syscall.h"},
    "cmd/yaml": {"boost/json", "yaml-cpp"},
    "cmd/ui": {"boost/json", "poll.h", "sys/ioctl.h"},  # the width of a terminal, an answer typed there
    "cmd/project": {"boost/json"},
    "cmd/image": {"boost/json", "libdeflate.h"},
    # It speaks HTTP over a Unix socket, as kubectl proxy has one; cpp-httplib of Debian 12 does not.
    "cmd/curl": {"curl", "dlfcn.h"},
    "cmd/registry": {"boost/json", "openssl", "zlib.h"},
    "cmd/push": {"boost/json"},
    "cmd/manifest": {"boost/json", "openssl"},
    "cmd/init": {"boost/json"},
    "cmd/kube": {"boost/json"},
    "cmd/deploy": {"boost/json", "openssl", "poll.h"},  # waits for an interrupt
    "cmd/status": {"boost/json", "openssl", "poll.h"},  # certificates; waiting for the next look
    "cmd/doctor": {"boost/json"},
    "cmd/gke": {"boost/json"},
    "cmd/pod": {"boost/json", "httplib.h"},
    "cmd/bench": {"boost/json"},
    "cmd/load": {"boost/json", "openssl", "httplib.h"},
}
NOT_IN = {"server/auth": {"openssl/ssl.h"}, "cmd": {"openssl/ssl.h"}}

SYSTEM = {"unistd.h", "fcntl.h", "sys/stat.h", "sys/file.h", "sys/random.h", "sys/resource.h", "sys/mman.h",
          "sys/types.h", "sys/wait.h", "sys/signalfd.h", "sys/prctl.h", "elf.h", "pthread.h", "sched.h"}
SOCKETS = {"sys/socket.h", "sys/uio.h", "netinet/in.h", "netinet/tcp.h", "netdb.h", "ifaddrs.h",
           "sys/epoll.h", "poll.h", "sys/ioctl.h"}
ADDRESSES = {"arpa/inet.h"}  # text forms of addresses, no socket
MAY_OPEN_SOCKETS = {"server/net", "cmd/bench", "cmd/load", "cmd/pod"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LIBRARY_TARGET = re.compile(r"waaft_library\(\w+ (?:EXCLUDE [^)]*?)?LINK ([^)]*)\)")
LINKED = re.compile(r"\bwaaft_(\w+)")
# Targets that are not called as their folder.
TARGETS = {"settings": "app", "json_text": "cmd/json_text.h", "nearest": "cmd/nearest.h"}
CLOCK_OR_THREAD = re.compile(r"\b(?:[A-Za-z_]*[cC]lock|Clock)::now\(|\bstd::(?:jthread|thread|mutex|async)\b|\bread_clocks\(")


def folder_of(path):
    parts = path.parts
    if parts[0] == "cmd":
        return "/".join(parts[:2]) if "/".join(parts[:2]) in OURS else "cmd"
    return "/".join(parts[:2])


def begins(name, allowed):
    return any(name in (entry, entry + ".hpp") or name.startswith(entry + "/") for entry in allowed)


def is_ours(path, folder, name):
    if name.startswith(folder + "/"):
        return True
    allowed = OURS[folder] | OURS_OF_FILE.get(path.as_posix(), set())
    if name.startswith("cmd/"):
        return folder == "cmd" or begins(name, allowed)
    return name.startswith("server/") and begins(name[len("server/"):], allowed)


def is_library(folder, name):
    if name in NOT_IN.get(folder, set()):
        return False
    if "/" not in name and not name.endswith(".h") and not name.endswith(".hpp"):
        return True  # standard C++
    if name in SYSTEM | ADDRESSES:
        return folder.split("/")[-1] not in ENGINES or name in ADDRESSES
    if name in SOCKETS:
        return folder in MAY_OPEN_SOCKETS or name in LIBRARIES[folder]
    return begins(name, LIBRARIES[folder])


def check_file(path, text):
    folder = folder_of(path)
    if folder not in OURS:
        return [f"{path}:1: the folder {folder} is not in the table of tests/lint/includes.py"]
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            quoted, name = found.group(1) == '"', found.group(2)
            if not (is_ours(path, folder, name) if quoted else is_library(folder, name)):
                problems.append(f"{path}:{number}: {folder} must not include {name}")
        elif folder.split("/")[-1] in ENGINES and CLOCK_OR_THREAD.search(line.split("//")[0]):
            problems.append(f"{path}:{number}: {folder} is an engine; it takes `now` and has no clock or thread")
    return problems


def name_of(include):
    """As the table names what is ours."""
    return include.removeprefix("server/")


def unused(texts):
    """Permissions that nobody needs: each would let somebody do by mistake what was never decided."""
    quoted = collections.defaultdict(set)
    angled = collections.defaultdict(set)
    for path, text in texts.items():
        for sign, name in re.findall(INCLUDE.pattern, text, re.MULTILINE):
            (quoted if sign == '"' else angled)[folder_of(path)].add(name_of(name) if sign == '"' else name)
    problems = []
    for table, included in ((OURS, quoted), (LIBRARIES, angled)):
        for folder, allowed in table.items():
            problems += [f"includes.py: {folder} may include {entry}, and does not" for entry in sorted(allowed)
                         if not any(begins(name, {entry}) for name in included[folder])]
    everywhere = set().union(*angled.values())
    problems += [f"includes.py: {name} may be included, and is not" for name in sorted((SYSTEM | SOCKETS | ADDRESSES) - everywhere)]
    problems += [f"includes.py: {folder} may open sockets, and does not" for folder in sorted(MAY_OPEN_SOCKETS)
                 if not SOCKETS & angled[folder]]
    return problems


def check_links(path, text):
    """Of the target that waaft_library() makes; `cmd` joins all of its folders."""
    folder = path.parent.as_posix()
    made = LIBRARY_TARGET.search(text)
    if folder in ("cmd", "server/app") or not made:
        return []
    problems = []
    for target in LINKED.findall(made.group(1)):
        ours = TARGETS.get(target) or (f"cmd/{target}" if f"cmd/{target}" in OURS else target)
        if not any(entry == ours or entry.startswith(ours + "/") for entry in OURS[folder]):
            problems.append(f"{path}: links waaft_{target}, and may not include {ours}")
    return problems


def self_test():
    """The rules themselves: each of these must be found."""
    rows = [
        ("server/rtc/a.cpp", '#include "server/media/x.h"'),
        ("server/rtc/a.cpp", "#include <boost/asio/io_context.hpp>"),
        ("server/room/a.cpp", '#include "server/signaling/codec.h"'),
        ("server/room/a.cpp", "auto t = std::chrono::steady_clock::now();"),
        ("server/room/a.cpp", "#include <sys/socket.h>"),
        ("server/base/a.h", '#include "server/net/server.h"'),
        ("server/net/a.cpp", '#include "server/room/room.h"'),
        ("server/store/a.cpp", "#include <boost/beast/core.hpp>"),
        ("server/auth/a.cpp", "#include <openssl/ssl.h>"),
        ("server/app/a.cpp", '#include "cmd/config.h"'),
        ("cmd/a.cpp", '#include "server/app/run.h"'),
        ("cmd/os/a.cpp", '#include "cmd/kube/objects.h"'),
        ("server/new/a.cpp", ""),
    ]
    problems = [f"includes.py: the rule for {path}: {line} finds nothing" for path, line in rows
                if not check_file(pathlib.PurePosixPath(path), line)]
    for path, line in (("server/rtc/CMakeLists.txt", "waaft_library(rtc LINK waaft_base waaft_net)"),
                       ("cmd/os/CMakeLists.txt", "waaft_library(os LINK waaft_base\n  waaft_kube)")):
        if not check_links(pathlib.PurePosixPath(path), line):
            problems.append(f"includes.py: the rule for {path}: {line} finds nothing")
    if len(unused({pathlib.PurePosixPath("server/rtc/a.h"): '#include "server/base/time.h"'})) < 50:
        problems.append("includes.py: finds hardly any permission that nobody uses where there are no includes")
    return problems


def main():
    problems = self_test()
    files = [file for top in ("server", "cmd") for file in sorted((ROOT / top).rglob("*"))
             if file.suffix in (".h", ".cpp")]
    if len(files) < 20:
        problems.append("includes.py: found hardly any sources")
    texts = {file.relative_to(ROOT): file.read_text() for file in files}
    for path, text in texts.items():
        problems += check_file(path, text)
    problems += unused(texts)
    for file in sorted((ROOT / "server").rglob("CMakeLists.txt")) + sorted((ROOT / "cmd").rglob("CMakeLists.txt")):
        problems += check_links(file.relative_to(ROOT), file.read_text())
    print("\n".join(problems) if problems else f"{len(files)} files include only what they may")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
