#include "server/base/turning_clock.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace std::chrono_literals;

TEST_CASE("a clock that stands still while its thread does") {
    const TimePoint start{100s};
    TurningClock clock(start, 500ms);
    const auto ms = [&](Duration now) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock.read(start + now) - start).count();
    };
    CHECK(ms(250ms) == 250);
    CHECK(ms(750ms) == 750);      // late by as much as a turn may take
    CHECK(ms(21'000ms) == 1250);  // it stood still for 20.25 s, of which half a second may have been a turn
    CHECK(ms(21'250ms) == 1500);
    CHECK(ms(21'250ms) == 1500);
    CHECK(clock.lost() == 19'750ms);
    for (Duration now = 22s; now <= 32s; now += 1s) ms(now);  // each turn takes twice as long as it may
    CHECK(ms(32s) == 1500 + 11 * 500);
    CHECK(clock.resume(start + 100s) - start == 68s + 7s);
    CHECK(ms(100'250ms) == 75'250);
}

TEST_CASE("a clock that is read with an earlier time does not go wrong") {
    const TimePoint start{100s};
    TurningClock clock(start, 500ms);
    CHECK(clock.read(start + 400ms) == start + 400ms);
    CHECK(clock.read(start + 300ms) == start + 300ms);
    CHECK(clock.read(start + 850ms) == start + 850ms);
    CHECK(clock.lost() == 0ms);
}
