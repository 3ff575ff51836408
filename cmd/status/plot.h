// How CPU, people and pods went, as one small line each.
//
// Thread: one. Ownership: values; at most samples_max are kept. Units: whatever is added. Errors: none.
#pragma once

#include "cmd/status/report.h"

#include <deque>
#include <string>

namespace waaft::status {

class Plot {
public:
    static constexpr std::size_t samples_max = 56;

    void add(const Report& report);
    // Three lines of at most 80 columns; `blocks`: the terminal shows UTF-8.
    std::string text(bool blocks) const;

private:
    struct Sample {
        std::optional<double> cpu;  // percent of the request by the autoscaler, else cores
        std::int64_t people = 0;
        std::int64_t pods = 0;
    };
    std::deque<Sample> samples_;
    bool percent_ = false;
};

// "▁▃█" of values from zero to the largest, or "_-#" without blocks; a gap where there is no value.
std::string bars(const std::vector<std::optional<double>>& values, bool blocks);

}  // namespace waaft::status
