#include "cmd/kube/trouble.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace waaft::kube {
namespace {

using std::chrono::seconds;

std::string event_time(const Object& event) {
    auto last = text(event, {"lastTimestamp"});
    return last.empty() ? text(event, {"eventTime"}) : last;
}

// The newest event of the object with one of these reasons; empty: none.
const Object* newest(const Objects& events, std::string_view uid, std::initializer_list<std::string_view> reasons,
                     std::string_view part = {}) {
    const Object* found = nullptr;
    for (const auto& event : events) {
        if (text(event, {"involvedObject", "uid"}) != uid || !contains(text(event, {"message"}), part)) continue;
        const auto reason = text(event, {"reason"});
        if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) continue;
        if (found == nullptr || event_time(event) >= event_time(*found)) found = &event;
    }
    return found;
}

Cause cause_of(std::string_view code, const Object& object, std::string message) {
    Cause cause;
    cause.code = code;
    cause.object = title_of(object);
    cause.message = std::move(message);
    if (const auto* info = cmd::find_cause(code)) cause.hint = info->hint;
    return cause;
}

// ---- a place to run ----

std::string_view unschedulable_code(std::string_view message) {
    if (contains(message, "Insufficient cpu")) return "UNSCHEDULABLE_CPU";
    if (contains(message, "Insufficient memory")) return "UNSCHEDULABLE_MEMORY";
    if (contains(message, "free ports")) return "UNSCHEDULABLE_PORT";
    return "UNSCHEDULABLE_NODE";
}

std::optional<Trouble> unschedulable(const Object& pod, const Objects& events) {
    const auto& condition = find_in(list(pod, {"status", "conditions"}), "type", "PodScheduled");
    if (text(condition, {"status"}) != "False") return std::nullopt;
    const auto message = text(condition, {"message"});
    const auto uid = uid_of(pod);
    const auto* adding = newest(events, uid, {"TriggeredScaleUp"});
    const auto* declined = newest(events, uid, {"NotTriggerScaleUp", "FailedScaleUp"});
    if (declined != nullptr && (adding == nullptr || event_time(*adding) < event_time(*declined))) {
        return Trouble{
            cause_of(unschedulable_code(message), pod,
                     "no node has room, and the autoscaler adds none: " + message + " " + text(*declined, {"message"})),
            seconds(5)};
    }
    if (adding != nullptr) {
        return Trouble{cause_of("SCALE_UP_PENDING", pod, "a node is being added: " + text(*adding, {"message"})), {}};
    }
    // Where nothing would help, not even the end of other pods, an autoscaler would have spoken by now. Else a pod
    // that is about to leave may make room.
    const bool hopeless = contains(message, "Preemption is not helpful") && !contains(message, "No preemption victims");
    return Trouble{cause_of(unschedulable_code(message), pod, "no node has room: " + message),
                   hopeless ? seconds(20) : seconds(150)};
}

// ---- the image ----

std::optional<Trouble> pull_trouble(const Object& pod, const Object& container, const Objects& events) {
    const auto reason = text(container, {"state", "waiting", "reason"});
    static constexpr std::array<std::string_view, 5> reasons{"ErrImagePull", "ImagePullBackOff", "InvalidImageName",
                                                             "ErrImageNeverPull", "ImageInspectError"};
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) return std::nullopt;
    auto message = text(container, {"state", "waiting", "message"});
    // Kubelets before 1.31 say only "Back-off pulling image"; the event has the registry's words.
    const auto* failed = newest(events, uid_of(pod), {"Failed", "InspectFailed"}, "image");
    if (failed != nullptr && (message.empty() || !contains(message, ": "))) message = text(*failed, {"message"});
    const auto code = reason == "InvalidImageName" ? "IMAGE_NOT_FOUND" : pull_code(message);
    auto cause = cause_of(code, pod, "the image " + text(container, {"image"}) + " cannot be pulled: " + message);
    return Trouble{std::move(cause), code == "REGISTRY_UNREACHABLE" ? seconds(20) : seconds(3)};
}

// ---- what it needs to start ----

std::optional<Trouble> config_trouble(const Object& pod, const Object& container, const Objects& events) {
    const auto reason = text(container, {"state", "waiting", "reason"});
    const auto message = text(container, {"state", "waiting", "message"});
    if (reason == "CreateContainerConfigError" && !contains(message, "failed to sync")) {
        return Trouble{cause_of("CONFIG_MISSING", pod, "the container cannot be made: " + message), seconds(5)};
    }
    if (reason != "ContainerCreating") return std::nullopt;
    const auto* mount = newest(events, uid_of(pod), {"FailedMount"});
    if (mount == nullptr) return std::nullopt;
    const auto why = text(*mount, {"message"});
    const bool absent = contains(why, "not found") || contains(why, "non-existent");
    return Trouble{cause_of("CONFIG_MISSING", pod, "a volume cannot be mounted: " + why),
                   absent ? seconds(15) : seconds(90)};
}

