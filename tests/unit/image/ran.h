// Runs a program of the system for a test.
#pragma once

#include "cmd/os/process.h"
#include "tests/support/catch.h"

#include <optional>
#include <string>
#include <vector>

namespace waaft::testing {

inline os::ProcessResult ran(std::vector<std::string> argv, std::optional<std::string> input = std::nullopt) {
    os::ProcessSpec spec;
    spec.argv = std::move(argv);
    spec.input = std::move(input);
    auto result = os::run(spec, nullptr);
    REQUIRE(result.has_value());
    return std::move(*result);
}

}  // namespace waaft::testing
