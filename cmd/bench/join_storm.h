// More joins than a server can take: first the best rate at which people get in, found with a fixed number of them on
// their way at a time; then a multiple of it is offered, whatever the server answers.
//
// Whoever comes tries until they are in, waits as the server or the protocol says when they are refused, and goes away
// after `patience`. Who is in leaves at once. Others sit in the rooms all the time, so that a join costs what it costs.
// Thread: the one that calls run_join_storm, which returns when all is over. Ownership: values. Units: in the names;
// nanoseconds in histograms. Bounds: trying_max people on their way at a time. Errors: Error for what keeps a run from
// beginning. Source: PROTOCOL.md.
#pragma once

#include "cmd/bench/people.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace waaft::bench {

struct JoinStormOptions {
    static constexpr std::uint32_t trying_max = 13'000;

    PeopleOptions sitting;
    std::vector<std::uint32_t> steps;  // so many on their way at a time
    Duration step{};                   // of which the first fifth is not counted
    double times = 4;                  // what is offered then, of the best
    Duration storm{};
    Duration patience{};
};

struct JoinStormReport {
    double best_per_s = 0;
    double wanted_per_s = 0;
    double offered_per_s = 0;
    double joined_per_s = 0;  // of those offered: who got in in time
    double storm_s = 0;
    load::Histogram wait;  // of those
    std::uint64_t gave_up = 0;
    std::map<std::string, std::uint64_t> refused;       // in the storm, by the reason
    std::map<std::string, std::uint64_t> sitters_lost;  // of those who sat there, by the reason
    load::Histogram lag;                                // of the generator itself, see load/lateness.h
    double cpu_share = 0;                               // of one core, in the storm
};

Result<JoinStormReport> run_join_storm(load::EventLoop& loop, const JoinStormOptions& options);

// How long a storm can be made so that no more than `trying_max` wait at the end, should the server take nobody and
// everybody wait as long as they have patience; never shorter than `least`.
Duration storm_that_fits(double best_per_s, double times, Duration wanted, Duration patience, Duration least);

}  // namespace waaft::bench
