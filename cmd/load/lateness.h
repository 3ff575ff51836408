// How late a load generator was: whoever measures a server with it must know that it was not the slow one itself.
//
// A tick is due each 10 ms, and is as late as the turn of the loop that finds it; a turn that takes a second makes a
// hundred late ticks. Thread: the loop's. Ownership: values. Units: nanoseconds in the histogram, milliseconds where
// they are named. Errors: none.
#pragma once

#include "cmd/load/histogram.h"
#include "server/base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace waaft::load {

class Lateness {
public:
    static constexpr Duration tick = std::chrono::milliseconds(10);

    explicit Lateness(TimePoint now) : due_(now + tick) {}

    // To be called in each turn of the loop.
    void look(TimePoint now);
    // The loop must not sleep beyond it.
    TimePoint due() const { return due_; }
    const Histogram& lag() const { return lag_; }

private:
    TimePoint due_;
    Histogram lag_;
};

// 1 % of what a generator does may be later than this, where nothing is done to the machine.
constexpr double late_ms_max = 100;

// Why a run counts for nothing, in one sentence; nullopt: its generator was in time. `when` names the part of the run.
std::optional<std::string> why_late(std::string_view when, double p99_ms, double p99_ms_max = late_ms_max);

}  // namespace waaft::load
