#include "cmd/bench/recovery.h"
#include "tests/support/catch.h"

#include <numeric>

using namespace waaft;
using namespace waaft::bench;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr TimePoint over{seconds(100)};

Window window(Duration after, Duration acks, Duration deliveries = {}, std::uint32_t away = 0) {
    return {over + after, acks, deliveries, away};
}

}  // namespace

TEST_CASE("a window is as before if chat is fast and nobody is away") {
    CHECK(as_before(window(seconds(1), milliseconds(999), milliseconds(999))));
    CHECK(as_before(window(seconds(1), {})));  // nobody said anything
    CHECK_FALSE(as_before(window(seconds(1), seconds(1))));
    CHECK_FALSE(as_before(window(seconds(1), {}, seconds(1))));
    CHECK_FALSE(as_before(window(seconds(1), {}, {}, 1)));
}

TEST_CASE("it has recovered when the last window that was not as before is over") {
    const Window good = window(milliseconds(500), milliseconds(20));
    const Window bad = window(milliseconds(1000), seconds(3));
    const Window good_again = window(milliseconds(1500), milliseconds(20));
    const Window bad_again = window(milliseconds(2000), milliseconds(20), {}, 3);
    CHECK(recovered_after(over, {}) == Duration::zero());
    CHECK(recovered_after(over, std::vector{good}) == Duration::zero());
    CHECK(recovered_after(over, std::vector{good, bad, good_again}) == seconds(1));
    CHECK(recovered_after(over, std::vector{bad, good_again, bad_again}) == seconds(2));
}

TEST_CASE("an acknowledged message is lost if its room does not have it where the server said") {
    const std::vector<RoomLog> rooms{{.epoch = "a", .sent_ns = {{1, 10}, {2, 20}}}, {.epoch = "b", .sent_ns = {}}};
    struct Row {
        AckedMessage message;
        bool is_lost;
    };
    const std::vector<Row> rows{
        {{.room = 0, .epoch = "a", .seq = 1, .sent_ns = 10, .stretch = 0}, false},
        {{.room = 0, .epoch = "a", .seq = 2, .sent_ns = 10, .stretch = 0}, true},  // another message is there
        {{.room = 0, .epoch = "a", .seq = 3, .sent_ns = 30, .stretch = 0}, true},
        {{.room = 0, .epoch = "x", .seq = 1, .sent_ns = 10, .stretch = 0}, true},  // of an earlier life
        {{.room = 1, .epoch = "b", .seq = 1, .sent_ns = 10, .stretch = 0}, true},
    };
    for (const Row& row : rows) {
        CHECK(count_lost(std::vector{row.message}, rooms, 1) == std::vector<std::uint64_t>{row.is_lost ? 1U : 0U});
    }
    AckedMessage lost = rows[2].message;
    lost.stretch = 2;
    CHECK(count_lost(std::vector{rows[0].message, lost, lost}, rooms, 3) == std::vector<std::uint64_t>{0, 0, 2});
}

TEST_CASE("people come to rooms of many sizes") {
    for (const std::uint32_t people : {1U, 10U, 61U, 500U, 5000U}) {
        const auto sizes = room_sizes(people);
        CHECK(std::accumulate(sizes.begin(), sizes.end(), 0U) == people);
        CHECK(std::all_of(sizes.begin(), sizes.end(), [](std::uint32_t size) { return size >= 1 && size <= 200; }));
    }
    const auto sizes = room_sizes(5000);
    CHECK(sizes.size() == 330);
    CHECK(std::count(sizes.begin(), sizes.end(), 200U) == 10);
}
