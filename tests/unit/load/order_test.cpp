#include "cmd/load/order.h"
#include "tests/support/catch.h"

using namespace waaft::load;

namespace {

struct Case {
    const char* what;
    std::vector<std::uint64_t> seqs;
    std::uint64_t lost, duplicated, reordered;
};

const Case cases[] = {
    {"in order", {11, 12, 13}, 0, 0, 0},
    {"one never comes", {11, 13, 14}, 1, 0, 0},
    {"many never come", {15}, 4, 0, 0},
    {"one comes twice", {11, 12, 12, 13}, 0, 1, 0},
    {"one that was there before the start comes again", {10, 11}, 0, 1, 0},
    {"two change places", {12, 11, 13}, 0, 0, 1},
    {"lost, late and double", {13, 11, 14, 14}, 1, 1, 1},
};

}  // namespace

TEST_CASE("a client's order") {
    for (const auto& one : cases) {
        INFO(one.what);
        Position position;
        Disorder disorder;
        position.start(10);
        for (const auto seq : one.seqs) position.take(seq, disorder);
        CHECK(disorder.lost == one.lost);
        CHECK(disorder.duplicated == one.duplicated);
        CHECK(disorder.reordered == one.reordered);
    }
}

TEST_CASE("send times are remembered for the newest records") {
    SendTimes times(64);
    CHECK_FALSE(times.find(0));
    CHECK_FALSE(times.find(1));
    times.put(1, 100);
    times.put(2, 0);
    CHECK(times.find(1) == 100u);
    CHECK(times.find(2) == 0u);
    CHECK(times.newest() == 2);
    times.put(1 + 64, 300);
    CHECK_FALSE(times.find(1));
    CHECK(times.newest() == 65);
}

TEST_CASE("many rooms remember fewer send times each") {
    struct Row {
        std::size_t rooms;
        std::size_t slots;
    };
    for (const Row& row :
         {Row{0, 65536}, Row{1, 65536}, Row{64, 65536}, Row{128, 32768}, Row{5000, 838}, Row{1U << 20, 64}}) {
        CAPTURE(row.rooms);
        CHECK(SendTimes::slots_for(row.rooms) == row.slots);
    }
}
