// One run against a cluster: clients in several rooms send and are cut off while a fault befalls it, then all come to
// rest and the logs are read and judged.
//
// Thread: main. Ownership: values. Units: milliseconds. Errors: Error when the run could not be carried out; broken
// promises are in the figures. The same seed gives the same plan, though not the same races.
#pragma once

#include "tests/history/faults.h"

#include <map>
#include <string_view>

namespace waaft::history {

struct ClusterCourseOptions {
    std::string program;
    const Namespaces* namespaces = nullptr;
    std::uint32_t clients = 300;
    std::uint32_t rooms = 6;
    Duration duration = std::chrono::seconds(15);
    Duration rest_timeout = std::chrono::seconds(120);
    double messages_per_second = 0.5;  // of one client
    std::uint64_t seed = 0;
    std::function<void(std::string_view)> say;
};

// Of one run.
struct Figures {
    std::uint32_t clients = 0;
    std::uint64_t acked = 0;
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    std::uint64_t reordered = 0;
    std::uint64_t other = 0;  // broken promises besides these, and clients that did not come back
    std::uint64_t gaps = 0;   // told
    std::uint64_t moved = 0;
    // Of each person who was hit: the longest time in which it heard nothing, from the first step on.
    std::vector<std::int64_t> silences;
    std::vector<std::string> evidence;

    bool good() const { return lost + doubled + reordered + other == 0 && acked > 0; }
};

Result<Figures> run_cluster_course(const Fault& fault, const ClusterCourseOptions& options);

}  // namespace waaft::history
