// Time as an argument: engines take `now` and give back deadlines, they never read a clock.
//
// Thread: any. Ownership: values. Units: TimePoint and Duration are std::chrono types;
// wall-clock time on the wire and on disk is UnixMs, milliseconds since 1970-01-01 UTC.
#pragma once

#include <chrono>
#include <cstdint>

namespace waaft {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

// Milliseconds since the Unix epoch, UTC.
using UnixMs = std::int64_t;

// Both clocks at one moment. The shells (app, cmd) make it; engines only receive it.
struct Now {
    TimePoint steady;
    UnixMs wall = 0;
};

inline Now read_clocks() {
    using namespace std::chrono;
    return {Clock::now(), duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

}  // namespace waaft
