#include "cmd/load/lateness.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::load;
using std::chrono::milliseconds;

TEST_CASE("each tick is as late as the turn that finds it") {
    TimePoint now{std::chrono::seconds(5)};
    Lateness lateness(now);
    lateness.look(now);
    CHECK(lateness.lag().count() == 0);
    lateness.look(now += milliseconds(10));  // in time
    lateness.look(now += milliseconds(3));
    CHECK(lateness.lag().count() == 1);
    CHECK(lateness.lag().max() == 0);
    CHECK(lateness.due() == now + milliseconds(7));
    lateness.look(now + milliseconds(1007));  // a turn of a second
    CHECK(lateness.lag().count() == 102);
    CHECK(lateness.lag().max() == 1'000'000'000);
    CHECK(lateness.lag().percentile(0.5) > 400'000'000);
}

TEST_CASE("a generator that was late says so") {
    CHECK_FALSE(why_late("The crowd", 100));
    CHECK_FALSE(why_late("The crowd", 400, 500));
    CHECK(why_late("The crowd", 100.6) == "The crowd: the load generator was late by 101 ms (p99), more than 100 ms");
}
