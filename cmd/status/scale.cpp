#include "cmd/status/scale.h"

#include "cmd/kube/api.h"
#include "cmd/status/applied_fields.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::status {
namespace {

using kube::Object;

bool is_cpu_target(const Object& metric) {
    return kube::text(metric, {"type"}) == "Resource" && kube::text(metric, {"resource", "name"}) == "cpu" &&
           kube::text(metric, {"resource", "target", "type"}) == "Utilization";
}

// What one pod takes of a quota's resource, in thousandths; init containers run before the others.
std::int64_t taken_by_pod(const Object& pod_spec, std::string_view resource) {
    if (resource == "pods" || resource == "count/pods") return 1000;
    const auto dot = resource.find('.');
    const std::string_view kind = dot == std::string_view::npos ? "requests" : resource.substr(0, dot);
    const std::string_view name = dot == std::string_view::npos ? resource : resource.substr(dot + 1);
    if ((kind != "requests" && kind != "limits") || (name != "cpu" && name != "memory")) return 0;
    const auto of = [&](const boost::json::value& entry) -> std::int64_t {
        const auto* container = entry.if_object();
        if (container == nullptr) return 0;
        return kube::parse_quantity(kube::text(*container, {"resources", kind, name})).value_or(0);
    };
    std::int64_t sum = 0;
    std::int64_t largest = 0;
    for (const auto& entry : kube::list(pod_spec, {"containers"})) sum += of(entry);
    for (const auto& entry : kube::list(pod_spec, {"initContainers"})) largest = std::max(largest, of(entry));
    return std::max(sum, largest);
}

std::string pods(std::int64_t number) { return std::to_string(number) + (number == 1 ? " pod" : " pods"); }

Error usage(std::string what, std::string hint) { return {"usage_scale", std::move(what), {}, std::move(hint)}; }

}  // namespace

Scale scale_of(const Object& hpa) {
    Scale scale;
    scale.min = kube::number(hpa, {"spec", "minReplicas"}, 1);
    scale.max = kube::number(hpa, {"spec", "maxReplicas"});
    for (const auto& entry : kube::list(hpa, {"spec", "metrics"})) {
        const auto* metric = entry.if_object();
        if (metric == nullptr || !is_cpu_target(*metric)) continue;
        scale.cpu = kube::number(*metric, {"resource", "target", "averageUtilization"});
    }
    return scale;
}

std::string text_of(const Scale& scale) {
    auto text = scale.min == scale.max ? pods(scale.max) : std::to_string(scale.min) + " to " + pods(scale.max);
    return scale.cpu ? text + " at " + std::to_string(*scale.cpu) + " % CPU" : text;
}

Result<Scale> wished(const Scale& before, const ScaleWish& wish) {
    if (wish.empty()) return usage("nothing to change was named", "waaft scale --min 2 --max 20 --cpu 60");
    if (wish.replicas && (wish.min || wish.max)) {
        return usage("--replicas sets both --min and --max; give either it or them", {});
    }
    Scale after = before;
    if (wish.replicas) after.min = after.max = *wish.replicas;
    if (wish.min) after.min = *wish.min;
    if (wish.max) after.max = *wish.max;
    if (wish.cpu) after.cpu = wish.cpu;
    if (after.min > after.max) {
        const bool only_min = wish.min && !wish.max;
        return usage("the minimum of " + pods(after.min) + " is more than the maximum of " + std::to_string(after.max),
                     only_min ? "add --max " + std::to_string(after.min) : "--min must not be more than --max");
    }
    if (wish.cpu && !before.cpu) {
        return Error{"NO_CPU_TARGET",
                     "the autoscaler does not go by CPU, so --cpu has nothing to change",
                     {},
                     "see its metrics: kubectl get hpa -o yaml"};
    }
    return after;
}

std::optional<Room> room_of(const kube::Objects& quotas, const Object& deployment) {
    const auto& pod_spec = kube::child(deployment, {"spec", "template", "spec"});
    const auto running = kube::number(deployment, {"status", "replicas"});
    std::optional<Room> least;
    for (const auto& quota : quotas) {
        for (const auto& entry : kube::child(quota, {"status", "hard"})) {
            const std::string_view resource(entry.key().data(), entry.key().size());
            const auto each = taken_by_pod(pod_spec, resource);
            const auto hard = kube::parse_quantity(kube::text(quota, {"status", "hard", resource}));
            const auto used = kube::parse_quantity(kube::text(quota, {"status", "used", resource})).value_or(0);
            if (each <= 0 || !hard) continue;
            const auto more = std::max<std::int64_t>(*hard - used, 0) / each;
            if (!least || running + more < least->pods) {
                least = Room{running + more, kube::title_of(quota) + ": " + std::string(resource)};
            }
        }
    }
    return least;
}

Result<std::string> check_room(const Scale& before, const Scale& after, const std::optional<Room>& room) {
    if (!room || after.max <= room->pods) return std::string();
    const auto fits = "the namespace's quota has room for " + pods(room->pods) + " only";
    const bool new_min = after.min > room->pods && after.min != before.min;
    const bool new_max = after.max != before.max;
    if (new_min || new_max) {
        return Error{"QUOTA", fits + ", not for " + std::to_string(new_max ? after.max : after.min), room->why,
                     room->pods > 0 ? "waaft scale --max " + std::to_string(room->pods) + ", or have the quota raised"
                                    : "have the quota raised"};
    }
    return fits + " (" + room->why + "), and the maximum is " + std::to_string(after.max);
}

Object scaled(const Object& hpa, const Scale& scale) {
    auto object = owned_part(hpa, kube::field_manager);
    if (!object.contains("spec")) object["spec"] = Object();
    auto& spec = object["spec"].as_object();
    spec["scaleTargetRef"] = kube::child(hpa, {"spec", "scaleTargetRef"});
    spec["minReplicas"] = scale.min;
    spec["maxReplicas"] = scale.max;
    if (!scale.cpu || scale_of(hpa).cpu == scale.cpu) return object;
    auto metrics = kube::list(hpa, {"spec", "metrics"});
    for (auto& entry : metrics) {
        auto* metric = entry.if_object();
        if (metric == nullptr || !is_cpu_target(*metric)) continue;
        metric->at("resource").at("target").as_object()["averageUtilization"] = *scale.cpu;
    }
    spec["metrics"] = std::move(metrics);
    return object;
}

Reached reached(const Scale& scale, const Object& hpa, const Object& deployment) {
    const auto wanted = kube::number(deployment, {"spec", "replicas"}, 1);
    const auto& status = kube::child(deployment, {"status"});
    const auto ready = kube::number(status, {"readyReplicas"});
    const bool seen =
        kube::number(status, {"observedGeneration"}) >= kube::number(deployment, {"metadata", "generation"}, 1);
    if (scale_of(hpa) != scale) return {false, "waiting for the cluster to take up the new limits"};
    if (!seen || wanted < scale.min || wanted > scale.max) {
        return {false, "waiting for the autoscaler, which looks every 15 s; " + pods(wanted) + " now"};
    }
    if (ready < wanted) return {false, std::to_string(ready) + " of " + pods(wanted) + " ready"};
    return {true, std::to_string(ready) + " of " + pods(wanted) + " ready"};
}

}  // namespace waaft::status
