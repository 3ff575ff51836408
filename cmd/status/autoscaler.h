// What the HorizontalPodAutoscaler does, and why it does or will not move.
//
// Thread: any, no state. Ownership: values. Units: pods; CPU in percent of the request. Errors: none; what
// the object does not say reads as zero or none. Source: autoscaling/v2, the controller's conditions and reasons.
#pragma once

#include "cmd/kube/fields.h"
#include "server/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace waaft::status {

struct Metric {
    std::string name;  // "cpu"
    std::string unit;  // "%" of the request; empty: a quantity as it stands
    std::string target;
    std::string current;  // empty: not measured yet
};

enum class Measuring : std::uint8_t {
    works,
    begins,  // no sample yet, and it is too early to expect one
    broken,
};

struct Autoscaler {
    std::string name;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::int64_t current = 0;
    std::int64_t desired = 0;
    std::vector<Metric> metrics;
    Measuring measuring = Measuring::begins;
    bool at_max = false;                      // and it wants more
    std::string why;                          // one sentence
    std::string trouble;                      // the cluster's own words when it cannot measure or scale
    std::optional<std::int64_t> cpu_percent;  // measured
    std::optional<std::int64_t> cpu_target_percent;
};

// nullopt: there is none.
std::optional<Autoscaler> autoscaler_of(const kube::Object& hpa, UnixMs now);

}  // namespace waaft::status
