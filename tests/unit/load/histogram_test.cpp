#include "cmd/load/histogram.h"
#include "tests/support/catch.h"

#include <random>
#include <vector>

#include <algorithm>

using waaft::load::Histogram;

TEST_CASE("small values are exact") {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 100; ++value) histogram.add(value);
    CHECK(histogram.percentile(0.5) == 50);
    CHECK(histogram.percentile(0.99) == 99);
    CHECK(histogram.percentile(1) == 100);
    CHECK(histogram.count() == 100);
}

TEST_CASE("no values, no percentile") {
    const Histogram histogram;
    CHECK(histogram.percentile(0.99) == 0);
    CHECK(histogram.max() == 0);
}

TEST_CASE("percentiles are right within a sixty-fourth, whatever the size") {
    std::mt19937_64 random(7);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 20'000; ++i) {
        values.push_back(random() >> (16 + random() % 40));
        histogram.add(values.back());
    }
    std::sort(values.begin(), values.end());
    for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto exact = values[static_cast<std::size_t>(fraction * 20'000) - 1];
        const auto found = histogram.percentile(fraction);
        CHECK(found >= exact);
        CHECK(found <= exact + exact / 64 + 1);
    }
    CHECK(histogram.max() == values.back());
}

TEST_CASE("a value beyond the range is counted in the last bucket") {
    Histogram histogram;
    histogram.add(UINT64_MAX);
    CHECK(histogram.count() == 1);
    CHECK(histogram.percentile(1) == (std::uint64_t{1} << 48) - 1);
}
