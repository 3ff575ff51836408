"""Proves the table of ARCHITECTURE.md: which folder may include what.

For each folder of server/ and for cmd/ it lists the folders or files of ours, and the libraries,
that may stand in an #include; anything else is a mistake. Folders of engines see no socket, no
thread and no clock.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

ENGINES = {"rtp", "rtc", "media", "room", "signaling"}

# Of ours: a folder ("base") or a file ("signaling/messages.h").
OURS = {
    "server/base": set(),
    "server/rtp": {"base"},
    "server/rtc": {"base", "rtp"},
    "server/media": {"base", "rtp"},
    "server/signaling": {"base"},
    "server/room": {"base", "signaling/messages.h", "signaling/text.h", "signaling/wire_size.h"},
    "server/store": {"base", "signaling/messages.h", "signaling/wire_size.h"},
    "server/auth": {"base", "signaling/messages.h"},
    "server/cluster": {"base", "store", "room/shared.h", "signaling"},
    "server/net": {"base"},
    "server/app": {"base", "rtp", "rtc", "media", "signaling", "room", "store", "auth", "cluster", "net"},
    "cmd": {"base", "auth/api_keys.h", "app/settings.h", "app/config.h", "app/build_info.h", "app/setting_values.h"},
    "cmd/os": {"base"},
    "cmd/curl": {"base"},
    "cmd/yaml": {"base"},
    "cmd/ui": {"base", "cmd/os", "cmd/command.h"},
    "cmd/project": {"base", "app/settings.h", "app/setting_values.h", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/command.h",
                    "cmd/nearest.h"},
    "cmd/registry": {"base", "cmd/os", "cmd/curl", "cmd/ui", "cmd/project", "cmd/command.h", "cmd/json_text.h"},
    "cmd/image": {"base", "cmd/os", "cmd/ui", "cmd/project", "cmd/registry", "cmd/kube", "cmd/command.h",
                  "cmd/json_text.h"},
    "cmd/push": {"base", "cmd/os", "cmd/ui", "cmd/project", "cmd/registry", "cmd/image", "cmd/command.h",
                 "cmd/json_text.h"},
    "cmd/manifest": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/command.h"},
    "cmd/init": {"base", "app/settings.h", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/registry", "cmd/command.h"},
    "cmd/kube": {"base", "cmd/os", "cmd/curl", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/command.h", "cmd/json_text.h"},
    "cmd/deploy": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/registry", "cmd/image", "cmd/manifest",
                   "cmd/kube", "cmd/load", "cmd/gke",
                   "cmd/command.h", "cmd/json_text.h"},
    "cmd/status": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/kube", "cmd/command.h", "cmd/json_text.h"},
    "cmd/doctor": {"base", "cluster/inspect.h", "cluster/redis.h", "cmd/os", "cmd/ui", "cmd/yaml",
                   "cmd/project", "cmd/registry", "cmd/kube", "cmd/status", "cmd/command.h", "cmd/json_text.h"},
    "cmd/gke": {"base", "cmd/os", "cmd/ui", "cmd/yaml", "cmd/project", "cmd/command.h"},
    "cmd/pod": {"base", "net/tls.h", "cmd/os", "cmd/command.h"},
    "cmd/bench": {"base", "signaling", "rtc", "net", "cluster/resp.h", "cmd/os", "cmd/ui", "cmd/image", "cmd/load", "cmd/command.h",
                  "cmd/json_text.h"},
    "cmd/load": {"base", "signaling", "rtc", "net", "cmd/command.h", "cmd/json_text.h"},
}
# One file may see more than its folder.
OURS_OF_FILE = {"cmd/main.cpp": {"app/run.h"}}

LIBRARIES = {
    "server/base": {"boost/system", "spdlog", "fmt", "nss.h"},
    "server/rtp": set(),
    "server/rtc": {"openssl"},
    "server/media": set(),
    "server/signaling": {"boost/json", "unictype.h"},
    "server/room": set(),
    "server/store": {"sqlite3.h"},
    "server/auth": {"boost/json", "openssl", "argon2.h"},
    "server/cluster": {"boost/asio", "boost/json", "boost/system", "hiredis", "openssl"},
    "server/net": {"boost/asio", "boost/beast", "boost/intrusive", "boost/system", "boost/core", "openssl"},
    "server/app": {"boost/asio", "boost/beast", "boost/json", "boost/system", "openssl", "httplib.h", "prometheus",
                   "qrencode.h"},
    "cmd": {"boost/json", "boost/version.hpp", "CLI", "openssl/crypto.h", "qrencode.h", "spdlog/version.h",
            "sqlite3.h", "waaft_commit.h", "waaft_versions.h"},
    "cmd/os": {"poll.h", "spawn.h", "sys/eventfd.h", "sys/syscall.h"},
    "cmd/yaml": {"boost/json", "yaml-cpp"},
    "cmd/ui": {"boost/json", "poll.h", "sys/ioctl.h"},  # the width of a terminal, an answer typed there
    "cmd/project": {"boost/json", "yaml-cpp"},
    "cmd/image": {"boost/json", "openssl", "zlib.h", "libdeflate.h"},
    "cmd/curl": {"curl", "dlfcn.h"},
    "cmd/registry": {"boost/json", "openssl", "curl", "zlib.h"},
    "cmd/push": {"boost/json"},
    "cmd/manifest": {"boost/json", "openssl", "yaml-cpp"},
    "cmd/init": {"boost/json"},
    # Of these only curl speaks HTTP over a Unix socket (cpp-httplib of Debian 12 does not): kubectl proxy has one.
    "cmd/kube": {"boost/json", "openssl", "curl"},
    "cmd/deploy": {"boost/json", "openssl", "poll.h"},  # waits for an interrupt
    "cmd/status": {"boost/json", "openssl", "poll.h"},  # certificates; waiting for the next look
    "cmd/doctor": {"boost/json"},
    "cmd/gke": {"boost/json"},
    "cmd/pod": {"boost/json", "httplib.h"},
    "cmd/bench": {"boost/asio", "boost/beast", "boost/json", "openssl", "httplib.h"},
    "cmd/load": {"boost/asio", "boost/beast", "boost/json", "openssl", "httplib.h"},
}
NOT_IN = {"server/auth": {"openssl/ssl.h"}, "server/rtc": set(), "cmd": {"openssl/ssl.h"}}

SYSTEM = {"unistd.h", "fcntl.h", "sys/stat.h", "sys/file.h", "sys/random.h", "sys/resource.h", "sys/mman.h",
          "sys/types.h", "sys/wait.h", "sys/signalfd.h", "sys/timerfd.h", "sys/prctl.h", "elf.h", "pthread.h", "signal.h", "sys/sysinfo.h", "sched.h"}
SOCKETS = {"sys/socket.h", "sys/uio.h", "netinet/in.h", "netinet/tcp.h", "netinet/udp.h", "netdb.h", "ifaddrs.h",
           "net/if.h", "sys/epoll.h", "poll.h", "linux/errqueue.h", "linux/sockios.h", "sys/ioctl.h"}
ADDRESSES = {"arpa/inet.h"}  # text forms of addresses, no socket
MAY_OPEN_SOCKETS = {"server/net", "server/cluster", "server/app", "cmd/bench", "cmd/load", "cmd/pod"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
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
    return [f"includes.py: the rule for {path}: {line} finds nothing" for path, line in rows
            if not check_file(pathlib.PurePosixPath(path), line)]


def main():
    problems = self_test()
    files = [file for top in ("server", "cmd") for file in sorted((ROOT / top).rglob("*"))
             if file.suffix in (".h", ".cpp")]
    if len(files) < 20:
        problems.append("includes.py: found hardly any sources")
    for file in files:
        problems += check_file(file.relative_to(ROOT), file.read_text())
    print("\n".join(problems) if problems else f"{len(files)} files include only what they may")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
