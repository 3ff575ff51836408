#include "server/app/mistakes.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace std::chrono_literals;

TEST_CASE("many mistakes at once are too many, the same number over an evening is not") {
    app::Mistakes mistakes;
    TimePoint now{1000s};
    for (int each = 1; each <= 10; ++each) CHECK_FALSE(mistakes.add(now, 10));
    CHECK(mistakes.add(now, 10));
    now += 61s;
    for (int each = 1; each <= 9; ++each) CHECK_FALSE(mistakes.add(now, 10));
    for (int each = 1; each <= 100; ++each) CHECK_FALSE(mistakes.add(now += 7s, 10));
    bool too_many = false;
    for (int each = 1; each <= 100; ++each) too_many = too_many || mistakes.add(now += 3s, 10);
    CHECK(too_many);
}
