// What the benches of a server have in common: servers of their own, and loads in processes beside them.
//
// Thread: main, and no other may run. Ownership: an OwnServer ends with its folder when it goes out of scope.
// Units: none. Errors: `Failed` is thrown and ends the bench; whoever runs a bench catches it.
#pragma once

#include "cmd/bench/figures.h"
#include "cmd/bench/worker.h"
#include "cmd/load/chat_load.h"
#include "cmd/load/process.h"
#include "server/base/result.h"

#include <memory>
#include <string>
#include <vector>

namespace waaft::bench {

inline constexpr Duration load_timeout = std::chrono::minutes(3);

struct Failed {
    Error error;
};

template <class T>
T need(waaft::Result<T> result) {
    if (!result) throw Failed{result.error()};
    return std::move(*result);
}

// What the steps of a bench measure, or why one of them failed.
template <class Steps>
waaft::Result<Measured> run_steps(Steps steps) {
    try {
        return steps();
    } catch (const Failed& failed) {
        return failed.error;
    }
}

// Where servers run, and what loads them: two different cores if there are.
struct Cores {
    unsigned server = 0;
    unsigned load = 0;
};
Cores choose_cores();

// A server with an empty data directory.
struct OwnServer {
    load::TemporaryFolder folder;
    std::unique_ptr<load::Server> process;
};

struct OwnServerOptions {
    std::string program;
    int core = -1;  // -1: all
    std::uint16_t ops_port = 0;
    bool limited = false;           // with the limits that it has by itself, but for the making of rooms
    std::vector<std::string> more;  // further arguments
};

std::vector<std::string> server_arguments(const std::string& data, const OwnServerOptions& options);
std::unique_ptr<OwnServer> start_server(const OwnServerOptions& options);
load::Target target_of(const OwnServer& server, bool tls);

// On a core of its own it looks as the reader of the bare loop does, if `looks`.
Worker start_load(unsigned core, const load::Target& target, const load::ChatLoadOptions& load, bool looks);
// Waits for the load's report; it fails if anything was lost. Where the load itself was late, `late` gets why the run
// counts for nothing.
boost::json::object finish_load(Worker& worker, std::vector<std::string>& late);
// The same of a report: {"phases":[{"behindP99Ms":...}]}.
void judge_load(const boost::json::object& report, std::vector<std::string>& late);

}  // namespace waaft::bench
