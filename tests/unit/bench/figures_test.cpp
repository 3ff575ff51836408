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
    const auto text = measured_text({.figures = {{.name = "deliveries_coalesced_p99_tls",
                                                  .value = 123456789,
                                                  .unit = "/core-s",
                                                  .limit = 123456789,
                                                  .goal = 110000,
                                                  .ratio_goal = 0.75}},
                                     .late = {}});
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
    CHECK(text.find("123,456,789") != std::string::npos);
}

TEST_CASE("JSON has the schema, and null for what is not there") {
    const auto object = measured_json("chat", {.figures = {more(80, {}, 100), less(3, 2)}, .late = {}});
    CHECK(object.at("schema") == "waaft.bench/1");
    const auto& results = object.at("results").as_array();
    CHECK(results[0].at("ratio") == 0.8);
    CHECK(results[0].at("met").is_null());
    CHECK(results[1].at("limit").is_null());
    CHECK(results[1].at("met") == false);
    CHECK(object.at("counts") == true);
    CHECK(object.at("reasons").as_array().empty());
}

TEST_CASE("a run whose load was late says that it counts for nothing, and why") {
    const Measured late{.figures = {less(1, 2)}, .late = {"The crowd was late"}};
    CHECK_FALSE(late.counts());
    const auto object = measured_json("overload", late);
    CHECK(object.at("counts") == false);
    CHECK(object.at("reasons").as_array().at(0) == "The crowd was late");
    CHECK(measured_text(late).find("This run counts for nothing. The crowd was late\n") != std::string::npos);
    CHECK(measured_text({.figures = {less(1, 2)}, .late = {}}).find("counts") == std::string::npos);
}

TEST_CASE("the stripped size is less than the file, and none for what is no program") {
    const auto program = waaft::own_program().file;
    CHECK(stripped_bytes(program) > 0);
    CHECK(stripped_bytes(program) < std::filesystem::file_size(program));
    CHECK(stripped_bytes("/proc/self/cmdline") == 0);
}
