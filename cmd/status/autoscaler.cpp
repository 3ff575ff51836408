#include "cmd/status/autoscaler.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::status {
namespace {

using kube::Object;

// After this long without a sample something is wrong; before, the metrics are on their way.
constexpr UnixMs first_sample_ms = 120'000;

std::string spoken(const Object& value, bool percent) {
    if (percent) return std::to_string(kube::number(value, {"averageUtilization"}));
    const auto average = kube::text(value, {"averageValue"});
    return average.empty() ? kube::text(value, {"value"}) : average;
}

// "resource" of a metric of type Resource; "containerResource", "pods", "object", "external" likewise.
std::string member_of(const Object& metric) {
    auto type = kube::text(metric, {"type"});
    if (!type.empty()) type[0] = static_cast<char>(type[0] | 0x20);
    return type;
}

std::string metric_name(const Object& part) {
    const auto name = kube::text(part, {"name"});
    return name.empty() ? kube::text(part, {"metric", "name"}) : name;
}

// What the controller measured for it; empty: nothing yet.
const Object& measured(const Object& hpa, const std::string& member, const std::string& name) {
    static const Object nothing;
    for (const auto& entry : kube::list(hpa, {"status", "currentMetrics"})) {
        const auto* metric = entry.if_object();
        if (metric == nullptr || member_of(*metric) != member) continue;
        const auto& part = kube::child(*metric, {member});
        if (metric_name(part) == name) return kube::child(part, {"current"});
    }
    return nothing;
}

void add_metrics(Autoscaler& scaler, const Object& hpa) {
    for (const auto& entry : kube::list(hpa, {"spec", "metrics"})) {
        const auto* metric = entry.if_object();
        if (metric == nullptr) continue;
        const auto member = member_of(*metric);
        const auto& part = kube::child(*metric, {member});
        const auto& target = kube::child(part, {"target"});
        const auto name = metric_name(part);
        const bool percent = kube::text(target, {"type"}) == "Utilization";
        const auto& now = measured(hpa, member, name);
        const bool known = !now.empty() && (!percent || kube::has(now, {"averageUtilization"}));
        scaler.metrics.push_back(
            {name, percent ? "%" : "", spoken(target, percent), known ? spoken(now, percent) : std::string()});
        if (name != "cpu" || !percent) continue;
        scaler.cpu_target_percent = kube::number(target, {"averageUtilization"});
        if (known) scaler.cpu_percent = kube::number(now, {"averageUtilization"});
    }
}

const Object& condition(const Object& hpa, std::string_view type) {
    return kube::find_in(kube::list(hpa, {"status", "conditions"}), "type", type);
}

// The controller says it has no metrics; at first that is how it begins.
std::string say_unmeasured(Autoscaler& scaler, const Object& hpa, const Object& active, UnixMs now) {
    const auto made = kube::parse_time(kube::text(hpa, {"metadata", "creationTimestamp"})).value_or(0);
    const auto since = kube::parse_time(kube::text(active, {"lastTransitionTime"})).value_or(made);
    if (now - std::max(made, since) < first_sample_ms) {
        scaler.measuring = Measuring::begins;
        return "waits for its first measurement";
    }
    scaler.measuring = Measuring::broken;
    scaler.trouble = kube::text(active, {"message"});
    return "cannot measure, so it does not move";
}

std::string say_limited(Autoscaler& scaler, const Object& limited) {
    const auto reason = kube::text(limited, {"reason"});
    if (reason == "TooManyReplicas") {
        scaler.at_max = true;
        return "wants more than " + std::to_string(scaler.max) + " pods and may not";
    }
    if (reason == "TooFewReplicas")
        return "would take away pods, but " + std::to_string(scaler.min) + " is the minimum";
    if (reason == "ScaleUpLimit") return "adds pods as fast as its behavior allows";
    if (reason == "ScaleDownLimit") return "takes pods away as fast as its behavior allows";
    return kube::text(limited, {"message"});
}

std::string say_why(Autoscaler& scaler, const Object& hpa, UnixMs now) {
    const auto& able = condition(hpa, "AbleToScale");
    const auto& active = condition(hpa, "ScalingActive");
    const auto& limited = condition(hpa, "ScalingLimited");
    if (kube::text(able, {"status"}) == "False") {
        scaler.measuring = Measuring::broken;
        scaler.trouble = kube::text(able, {"message"});
        return "cannot change the number of pods";
    }
    if (kube::text(active, {"status"}) == "False") {
        if (kube::text(active, {"reason"}) == "ScalingDisabled")
            return "is off, because the Deployment asks for no pods";
        return say_unmeasured(scaler, hpa, active, now);
    }
    if (active.empty()) return say_unmeasured(scaler, hpa, active, now);
    scaler.measuring = Measuring::works;
    if (scaler.current < scaler.min) return "adds pods up to its minimum";
    if (scaler.current > scaler.max) return "takes pods away down to its maximum";
    if (kube::text(limited, {"status"}) == "True") return say_limited(scaler, limited);
    if (scaler.desired > scaler.current) return "adds pods";
    if (scaler.desired < scaler.current) return "takes pods away";
    if (kube::text(able, {"reason"}) == "ScaleDownStabilized") {
        return "would take away pods; it waits until they were not needed for " +
               std::to_string(kube::number(hpa, {"spec", "behavior", "scaleDown", "stabilizationWindowSeconds"}, 300)) +
               " s";
    }
    return "steady";
}

}  // namespace

std::optional<Autoscaler> autoscaler_of(const Object& hpa, UnixMs now) {
    if (hpa.empty()) return std::nullopt;
    Autoscaler scaler;
    scaler.name = kube::name_of(hpa);
    scaler.min = kube::number(hpa, {"spec", "minReplicas"}, 1);
    scaler.max = kube::number(hpa, {"spec", "maxReplicas"});
    scaler.current = kube::number(hpa, {"status", "currentReplicas"});
    scaler.desired = kube::number(hpa, {"status", "desiredReplicas"});
    add_metrics(scaler, hpa);
    scaler.why = say_why(scaler, hpa, now);
    return scaler;
}

}  // namespace waaft::status
