#include "cmd/ui/exit_codes.h"

#include "tests/support/catch.h"

using waaft::cmd::Errors;
using waaft::cmd::Exit;

namespace {

struct Row {
    std::vector<std::string> codes;
    int exit;
};

const std::vector<Row> rows{
    {{}, 1},
    {{"rest"}, 1},
    {{"usage"}, 2},
    {{"usage_yes"}, 2},
    {{"config_unknown_key"}, 2},
    {{"yaml_syntax"}, 2},
    {{"secret_unreadable"}, 2},
    {{"port_in_use"}, 2},
    {{"usages"}, 1},  // no row's name
    {{"process_not_found"}, 4},
    {{"CLUSTER_UNREACHABLE"}, 4},
    {{"FORBIDDEN"}, 4},
    {{"HPA_NO_METRICS"}, 4},
    {{"BUILD_FAILED"}, 5},
    {{"IMAGE_ARCH"}, 5},
    {{"NO_BUILDER"}, 5},
    {{"REGISTRY_AUTH"}, 6},
    {{"TAG_EXISTS"}, 6},
    {{"IMAGE_NOT_FOUND"}, 6},
    {{"ADMISSION_PSS"}, 7},
    {{"QUOTA"}, 7},
    {{"CRASH_EXIT"}, 8},
    {{"UNSCHEDULABLE_CPU"}, 8},
    {{"LOCKED"}, 11},
    {{"process_timeout"}, 70},
    {{"TIMEOUT"}, 70},
    {{"interrupted"}, 130},
    {{"terminated"}, 143},
    {{"rest", "config_value"}, 2},            // the first that the table has
    {{"QUOTA", "config_value"}, 7},           //
    {{"QUOTA", "rest", "interrupted"}, 130},  // an interrupt is the reason for the others
};

}  // namespace

TEST_CASE("errors become exit codes in one place") {
    for (const auto& row : rows) {
        Errors errors;
        for (const auto& code : row.codes) errors.push_back({code, "what"});
        INFO((row.codes.empty() ? "none" : row.codes.front()));
        CHECK(static_cast<int>(waaft::cmd::exit_of(errors)) == row.exit);
    }
}
