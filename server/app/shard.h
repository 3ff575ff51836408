// A shard: one thread with one event loop, its share of the public TCP and UDP port, its
// sessions, and the rooms whose home it is.
//
// Thread: listen(), start() and join() from the main thread, stop() from any; all else inside.
// Ownership: owns its event loop and everything on it; the services outlive it. Errors: listen()
// says why a port cannot be had.
#pragma once

#include "server/app/services.h"
#include "server/base/result.h"
#include "server/net/server.h"
#include "server/net/udp.h"

#include <cstdint>
#include <memory>

namespace waaft::app {

class Shard {
public:
    Shard(std::uint32_t index, Services& services);
    ~Shard();

    Result<std::uint16_t> listen(const net::ServerOptions& options);
    void listen_to(class SharedNews& news);
    void start();
    // Asks everybody to move to another server.
    void ask_to_move();
    // Sends everybody "restarting", closes, and ends the loop when the sockets have taken it.
    void stop();
    void join();

    const ShardCounters& counters() const;
    const net::Counters& net_counters() const;
    const net::UdpCounters& udp_counters() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::app
