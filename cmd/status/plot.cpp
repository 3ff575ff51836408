#include "cmd/status/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>

namespace waaft::status {
namespace {

constexpr std::array<std::string_view, 8> block_levels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> ascii_levels{"_", ".", ":", "-", "=", "+", "*", "#"};

std::string line(std::string_view label, const std::string& drawn, double largest, double last, int digits,
                 std::string_view unit) {
    std::array<char, 64> figures{};
    const int size = std::snprintf(figures.data(), figures.size(), " %.*f (max %.*f)", digits, last, digits, largest);
    auto text = "  " + std::string(label) + std::string(8 - label.size(), ' ') + drawn;
    text.append(figures.data(), std::min(static_cast<std::size_t>(size), figures.size() - 1));
    return text + std::string(unit) + "\n";
}

}  // namespace

std::string bars(const std::vector<std::optional<double>>& values, bool blocks) {
    double largest = 0;
    for (const auto& value : values) largest = std::max(largest, value.value_or(0));
    const auto& levels = blocks ? block_levels : ascii_levels;
    std::string drawn;
    for (const auto& value : values) {
        const double share = value && largest > 0 ? std::clamp(*value / largest, 0.0, 1.0) : 0;
        drawn +=
            value ? levels[static_cast<std::size_t>(std::lround(share * static_cast<double>(levels.size() - 1)))] : " ";
    }
    return drawn;
}

void Plot::add(const Report& report) {
    percent_ = report.autoscaler && report.autoscaler->cpu_target_percent;
    Sample sample;
    sample.cpu = report.cpu_cores;
    if (percent_) {
        const auto percent = report.autoscaler->cpu_percent;
        sample.cpu = percent ? std::optional<double>(static_cast<double>(*percent)) : std::nullopt;
    }
    sample.people = report.people;
    sample.pods = static_cast<std::int64_t>(report.pods.size());
    samples_.push_back(sample);
    if (samples_.size() > samples_max) samples_.pop_front();
}

std::string Plot::text(bool blocks) const {
    const auto row = [&](std::string_view label, const std::function<std::optional<double>(const Sample&)>& read,
                         int digits, std::string_view unit) {
        std::vector<std::optional<double>> values;
        double largest = 0;
        double last = 0;
        for (const auto& sample : samples_) {
            values.push_back(read(sample));
            largest = std::max(largest, values.back().value_or(0));
            last = values.back().value_or(last);
        }
        return line(label, bars(values, blocks), largest, last, digits, unit);
    };
    return row(
               "CPU", [](const Sample& s) { return s.cpu; }, percent_ ? 0 : 2, percent_ ? " %" : "") +
           row(
               "people", [](const Sample& s) { return static_cast<double>(s.people); }, 0, "") +
           row(
               "pods", [](const Sample& s) { return static_cast<double>(s.pods); }, 0, "");
}

}  // namespace waaft::status
