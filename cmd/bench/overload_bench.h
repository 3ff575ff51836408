// The benchmark of a server that has more to do than it can: a crowd on it while others burn its cores, and while it is
// stopped; and four times more joins than it can take.
//
// Everything stays on this machine: servers, crowds and burners are processes of the bench, which end with it. Thread:
// main, and no other may run. Ownership: values. Bounds: people_max connections, and the times of a run, less than four
// minutes. Units: in the figures. Errors: Error for what kept it from measuring. `say` gets a line for each step.
#pragma once

#include "cmd/bench/crowd.h"
#include "cmd/bench/figures.h"
#include "cmd/bench/join_storm.h"
#include "server/base/result.h"

#include <functional>
#include <string>
#include <string_view>

namespace waaft::bench {

struct OverloadBenchOptions {
    static constexpr std::uint32_t people_least = 10;
    static constexpr std::uint32_t people_max = 15'000;

    bool quick = false;        // shorter times, and 500 people
    std::uint32_t people = 0;  // 0: 5,000, or 500
    std::string program;       // this file is the server: PROGRAM serve ...
    unsigned server_core = 0;
    unsigned load_core = 0;
    std::function<void(std::string_view)> say;
};

waaft::Result<Measured> run_overload_bench(const OverloadBenchOptions& options);

// While cores are burnt the crowd, too, has to wait for its turn.
inline constexpr double burnt_late_ms_max = 500;

// The figures of what a crowd and a storm reported, and whether they count.
void judge_crowd(const boost::json::object& report, Measured& measured);
void judge_storm(const boost::json::object& report, Measured& measured);

boost::json::object crowd_json(const CrowdReport& report);
boost::json::object storm_json(const JoinStormReport& report);

}  // namespace waaft::bench
