#include "tests/history/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace waaft::history {
namespace {

Error refused(const std::string& step) {
    return {"namespaces", "network namespaces cannot be used here", step, "run it as root, or with --relay"};
}

Result<void> run(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) == 0) return {};
    return refused(command);
}

int current() { return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

Result<int> make_one() {
    if (unshare(CLONE_NEWNET) != 0) return refused(std::generic_category().message(errno));
    const int fd = current();
    if (fd < 0) return refused("/proc/self/ns/net");
    if (auto up = run("ip link set lo up"); !up) return up.error();
    return fd;
}

}  // namespace

Result<std::unique_ptr<Namespaces>> Namespaces::make(std::size_t servers) {
    const int before = current();
    auto hub = make_one();
    if (!hub) return hub.error();
    std::unique_ptr<Namespaces> made(new Namespaces(*hub));
    for (std::size_t i = 0; i < servers; ++i) {
        if (auto added = made->add(i); !added) {
            setns(before, CLONE_NEWNET);
            ::close(before);
            return added.error();
        }
    }
    ::close(before);
    return made;
}

Namespaces::~Namespaces() {
    for (const int fd : servers_) ::close(fd);
    ::close(hub_);
}

std::string Namespaces::address_of(std::size_t server) { return "10.232." + std::to_string(server) + ".2"; }
std::string Namespaces::address_for(std::size_t server) { return "10.232." + std::to_string(server) + ".1"; }

Result<void> Namespaces::add(std::size_t number) {
    const std::string ours = "to-" + std::to_string(number);
    const std::string hub = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(hub_);
    auto fd = make_one();
    if (!fd) return fd.error();
    servers_.push_back(*fd);
    for (const std::string& step : {"ip link add cable type veth peer name " + ours + " netns " + hub,
                                    "ip address add " + address_of(number) + "/24 dev cable",
                                    std::string("ip link set cable up"), std::string("iptables -w -L -n")}) {
        if (auto done = run(step); !done) return done.error();
    }
    if (setns(hub_, CLONE_NEWNET) != 0) return refused("setns");
    for (const std::string& step :
         {"ip address add " + address_for(number) + "/24 dev " + ours, "ip link set " + ours + " up"}) {
        if (auto done = run(step); !done) return done.error();
    }
    return {};
}

Result<void> Namespaces::inside(std::size_t server, const std::function<Result<void>()>& what) const {
    if (setns(servers_[server], CLONE_NEWNET) != 0) return refused("setns");
    auto done = what();
    if (setns(hub_, CLONE_NEWNET) != 0) return refused("setns");
    return done;
}

Result<void> Namespaces::lose_all(std::size_t server) const {
    return inside(
        server, [] { return run("iptables -w -I INPUT -i cable -j DROP && iptables -w -I OUTPUT -o cable -j DROP"); });
}

Result<void> Namespaces::lose_port(std::size_t server, std::uint16_t port) const {
    const std::string number = std::to_string(port);
    return inside(server, [&] {
        return run("iptables -w -I INPUT -i cable -p tcp --sport " + number +
                   " -j DROP && iptables -w -I OUTPUT -o cable -p tcp --dport " + number + " -j DROP");
    });
}

Result<void> Namespaces::lose_none(std::size_t server) const {
    return inside(server, [] { return run("iptables -w -F"); });
}

}  // namespace waaft::history
