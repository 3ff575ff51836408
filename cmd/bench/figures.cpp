#include "cmd/bench/figures.h"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include <cstdio>
#include <utility>

namespace waaft::bench {
namespace {

namespace json = boost::json;

// Grouped digits above 10,000, few decimals below.
std::string number(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", value < 100 ? 2 : value < 10'000 ? 1 : 0, value);
    std::string result = text;
    if (value < 10'000) return result;
    for (auto at = result.size(); at > 3; at -= 3) result.insert(at - 3, ",");
    return result;
}

std::string goal_text(const Figure& figure) {
    std::string text = figure.goal ? (figure.less_is_better ? "<= " : ">= ") + number(*figure.goal) : "-";
    if (figure.ratio_goal) text += ", " + number(*figure.ratio_goal) + " of limit";
    return text;
}

std::string row(const std::string& name, const std::string& value, const std::string& unit, const std::string& goal,
                const std::string& met, const std::string& limit, const std::string& ratio) {
    char text[160];
    std::snprintf(text, sizeof text, "%-28s%11s %-8s%-26s%-7s%12s%7s\n", name.c_str(), value.c_str(), unit.c_str(),
                  goal.c_str(), met.c_str(), limit.c_str(), ratio.c_str());
    return text;
}

json::value optional_json(const std::optional<double>& value) { return value ? json::value(*value) : json::value(); }

}  // namespace

void Measured::at_most(std::string name, double value, std::string unit, std::optional<double> goal,
                       std::optional<double> limit) {
    at_least(std::move(name), value, std::move(unit), goal, limit);
    figures.back().less_is_better = true;
}

void Measured::at_least(std::string name, double value, std::string unit, std::optional<double> goal,
                        std::optional<double> limit) {
    figures.push_back({.name = std::move(name),
                       .value = value,
                       .unit = std::move(unit),
                       .limit = limit,
                       .goal = goal,
                       .ratio_goal = {}});
}

std::optional<double> Figure::ratio() const {
    return limit && *limit > 0 ? std::optional(value / *limit) : std::nullopt;
}

std::optional<bool> Figure::met() const {
    if (!goal && !ratio_goal) return std::nullopt;
    const bool absolute = !goal || (less_is_better ? value <= *goal : value >= *goal);
    const bool relative = !ratio_goal || (ratio() && *ratio() >= *ratio_goal);
    return absolute && relative;
}

std::string measured_text(const Measured& measured) {
    std::string text = row("name", "value", "unit", "goal", "", "limit", "ratio");
    for (const auto& figure : measured.figures) {
        const auto met = figure.met();
        text +=
            row(figure.name, number(figure.value), figure.unit, goal_text(figure), met ? (*met ? "met" : "MISSED") : "",
                figure.limit ? number(*figure.limit) : "-", figure.ratio() ? number(*figure.ratio()) : "-");
    }
    for (const auto& reason : measured.late) text += "This run counts for nothing. " + reason + "\n";
    return text;
}

json::object measured_json(std::string_view bench, const Measured& measured) {
    json::array results;
    for (const auto& figure : measured.figures) {
        const auto met = figure.met();
        results.push_back(json::object{{"name", figure.name},
                                       {"value", figure.value},
                                       {"unit", figure.unit},
                                       {"limit", optional_json(figure.limit)},
                                       {"ratio", optional_json(figure.ratio())},
                                       {"goal", optional_json(figure.goal)},
                                       {"met", met ? json::value(*met) : json::value()}});
    }
    return {{"schema", "waaft.bench/1"},
            {"bench", bench},
            {"results", std::move(results)},
            {"counts", measured.counts()},
            {"reasons", json::value_from(measured.late)}};
}

}  // namespace waaft::bench
