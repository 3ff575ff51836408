#include "cmd/status/report.h"

#include "cmd/kube/diagnose.h"
#include "cmd/status/problems.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::status {
namespace {

using kube::Object;

const Object& server_container(const Object& pod_spec) {
    const auto& containers = kube::list(pod_spec, {"containers"});
    const auto& named = kube::find_in(containers, "name", "server");
    if (!named.empty() || containers.empty()) return named;
    const auto* first = containers.front().if_object();
    return first == nullptr ? named : *first;
}

std::string digest_in(std::string_view image) {
    const auto at = image.find("@sha256:");
    return at == std::string_view::npos ? std::string() : std::string(image.substr(at + 1));
}

// "host:5000/org/waaft:1.2" has the tag 1.2; one with a digest has none that counts.
std::string tag_in(std::string_view image) {
    const auto colon = image.rfind(':');
    const bool tag = colon != std::string_view::npos && image.find('/', colon) == std::string_view::npos;
    return tag && image.find('@') == std::string_view::npos ? std::string(image.substr(colon + 1)) : std::string();
}

// The one that the current pods run, when the Deployment names a tag only.
std::string running_digest(const View& view, const std::vector<PodReport>& pods) {
    for (std::size_t i = 0; i < pods.size(); ++i) {
        if (!pods[i].current) continue;
        const auto& status = kube::find_in(kube::list(view.pods[i], {"status", "containerStatuses"}), "name", "server");
        auto digest = digest_in(kube::text(status, {"imageID"}));
        if (!digest.empty()) return digest;
    }
    return {};
}

std::string_view revision_of(const Object& object, std::string& into) {
    into = kube::text(object, {"metadata", "annotations", "deployment.kubernetes.io/revision"});
    return into;
}

std::string current_replica_set(const View& view) {
    std::string wanted;
    std::string revision;
    revision_of(view.deployment, wanted);
    for (const auto& set : view.replica_sets) {
        if (kube::controller_of(set) == kube::uid_of(view.deployment) && revision_of(set, revision) == wanted) {
            return kube::uid_of(set);
        }
    }
    return {};
}

PodReport pod_report(const Object& pod, const View& view, const std::string& replica_set, UnixMs now) {
    PodReport report;
    report.name = kube::name_of(pod);
    report.node = kube::text(pod, {"spec", "nodeName"});
    report.phase = kube::text(pod, {"status", "phase"});
    report.draining = kube::has(pod, {"metadata", "deletionTimestamp"});
    report.current = !replica_set.empty() && kube::controller_of(pod) == replica_set;
    const auto& ready = kube::find_in(kube::list(pod, {"status", "conditions"}), "type", "Ready");
    report.ready = kube::text(ready, {"status"}) == "True";
    for (const auto& entry : kube::list(pod, {"status", "containerStatuses"})) {
        if (const auto* status = entry.if_object()) report.restarts += kube::number(*status, {"restartCount"});
    }
    const auto made = kube::parse_time(kube::text(pod, {"metadata", "creationTimestamp"})).value_or(now);
    report.age_s = std::max<std::int64_t>((now - made) / 1000, 0);
    const auto live = view.live.find(report.name);
    if (live != view.live.end()) {
        report.live = live->second;
        report.draining = report.draining || report.live.draining;
    } else {
        report.live.why = report.phase == "Running" ? "was not asked" : "does not run";
    }
    return report;
}

void add_redis(std::optional<LiveRedis>& redis, const LiveRedis& seen) {
    const double latency = std::max(redis ? redis->latency_ms : 0, seen.latency_ms);
    if (!redis || (redis->up && !seen.up)) redis = seen;
    redis->latency_ms = latency;
}

void add_sums(Report& report) {
    for (const auto& pod : report.pods) {
        if (!pod.live.answered) continue;
        ++report.answered;
        report.rooms += pod.live.rooms;
        report.people += pod.live.people;
        if (pod.live.redis) add_redis(report.redis, *pod.live.redis);
        if (pod.live.mbps) report.mbps = report.mbps.value_or(0) + *pod.live.mbps;
        if (pod.live.cpu_cores) report.cpu_cores = report.cpu_cores.value_or(0) + *pod.live.cpu_cores;
    }
}

void add_version(Report& report, const View& view) {
    const auto& container = server_container(kube::child(view.deployment, {"spec", "template", "spec"}));
    report.image = kube::text(container, {"image"});
    report.digest = digest_in(report.image);
    if (report.digest.empty()) report.digest = running_digest(view, report.pods);
    report.version =
        kube::text(view.deployment, {"spec", "template", "metadata", "labels", "app.kubernetes.io/version"});
    for (const auto& pod : report.pods) {
        if (report.version.empty() && pod.current && pod.live.answered) report.version = pod.live.version;
    }
    if (report.version.empty()) report.version = tag_in(report.image);
    revision_of(view.deployment, report.revision);
}

// Since when none of the pods that are not ready was: one look has no memory of its own.
UnixMs unready_since(const View& view, UnixMs now) {
    UnixMs since = 0;
    for (const auto& pod : view.pods) {
        const auto& ready = kube::find_in(kube::list(pod, {"status", "conditions"}), "type", "Ready");
        if (kube::text(ready, {"status"}) == "True" || kube::has(pod, {"metadata", "deletionTimestamp"})) continue;
        const auto made = kube::parse_time(kube::text(pod, {"metadata", "creationTimestamp"})).value_or(now);
        since = std::max(since, kube::parse_time(kube::text(ready, {"lastTransitionTime"})).value_or(made));
    }
    return since == 0 ? now : std::min(since, now);
}

kube::Verdict verdict_of(const View& view, UnixMs now) {
    const kube::Snapshot snapshot{view.deployment, view.replica_sets, view.pods, view.events, {}};
    kube::Rollout rollout;
    rollout.look(snapshot, unready_since(view, now));
    return rollout.look(snapshot, now);
}

void add_rollout(Report& report, const View& view, const kube::Verdict& verdict) {
    report.desired = verdict.desired;
    report.ready = verdict.ready;
    report.old = verdict.old;
    report.draining = verdict.draining;
    const auto& progressing =
        kube::find_in(kube::list(view.deployment, {"status", "conditions"}), "type", "Progressing");
    if (verdict.standing == kube::Standing::ready) {
        report.state = RolloutState::complete;
        report.rollout =
            "complete, " + std::to_string(verdict.ready) + " of " + std::to_string(verdict.desired) + " pods ready";
        if (verdict.draining > 0) report.rollout += "; " + std::to_string(verdict.draining) + " draining";
        return;
    }
    const bool late = kube::text(progressing, {"reason"}) == "ProgressDeadlineExceeded";
    report.state =
        verdict.standing == kube::Standing::doomed || late ? RolloutState::failing : RolloutState::progressing;
    report.rollout = std::to_string(verdict.ready) + " of " + std::to_string(verdict.desired) + " new pods ready";
    if (verdict.old > 0) report.rollout += "; " + std::to_string(verdict.old) + " old still serving";
    if (verdict.draining > 0) report.rollout += "; " + std::to_string(verdict.draining) + " draining";
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

bool Report::healthy() const {
    return std::none_of(problems.begin(), problems.end(), [](const Problem& problem) { return problem.severe; });
}

Address address_of(const View& view) {
    Address address;
    for (const auto& entrance : view.entrances) {
        if (address.host.empty()) address.host = kube::host_in(kube::list(entrance, {"status", "addresses"}));
        if (address.host.empty()) {
            address.host = kube::host_in(kube::list(entrance, {"status", "loadBalancer", "ingress"}));
        }
    }
    for (const auto& service : view.services) {
        // The Service with only UDP is no page.
        const auto& ports = kube::list(service, {"spec", "ports"});
        const bool page = !kube::find_in(ports, "name", "https").empty();
        if (address.host.empty() && page)
            address.host = kube::host_in(kube::list(service, {"status", "loadBalancer", "ingress"}));
    }
    if (!view.domain.empty()) {
        address.url = "https://" + view.domain + "/";
    } else if (!address.host.empty()) {
        address.url = "https://" + bracketed(address.host) + "/";
    }
    return address;
}

Report make_report(const View& view, UnixMs now) {
    Report report;
    report.context = view.context;
    report.name_space = view.name_space;
    report.name = view.name;
    report.at = now;
    if (!view.deployment.empty()) {
        const auto replica_set = current_replica_set(view);
        for (const auto& pod : view.pods) report.pods.push_back(pod_report(pod, view, replica_set, now));
        const auto verdict = verdict_of(view, now);
        add_version(report, view);
        add_rollout(report, view, verdict);
        report.problems = problems_of_rollout(view, verdict, report);
        add_sums(report);
    }
    report.autoscaler = autoscaler_of(view.autoscaler, now);
    const auto address = address_of(view);
    report.address = address.host;
    report.url = address.url;
    report.certificate = view.certificate;
    add_problems(report, view, now);
    std::stable_partition(report.problems.begin(), report.problems.end(),
                          [](const Problem& problem) { return problem.severe; });
    return report;
}

}  // namespace waaft::status
