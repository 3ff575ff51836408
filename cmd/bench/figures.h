// The figures of a benchmark, beside their goals and what this machine can do at best.
//
// Thread: any. Ownership: values. Units: named by each result. Errors: none.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::bench {

struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
    std::optional<double> limit;  // the ceiling, measured in the same run
    std::optional<double> goal;
    bool less_is_better = false;
    std::optional<double> ratio_goal;  // of value to limit

    std::optional<double> ratio() const;
    // nullopt: there is no goal.
    std::optional<bool> met() const;
};

// A table of at most 100 columns.
std::string figures_text(const std::vector<Figure>& figures);
// {"schema":"waaft.bench/1","bench":"chat","results":[...]}; `bench` is "chat", "cluster" or "image".
boost::json::object figures_json(std::string_view bench, const std::vector<Figure>& figures);

}  // namespace waaft::bench