// ---- how it ended ----

const Object& last_end(const Object& container) {
    if (has(container, {"state", "terminated"})) return child(container, {"state", "terminated"});
    return child(container, {"lastState", "terminated"});
}

std::string probe_of(const Object& killing) {
    const auto message = text(killing, {"message"});
    return contains(message, "startup probe") ? "startup" : contains(message, "liveness probe") ? "liveness" : "";
}

// The kubelet kills a container whose startup or liveness probe fails; that is no crash of its own.
std::optional<Trouble> killed_by_probe(const Object& pod, const Object& container, const Objects& events) {
    const auto* killing = newest(events, uid_of(pod), {"Killing"}, "probe");
    if (killing == nullptr) return std::nullopt;
    const auto probe = probe_of(*killing);
    const auto restarts = number(container, {"restartCount"});
    if (probe.empty() || restarts < (probe == "startup" ? 1 : 2)) return std::nullopt;
    const auto* unhealthy = newest(events, uid_of(pod), {"Unhealthy"}, probe == "startup" ? "Startup" : "Liveness");
    auto message = "the " + probe + " probe failed until the container was ended" +
                   (unhealthy == nullptr ? std::string() : ": " + text(*unhealthy, {"message"}));
    return Trouble{cause_of("PROBE", pod, std::move(message)), seconds(0), true, true};
}

std::optional<Trouble> end_trouble(const Object& pod, const Object& container) {
    const auto& end = last_end(container);
    if (end.empty()) return std::nullopt;
    const auto code = number(end, {"exitCode"});
    const auto reason = text(end, {"reason"});
    const auto message = text(end, {"message"});
    if (contains(message, "exec format error")) {
        return Trouble{cause_of("IMAGE_ARCH", pod, "the image is for another processor: " + message), seconds(0), true};
    }
    const bool running = has(container, {"state", "running"});
    if (reason == "StartError" || reason == "ContainerCannotRun") {
        return Trouble{cause_of("CRASH_EXIT", pod, "the program cannot be started: " + message), seconds(5)};
    }
    const bool oom = reason == "OOMKilled";
    auto sentence = "the container ended, " + exit_sentence(code, reason) + ", and was started " +
                    std::to_string(number(container, {"restartCount"}) + 1) + " times";
    if (running || number(container, {"restartCount"}) < 2) {
        // Once may be bad luck: it has another chance, and is only mentioned.
        return Trouble{cause_of(oom ? "OOM" : "CRASH_EXIT", pod, std::move(sentence)), std::nullopt, true, running};
    }
    return Trouble{cause_of(oom ? "OOM" : "CRASH_EXIT", pod, std::move(sentence)), seconds(0), true, false};
}

// A program that runs, but is not ready, though it has had the time that its probes allow.
std::optional<Trouble> unready(const Object& pod, const Object& container, const Objects& events) {
    if (!is_true(container, {"started"}) || !has(container, {"state", "running"})) return std::nullopt;
    const auto* unhealthy = newest(events, uid_of(pod), {"Unhealthy"}, "Readiness");
    if (unhealthy == nullptr) return std::nullopt;
    const auto& spec = find_in(list(pod, {"spec", "containers"}), "name", text(container, {"name"}));
    const auto allowed =
        number(spec, {"readinessProbe", "failureThreshold"}, 3) * number(spec, {"readinessProbe", "periodSeconds"}, 10);
    return Trouble{cause_of("PROBE", pod, "the program runs but is not ready: " + text(*unhealthy, {"message"})),
                   seconds(std::clamp<std::int64_t>(allowed + 10, 15, 25)), true, false};
}

std::optional<Trouble> trouble_of_container(const Object& pod, const Object& container, const Objects& events) {
    if (is_true(container, {"ready"})) return std::nullopt;
    if (auto found = pull_trouble(pod, container, events)) return found;
    if (auto found = config_trouble(pod, container, events)) return found;
    if (auto found = killed_by_probe(pod, container, events)) return found;
    if (auto found = unready(pod, container, events)) return found;
    return end_trouble(pod, container);
}

std::string_view creation_code(std::string_view message) {
    if (contains(message, "exceeded quota") || contains(message, "must specify")) return "QUOTA";
    if (contains(message, "violates PodSecurity")) return "ADMISSION_PSS";
    if (contains(message, "service account") || contains(message, "serviceaccount")) return "CONFIG_MISSING";
    return "ADMISSION_DENIED";
}

}  // namespace

