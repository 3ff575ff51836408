#include "server/app/silence.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace std::chrono_literals;

TEST_CASE("not all are closed at once who seem silent at once") {
    struct Row {
        std::size_t sessions;
        int at_once, in_ten_seconds;
    };
    for (const Row& row : {Row{1, 10, 110}, Row{100, 10, 110}, Row{1000, 50, 550}, Row{10'000, 500, 5500}}) {
        CAPTURE(row.sessions);
        app::SilenceBudget budget;
        const TimePoint start{1000s};
        int closed = 0;
        for (int each = 0; each < 10'000; ++each) closed += budget.take(start, row.sessions);
        CHECK(closed == row.at_once);
        for (int step = 1; step <= 40; ++step) {
            for (int each = 0; each < 1000; ++each) closed += budget.take(start + step * 250ms, row.sessions);
        }
        CHECK(closed >= row.in_ten_seconds - 1);  // fractions
        CHECK(closed <= row.in_ten_seconds);
    }
}
