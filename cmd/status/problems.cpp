#include "cmd/status/problems.h"

#include "cmd/kube/trouble.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::status {
namespace {

using kube::Object;

constexpr UnixMs day_ms = 86'400'000;
constexpr UnixMs certificate_soon_ms = 14 * day_ms;
// A restart is worth a word for this long.
constexpr UnixMs restart_ms = 3'600'000;
// A load balancer takes a minute or two.
constexpr UnixMs address_ms = 300'000;
// So long the first pods may take without being a failure.
constexpr UnixMs first_pods_ms = 60'000;

Problem problem(bool severe, std::string_view code, std::string object, std::string message) {
    Problem made;
    made.severe = severe;
    made.cause.code = code;
    made.cause.object = std::move(object);
    made.cause.message = std::move(message);
    if (const auto* info = cmd::find_cause(code)) made.cause.hint = info->hint;
    return made;
}

bool is_old(const View& view, UnixMs now, UnixMs age) {
    const auto made = kube::parse_time(kube::text(view.deployment, {"metadata", "creationTimestamp"}));
    return made && now - *made > age;
}

// A container that ended lately, though it runs again.
void add_restart(Report& report, const Object& pod, UnixMs now) {
    for (const auto& entry : kube::list(pod, {"status", "containerStatuses"})) {
        const auto* container = entry.if_object();
        if (container == nullptr || !kube::is_true(*container, {"ready"})) continue;
        const auto& end = kube::child(*container, {"lastState", "terminated"});
        const auto finished = kube::parse_time(kube::text(end, {"finishedAt"}));
        if (!finished || now - *finished > restart_ms) continue;
        const auto reason = kube::text(end, {"reason"});
        auto made = problem(false, reason == "OOMKilled" ? "OOM" : "CRASH_EXIT", kube::title_of(pod),
                            "it was started again " + std::to_string((now - *finished) / 60'000) +
                                " min ago; before, it ended with " +
                                kube::exit_sentence(kube::number(end, {"exitCode"}), reason));
        made.cause.container = kube::text(*container, {"name"});
        report.problems.push_back(std::move(made));
    }
}

void add_silent_pods(Report& report) {
    for (const auto& pod : report.pods) {
        if (!pod.ready || pod.draining || pod.live.answered) continue;
        report.problems.push_back(problem(true, "POD_SILENT", "Pod/" + pod.name,
                                          "it is ready, but does not answer /statusz: " + pod.live.why));
    }
}

void add_troubles(Report& report) {
    for (const auto& pod : report.pods) {
        for (const auto& trouble : pod.live.troubles)
            report.problems.push_back(problem(false, "POD_TROUBLE", "Pod/" + pod.name, trouble));
    }
}

void add_autoscaler(Report& report) {
    if (!report.autoscaler) return;
    const auto& scaler = *report.autoscaler;
    const auto object = "HorizontalPodAutoscaler/" + scaler.name;
    if (scaler.measuring == Measuring::broken) {
        auto words = "the autoscaler " + scaler.why;
        if (!scaler.trouble.empty()) words += ": " + scaler.trouble;
        report.problems.push_back(problem(true, "HPA_NO_METRICS", object, std::move(words)));
    } else if (scaler.at_max) {
        report.problems.push_back(problem(false, "SCALE_LIMIT", object, "the autoscaler " + scaler.why));
    }
}

void add_redis_problems(Report& report, const View& view) {
    const auto object = view.redis.empty() ? std::string() : "StatefulSet/" + kube::name_of(view.redis);
    if (!view.redis.empty() && kube::number(view.redis, {"status", "readyReplicas"}) < 1) {
        report.problems.push_back(
            problem(true, "REDIS_AWAY", object, "its pod is not ready: calls go on, chat waits, nobody new can join"));
    } else if (report.redis && !report.redis->up) {
        report.problems.push_back(
            problem(true, "REDIS_AWAY", object, "pods do not reach it: " + report.redis->trouble));
    }
    if (!report.redis || !report.redis->up) return;
    const auto& redis = *report.redis;
    if (!redis.is_durable())
        report.problems.push_back(problem(false, "REDIS_NOT_DURABLE", object,
                                          "it answers before a message is on its disk (appendonly " + redis.appendonly +
                                              ", appendfsync " +
                                              (redis.appendfsync.empty() ? "unknown" : redis.appendfsync) + ")"));
    if (redis.max_memory > 0 && redis.used_memory > redis.max_memory / 10 * 9)
        report.problems.push_back(problem(false, "REDIS_FULL", object,
                                          "it uses " + std::to_string(redis.used_memory >> 20U) + " of " +
                                              std::to_string(redis.max_memory >> 20U) + " MiB"));
}

void add_address(Report& report, const View& view, UnixMs now) {
    if (!view.exposed || !report.address.empty() || view.deployment.empty()) return;
    // What may not be read is told as such.
    if (!view.refused.empty() && view.services.empty() && view.entrances.empty()) return;
    const bool nothing = view.services.empty() && view.entrances.empty();
    const auto object = nothing
                            ? std::string("Service/") + view.name
                            : kube::title_of(view.entrances.empty() ? view.services.front() : view.entrances.front());
    report.problems.push_back(problem(is_old(view, now, address_ms) || nothing, "LB_PENDING", object,
                                      nothing ? "there is no Service that leads to the pods"
                                              : "it has no address yet, so nobody outside gets there"));
}

void add_certificate(Report& report, UnixMs now) {
    if (!report.certificate) return;
    const auto left = report.certificate->ends - now;
    const auto object = "Secret/" + report.certificate->secret;
    const auto date = kube::format_time(report.certificate->ends);
    if (left <= 0) {
        report.problems.push_back(problem(true, "CERT_EXPIRED", object, "the certificate ended on " + date));
    } else if (left < certificate_soon_ms) {
        report.problems.push_back(
            problem(false, "CERT_EXPIRING", object,
                    "the certificate ends in " + std::to_string(left / day_ms) + " days, on " + date));
    }
}

// Fewer than maxUnavailable permits, for longer than pods take that were asked for a moment ago.
bool lacks_pods(const View& view, UnixMs now) {
    const auto& available = kube::find_in(kube::list(view.deployment, {"status", "conditions"}), "type", "Available");
    const auto since = kube::parse_time(kube::text(available, {"lastTransitionTime"}));
    return kube::text(available, {"status"}) == "False" && since && now - *since > first_pods_ms;
}

}  // namespace

std::vector<Problem> problems_of_rollout(const View& view, const kube::Verdict& verdict, const Report& report) {
    std::vector<Problem> problems;
    const auto now = report.at;
    const bool failing = report.state == RolloutState::failing;
    for (const auto& cause : verdict.causes) problems.push_back({failing, cause});
    const bool any_ready = std::any_of(report.pods.begin(), report.pods.end(),
                                       [](const PodReport& pod) { return pod.ready && !pod.draining; });
    if (verdict.desired > 0 && !any_ready) {
        problems.push_back(problem(failing || is_old(view, now, first_pods_ms), "NOT_READY", "Deployment/" + view.name,
                                   "no pod is ready, so nobody can join: " + report.rollout));
    } else if (lacks_pods(view, now) || (failing && verdict.causes.empty())) {
        problems.push_back(problem(true, "NOT_READY", "Deployment/" + view.name,
                                   "fewer pods are ready than there should be: " + report.rollout));
    }
    return problems;
}

void add_problems(Report& report, const View& view, UnixMs now) {
    if (view.deployment.empty() && view.refused.empty()) {
        report.problems.push_back(problem(true, "NOT_FOUND", "Deployment/" + view.name,
                                          "there is no such Deployment in the namespace " + view.name_space));
        report.problems.back().cause.hint = "`waaft deploy` brings it there; check --context and --namespace";
    }
    for (const auto& error : view.refused) {
        auto made = problem(false, error.code, error.where, error.what);
        if (!error.hint.empty()) made.cause.hint = error.hint;
        report.problems.push_back(std::move(made));
    }
    for (const auto& pod : view.pods) add_restart(report, pod, now);
    add_silent_pods(report);
    add_troubles(report);
    add_autoscaler(report);
    add_redis_problems(report, view);
    add_address(report, view, now);
    add_certificate(report, now);
}

}  // namespace waaft::status
