// Many people in the rooms of several servers, one of which goes away at once: how soon all are back on the others.
//
// They come back as the page does: within a second, then after pauses that grow and differ (web/protocol.ts).
// Thread: the one that calls run_herd, which returns when all are back or `patience` is over. Ownership: values.
// Units: in the names. Bounds: as ChatLoadOptions. Errors: Error for what keeps a run from beginning; what happens to
// single clients is counted. Source: PROTOCOL.md.
#pragma once

#include "cmd/load/connection.h"
#include "cmd/load/histogram.h"
#include "server/base/result.h"

#include <netinet/in.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace waaft::load {

struct HerdOptions {
    std::uint32_t clients = 0;
    std::vector<Target> servers;
    std::vector<std::string>
        rooms;                     // the people of each second one are on one server, home_of(), those of others on all
    std::vector<in_addr> sources;  // addresses to connect from, in turn
    Duration patience = std::chrono::seconds(60);
};

struct HerdReport {
    std::uint32_t joined = 0;
    double join_seconds = 0;
    std::uint32_t lost = 0;  // connections that the server's end cut
    std::uint32_t back = 0;
    std::uint32_t as_others = 0;  // of them, those who were not known any more
    std::uint32_t attempts = 0;
    Histogram back_after;                         // since the first connection was lost, nanoseconds
    std::map<std::string, std::uint64_t> closes;  // after the first loss, by the reason
    Histogram lag;                                // how late the herd itself was once all had joined, see lateness.h
};

// The server that has all people of a room; nullopt: each server has some.
std::optional<std::size_t> home_of(std::size_t room, std::size_t servers);

// `held` is called when all have joined: then a server may be ended. `over` is called while all are still connected.
struct HerdEvents {
    std::function<void()> held;
    std::function<void(const HerdReport&)> over;
};

Result<void> run_herd(EventLoop& loop, const HerdOptions& options, const HerdEvents& events);

}  // namespace waaft::load
