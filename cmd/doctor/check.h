// One link of the chain from this machine to the cluster: passed or not, and what mends it.
//
// Thread: any. Ownership: values. Errors: none; they are what a Check is about.
#pragma once

#include "server/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::doctor {

enum class State : std::uint8_t {
    passed,
    warning,  // it works without, or not yet as well as it could
    failed,
    skipped,  // not needed here, or not to be known
};
std::string_view name_of(State state);

struct Check {
    std::string id;  // "kubectl"; stable
    State state = State::skipped;
    std::string detail;  // one sentence or a version
    std::string fix;     // the command that mends it; empty: nothing to mend
};
using Checks = std::vector<Check>;

// A check that failed by an Error: its words, and its hint unless there is a better one.
Check failed_by(std::string id, const Error& error, std::string fix = {});

}  // namespace waaft::doctor
