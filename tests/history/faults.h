// What can befall a cluster, by name: the plan of one run, drawn from its seed.
//
// Thread: any, no state. Ownership: values. Units: times from the begin of the run. Errors: of the steps.
#pragma once

#include "tests/history/checker.h"
#include "tests/history/cluster.h"

#include <functional>
#include <random>
#include <span>
#include <string_view>

namespace waaft::history {

struct Plan {
    struct Step {
        Duration at = Duration::zero();
        std::function<Result<void>(Cluster&)> run;
    };
    std::vector<Step> steps;  // the first comes first, the others in any order
    // Whose people are hit; nullopt: everybody's.
    std::optional<std::size_t> server;
    Promises promises{.may_lose = false, .may_tell_gaps = false};
    Duration cut_every = std::chrono::seconds(10);  // on average, of one client
    // This share of the clients stops reading at the first step.
    double stalled = 0;
    Duration stalled_for = Duration::zero();
};

struct Fault {
    std::string_view name;
    std::string_view what;
    Plan (*plan)(std::mt19937_64& random, Duration length);
    bool replica = false;  // Redis needs one
};

std::span<const Fault> all_faults();
const Fault* find_fault(std::string_view name);

}  // namespace waaft::history
