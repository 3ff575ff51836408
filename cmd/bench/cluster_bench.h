// The benchmark of several servers that share rooms: with a Redis of their own that syncs before it answers, beside
// one server alone in the same run; what they keep in Redis and ask it for; and what happens when one of them is
// killed.
//
// Thread: main, and no other may run. Ownership: values. Units: in the figures. Errors: Error for what kept it from
// measuring, and for a run in which anything was lost. `say` gets a line for each step.
#pragma once

#include "cmd/bench/figures.h"
#include "server/base/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::bench {

struct ClusterBenchOptions {
    bool quick = false;   // shorter times, fewer rooms
    bool herd = false;    // only that 10,000 people lose one of three servers
    std::string program;  // this file is the server: PROGRAM serve ...
    unsigned server_core = 0;
    unsigned load_core = 0;
    std::function<void(std::string_view)> say;
};

waaft::Result<Measured> run_cluster_bench(const ClusterBenchOptions& options);

}  // namespace waaft::bench
