// How many connections may be closed as silent: if many seem silent at the same time, then the way to them or this
// server is more likely at fault than all of them, and closing them would bring all of them back at once.
//
// Thread: the shard's. Sans-IO: it is given the time. Ownership: a value. Units: closings, a second.
#pragma once

#include "server/base/time.h"

#include <algorithm>
#include <cstddef>

namespace waaft::app {

class SilenceBudget {
public:
    // True: one of so many sessions may be closed now.
    bool take(TimePoint now, std::size_t sessions) {
        const double rate = std::max(rate_min, static_cast<double>(sessions) * share);
        left_ = std::min(rate, left_ + rate * std::chrono::duration<double>(now - at_).count());
        at_ = now;
        if (left_ < 1) return false;
        left_ -= 1;
        return true;
    }

private:
    static constexpr double rate_min = 10;
    static constexpr double share = 0.05;
    double left_ = rate_min;
    TimePoint at_;
};

}  // namespace waaft::app
