// Time in which a thread turned: a clock that stands still while its thread does, so that nobody's deadline passes in a
// time in which nothing could be heard of them (a stopped process, a machine that was asleep, a core that others had).
//
// Thread: its own; one clock for each event loop. Sans-IO: it is given the time. Ownership: a value.
#pragma once

#include "server/base/time.h"

#include <algorithm>

namespace waaft {

class TurningClock {
public:
    // A thread that turns reads the clock again before `turn_max` is over.
    TurningClock(TimePoint start, Duration turn_max) : turn_max_(turn_max), read_at_(start) {}

    TimePoint read(TimePoint now) {
        const Duration gap = now - read_at_;
        if (gap > turn_max_) lost_ += gap - turn_max_;
        read_at_ = std::max(read_at_, now);
        return now - lost_;
    }

    // The same for a thread that had nothing to read it for: what was between is no loss.
    TimePoint resume(TimePoint now) {
        read_at_ = std::max(read_at_, now);
        return read(now);
    }

    // In which it did not turn, altogether.
    Duration lost() const { return lost_; }

private:
    Duration turn_max_;
    Duration lost_{0};
    TimePoint read_at_;
};

}  // namespace waaft
