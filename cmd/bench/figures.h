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

// What a run found. One whose load generator was late itself counts for nothing, whatever its figures say.
struct Measured {
    std::vector<Figure> figures;
    std::vector<std::string> late;  // why it does not count, a sentence each; empty: it counts

    bool counts() const { return late.empty(); }
    // One figure more, of which less or more is better.
    void at_most(std::string name, double value, std::string unit, std::optional<double> goal = {},
                 std::optional<double> limit = {});
    void at_least(std::string name, double value, std::string unit, std::optional<double> goal = {},
                  std::optional<double> limit = {});
};

// A table of at most 100 columns, and below it why the run does not count.
std::string measured_text(const Measured& measured);
// {"schema":"waaft.bench/1","bench":"chat","results":[...],"counts":true,"reasons":[]}; `bench` is "chat", "cluster",
// "image" or "overload".
boost::json::object measured_json(std::string_view bench, const Measured& measured);

}  // namespace waaft::bench
