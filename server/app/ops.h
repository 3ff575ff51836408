// The operations listener: /livez, /readyz, /metrics, /statusz on a port of its own.
//
// Thread: its own (cpp-httplib's); it only reads atomics of the shards. Ownership: the shards and
// services outlive it. Bounds: 4 threads, 64 waiting requests. Errors: ops_port_in_use.
#pragma once

#include "server/app/services.h"
#include "server/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace waaft::app {

class Shard;

// The first loop that turned once and then not for so long that it is stuck; nullopt if all turn.
// `last_turns_ms` and `now_ms` are of the steady clock; 0 is a loop that has not begun.
std::optional<std::size_t> find_stuck(std::span<const std::int64_t> last_turns_ms, std::int64_t now_ms);

class Ops {
public:
    // Binds and starts: it is alive, and not ready before serve().
    static Result<std::unique_ptr<Ops>> start(const Services& services);
    // Once: `shards` are running, and the services are complete.
    void serve(std::vector<const Shard*> shards);
    ~Ops();
    std::uint16_t port() const;

private:
    Ops();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace waaft::app