std::string_view pull_code(std::string_view message) {
    struct Row {
        std::string_view part, code;
    };
    // From the particular to the general: an image that needs a login is often called "not found or denied".
    static constexpr std::array<Row, 24> rows{{
        {"no match for platform", "IMAGE_ARCH"},
        {"no matching manifest", "IMAGE_ARCH"},
        {"no child with platform", "IMAGE_ARCH"},
        {"exec format", "IMAGE_ARCH"},
        {"unauthorized", "IMAGE_AUTH"},
        {"authorization failed", "IMAGE_AUTH"},
        {"authentication required", "IMAGE_AUTH"},
        {"no basic auth credentials", "IMAGE_AUTH"},
        {"denied", "IMAGE_AUTH"},
        {"401", "IMAGE_AUTH"},
        {"403", "IMAGE_AUTH"},
        {"dial tcp", "REGISTRY_UNREACHABLE"},
        {"i/o timeout", "REGISTRY_UNREACHABLE"},
        {"connection re", "REGISTRY_UNREACHABLE"},
        {"no such host", "REGISTRY_UNREACHABLE"},
        {"x509", "REGISTRY_UNREACHABLE"},
        {"tls:", "REGISTRY_UNREACHABLE"},
        {"TLS handshake", "REGISTRY_UNREACHABLE"},
        {"HTTP response to HTTPS", "REGISTRY_UNREACHABLE"},
        {"toomanyrequests", "REGISTRY_UNREACHABLE"},
        {"deadline exceeded", "REGISTRY_UNREACHABLE"},
        {"not found", "IMAGE_NOT_FOUND"},
        {"unknown", "IMAGE_NOT_FOUND"},
        {"does not exist", "IMAGE_NOT_FOUND"},
    }};
    for (const auto& row : rows) {
        if (contains(message, row.part)) return row.code;
    }
    return "REGISTRY_UNREACHABLE";
}

std::string exit_sentence(std::int64_t exit_code, std::string_view reason) {
    struct Row {
        std::int64_t code;
        std::string_view meaning;
    };
    static constexpr std::array<Row, 10> rows{{
        {0, "finished, though it should go on"},
        {2, "wrong usage or configuration"},
        {125, "the runtime refused to start it"},
        {126, "the program is not executable"},
        {127, "the program does not exist"},
        {132, "illegal instruction"},
        {134, "aborted"},
        {137, "killed"},
        {139, "segmentation fault"},
        {143, "told to end (SIGTERM)"},
    }};
    std::string sentence = "exit code " + std::to_string(exit_code);
    if (reason == "OOMKilled") return sentence + ": killed, out of memory";
    for (const auto& row : rows) {
        if (row.code == exit_code) return sentence + ": " + std::string(row.meaning);
    }
    return sentence;
}

std::vector<std::string> events_of(const Objects& events, std::string_view uid) {
    static constexpr std::array<std::string_view, 9> noise{"Scheduled",         "Pulling", "Pulled",
                                                           "Created",           "Started", "SuccessfulCreate",
                                                           "ScalingReplicaSet", "BackOff", "SuccessfulDelete"};
    std::vector<std::pair<std::string, std::string>> kept;
    for (const auto& event : events) {
        const auto reason = text(event, {"reason"});
        if (text(event, {"involvedObject", "uid"}) != uid) continue;
        if (std::find(noise.begin(), noise.end(), reason) != noise.end()) continue;
        const auto count = number(event, {"count"}, 1);
        kept.emplace_back(event_time(event), reason + ": " + text(event, {"message"}) +
                                                 (count > 1 ? " (x" + std::to_string(count) + ")" : ""));
    }
    std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> lines;
    for (auto& [time, line] : kept) lines.push_back(std::move(line));
    return lines;
}

std::optional<Trouble> trouble_of_pod(const Object& pod, const Objects& events) {
    auto found = unschedulable(pod, events);
    for (const auto* statuses :
         {&list(pod, {"status", "initContainerStatuses"}), &list(pod, {"status", "containerStatuses"})}) {
        for (const auto& entry : *statuses) {
            const auto* container = entry.if_object();
            if (container == nullptr || found) continue;
            found = trouble_of_container(pod, *container, events);
            if (found) found->cause.container = text(*container, {"name"});
        }
    }
    if (!found && text(pod, {"status", "phase"}) == "Failed") {
        found = Trouble{
            cause_of("CRASH_EXIT", pod,
                     "the pod failed: " + text(pod, {"status", "reason"}) + " " + text(pod, {"status", "message"})),
            std::nullopt};
    }
    if (found) found->cause.events = events_of(events, uid_of(pod));
    return found;
}

std::optional<Trouble> trouble_of_replica_set(const Object& replica_set, const Objects& events, bool others_drain) {
    const auto& failure = find_in(list(replica_set, {"status", "conditions"}), "type", "ReplicaFailure");
    if (text(failure, {"status"}) != "True") return std::nullopt;
    const auto message = text(failure, {"message"});
    const auto code = creation_code(message);
    Trouble found{cause_of(code, replica_set, "pods cannot be made: " + message), seconds(5)};
    // Pods that are leaving count in the quota until they are gone.
    if (code == "QUOTA" && others_drain) found.patience = std::nullopt;
    found.cause.events = events_of(events, uid_of(replica_set));
    return found;
}

}  // namespace waaft::kube
