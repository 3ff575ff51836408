// A crowd on one server to which two things are done, one after the other: others burn its cores, and it is stopped for
// a while. Who runs this does them; it says when.
//
// Thread: the one that calls run_crowd, which returns when all is over. Ownership: values. Units: in the names;
// nanoseconds in histograms. Bounds: the options' times, a minute to read the rooms. Errors: Error for what keeps a run
// from beginning or the rooms from being read. Source: PROTOCOL.md.
#pragma once

#include "cmd/bench/people.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::bench {

// What is to be done now.
enum class Disturb : std::uint8_t { burn, rest, stop, go_on };

struct CrowdOptions {
    PeopleOptions people;
    std::uint32_t messages_per_second = 0;  // of all together
    Duration calm{};
    Duration burn{};
    Duration stop{};
    Duration watch{};  // after each of the two
    std::function<void(Disturb)> disturb;
};

// A part of the run: a disturbance, and the time after it.
struct Stretch {
    std::uint64_t acked = 0;
    std::uint64_t acked_lost = 0;
    std::map<std::string, std::uint64_t> closed;   // connections of people who were in, by the reason
    std::map<std::string, std::uint64_t> refused;  // messages
    double recovered_s = 0;
    load::Histogram acks;  // until the disturbance is over: from the send to the acknowledgement
    load::Histogram lag;   // of the crowd itself in that time, see load/lateness.h
    load::Histogram lag_after;
};

struct CrowdReport {
    std::uint32_t people = 0;
    double join_seconds = 0;
    Stretch calm;
    Stretch burn;
    Stretch stop;
    std::uint64_t not_sent = 0;  // messages for which nobody was found who awaited nothing
    double cpu_share = 0;        // of one core, that the crowd itself used
};

Result<CrowdReport> run_crowd(load::EventLoop& loop, const CrowdOptions& options);

}  // namespace waaft::bench
