// What one pod's server says about itself: its /statusz, read through the API server.
//
// Thread: any, no state. Ownership: values. Units: in the names; clock_ms is of the pod's machine and only
// its differences mean something. Bounds: bytes from a pod are never trusted; what is not of the form is
// "no answer". Errors: none, see `why`. Source: server/app/metrics.cpp, schema waaft.statusz/1.
#pragma once

#include "server/base/result.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace waaft::status {

// How the server finds the Redis that it shares rooms in.
struct LiveRedis {
    bool up = false;
    std::string version;
    double latency_ms = 0;
    std::int64_t used_memory = 0;
    std::int64_t max_memory = 0;  // 0: no limit
    std::string appendonly;       // "yes", "no"
    std::string appendfsync;      // empty: it may not be asked
    std::string trouble;          // why it is not up

    // Whether it answers before a message is on its disk; what is not known is taken for good.
    bool is_durable() const { return appendonly == "yes" && (appendfsync.empty() || appendfsync == "always"); }
};

struct Live {
    bool answered = false;
    std::string why;  // it did not
    std::string version;
    std::string commit;
    bool stopping = false;
    bool draining = false;              // its people move to other servers
    std::vector<std::string> troubles;  // sentences of the server
    std::optional<LiveRedis> redis;
    std::int64_t rooms = 0;
    std::int64_t people = 0;
    std::int64_t memory_bytes = 0;
    std::int64_t sent_bytes = 0;
    std::optional<double> cpu_seconds;  // servers before 0.1.0 do not say
    std::int64_t clock_ms = 0;
    // Of two readings of the same process; none until there are two.
    std::optional<double> mbps;
    std::optional<double> cpu_cores;
};

Live read_live(const Result<boost::json::object>& statusz);

// Fills in the rates. A counter that went back is another process: no rate.
void add_rates(Live& now, const Live& before);

}  // namespace waaft::status
