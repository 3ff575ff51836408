#include "cmd/bench/figures.h"
#include "cmd/bench/chat_bench.h"
#include "server/base/own_program.h"
#include "tests/support/catch.h"

#include <boost/json.hpp>

#include <filesystem>
#include <sstream>

using namespace waaft::bench;

namespace {

Figure more(double value, std::optional<double> goal, std::optional<double> limit = {},
            std::optional<double> ratio = {}) {
    return {.name = "more", .value = value, .unit = "/s", .limit = limit, .goal = goal, .ratio_goal = ratio};
}
Figure less(double value, double goal) {
    return {.name = "less",
            .value = value,
            .unit = "ms",
            .limit = {},
            .goal = goal,
            .less_is_better = true,
            .ratio_goal = {}};
}

}  // namespace

TEST_CASE("goals") {
    CHECK(more(100, 100).met() == true);
    CHECK(more(99, 100).met() == false);
    CHECK(less(50, 50).met() == true);
    CHECK(less(50.1, 50).met() == false);
    CHECK_FALSE(more(1, {}).met());
    CHECK(more(80, 70, 100, 0.75).met() == true);
    CHECK(more(74, 70, 100, 0.75).met() == false);
    CHECK(more(80, 90, 100, 0.75).met() == false);
    CHECK(more(80, 70, {}, 0.75).met() == false);  // without the limit nothing is proven
}

TEST_CASE("the table fits in 100 columns") {
    const auto text = figures_text({{.name = "deliveries_coalesced_p99_tls",
                                     .value = 123456789,
                                     .unit = "/core-s",
                                     .limit = 123456789,
                                     .goal = 110000,
                                     .ratio_goal = 0.75}});
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
    CHECK(text.find("123,456,789") != std::string::npos);
}

TEST_CASE("JSON has the schema, and null for what is not there") {
    const auto object = figures_json("chat", {more(80, {}, 100), less(3, 2)});
    CHECK(object.at("schema") == "waaft.bench/1");
    const auto& results = object.at("results").as_array();
    CHECK(results[0].at("ratio") == 0.8);
    CHECK(results[0].at("met").is_null());
    CHECK(results[1].at("limit").is_null());
    CHECK(results[1].at("met") == false);
}

TEST_CASE("the stripped size is less than the file, and none for what is no program") {
    const auto program = waaft::own_program().file;
    CHECK(stripped_bytes(program) > 0);
    CHECK(stripped_bytes(program) < std::filesystem::file_size(program));
    CHECK(stripped_bytes("/proc/self/cmdline") == 0);
}
