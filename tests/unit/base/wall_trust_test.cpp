#include "server/base/wall_trust.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace std::chrono_literals;

TEST_CASE("a wall clock that jumped is believed again when it has gone along for ten minutes") {
    Now now{TimePoint{1000s}, 1'700'000'000'000};
    WallTrust trust(now);
    // Lets both clocks go on for so many looks of two seconds; true: believed all the time.
    const auto go = [&](int looks, UnixMs wall_step = 2000) {
        bool all = true;
        for (; looks > 0; --looks) {
            now.steady += 2s;
            now.wall += wall_step;
            all = trust.look(now) && all;
        }
        return all;
    };
    CHECK(go(100));
    CHECK(go(100, 2100));  // slewed
    for (const UnixMs jump : {UnixMs{366} * 86'400'000, -UnixMs{366} * 86'400'000, UnixMs{10'000}}) {
        CAPTURE(jump);
        now.wall += jump;
        CHECK_FALSE(go(1));
        CHECK_FALSE(go(299));
        CHECK(go(100));
    }
    // Two jumps, the second one back: ten minutes from that.
    now.wall += 3'600'000;
    CHECK_FALSE(go(200));
    now.wall -= 3'600'000;
    CHECK_FALSE(go(300));
    CHECK(go(1));
}
