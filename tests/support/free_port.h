// A TCP port for a program that cannot choose one itself, or that comes back on the one it had.
//
// Thread: one at a time. Ownership: what holds a port is open until the process ends. Errors: std::system_error.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <system_error>

namespace waaft::testing {

// A socket that is bound to that port, or -1 if it is in use.
inline int bound_to(in_addr_t address, std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
    const sockaddr_in name{
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}, .sin_zero = {}};
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0) return fd;
    ::close(fd);
    return -1;
}

// Nobody listens on it, and no other test is given it while this process runs: each is even, and who has it holds the
// odd one above. All are below those that the system gives to connections and to who asks for any: one of them could
// take a port that is free now. tests/support/ports.mjs takes from the same, by the same rule.
inline std::uint16_t free_port() {
    constexpr unsigned first = 15'000;
    constexpr unsigned last = 29'998;
    static std::random_device chance;
    while (true) {
        const auto port =
            static_cast<std::uint16_t>(std::uniform_int_distribution<unsigned>(first, last)(chance) & ~1U);
        const int holder = bound_to(INADDR_LOOPBACK, port + 1);
        if (holder < 0) continue;
        const int probe = bound_to(INADDR_ANY, port);
        if (probe < 0) {
            ::close(holder);
            continue;
        }
        ::close(probe);
        return port;
    }
}

}  // namespace waaft::testing
