// Passes TCP connections on to a port of this machine; can fall silent, or lead elsewhere from now on.
//
// Thread: the loop's. Ownership: the loop outlives it; sweep() frees what has ended, outside of the loop's turn.
// Bounds: waiting_max bytes wait in each direction, then the sender waits. Errors: a failing bind or listen throws
// std::system_error; a connection that cannot be passed on is closed.
#pragma once

#include "cmd/load/event_loop.h"

#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace waaft::history {

class Relay final : private load::Pollable {
public:
    // Listens on every address, on a free port.
    Relay(load::EventLoop& loop, std::uint16_t target);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    std::uint16_t port() const { return port_; }
    // For new connections; those that exist end.
    void lead_to(std::uint16_t target);
    // Nothing passes, and nobody is told; what waits passes afterwards.
    void set_silent(bool silent);
    void sweep();

private:
    static constexpr std::size_t waiting_max = 256 * 1024;

    struct Pair;
    struct End final : load::Pollable {
        void on_ready(std::uint32_t events) override;
        Pair* pair = nullptr;
        End* other = nullptr;
        int fd = -1;
        std::uint32_t watched = 0;
        std::string out;  // for this end
    };
    struct Pair {
        Relay& relay;
        End from;
        End to;
        bool ended = false;
    };

    void on_ready(std::uint32_t events) override;
    void take(int fd);
    void watch(End& end);
    void flush(End& end);
    void close(Pair& pair);
    void close(End& end);

    load::EventLoop& loop_;
    std::uint16_t target_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    bool silent_ = false;
    std::vector<std::unique_ptr<Pair>> pairs_;
};

}  // namespace waaft::history
