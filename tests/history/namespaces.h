// A network namespace for this process, and one for each server, joined to it by a cable (veth) on which packets can be
// lost for real. All of them are gone with the process.
//
// Thread: main, alone: enter() moves the calling thread. Ownership: closes its descriptors. Needs root. Errors: Error
// "namespaces" with the step that was not permitted; nothing is left behind. Source: setns(2), veth(4), iptables(8).
#pragma once

#include "server/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace waaft::history {

class Namespaces {
public:
    // From now on this process is in a namespace of its own. Servers are numbered from 0.
    static Result<std::unique_ptr<Namespaces>> make(std::size_t servers);
    ~Namespaces();
    Namespaces(const Namespaces&) = delete;
    Namespaces& operator=(const Namespaces&) = delete;

    // What `run` starts is in the server's namespace.
    Result<void> inside(std::size_t server, const std::function<Result<void>()>& run) const;

    static std::string address_of(std::size_t server);
    // Of this process, as that server sees it.
    static std::string address_for(std::size_t server);

    // Packets that are lost, both ways, without a word: all, those of one TCP port of this process, or none any more.
    Result<void> lose_all(std::size_t server) const;
    Result<void> lose_port(std::size_t server, std::uint16_t port) const;
    Result<void> lose_none(std::size_t server) const;

private:
    explicit Namespaces(int hub) : hub_(hub) {}
    Result<void> add(std::size_t number);

    int hub_;
    std::vector<int> servers_;
};

}  // namespace waaft::history
