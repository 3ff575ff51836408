#include "cmd/kube/diagnose.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::kube {
namespace {

bool drains(const Object& pod) { return has(pod, {"metadata", "deletionTimestamp"}); }

bool is_ready(const Object& pod) {
    return text(find_in(list(pod, {"status", "conditions"}), "type", "Ready"), {"status"}) == "True";
}

// The ReplicaSet of the version that the Deployment asks for; nullptr: the controller has not made it yet.
const Object* new_replica_set(const Snapshot& snapshot) {
    static constexpr std::string_view revision = "deployment.kubernetes.io/revision";
    const auto& deployment = snapshot.deployment;
    if (number(deployment, {"status", "observedGeneration"}) < number(deployment, {"metadata", "generation"}, 1)) {
        return nullptr;
    }
    const auto wanted = text(deployment, {"metadata", "annotations", revision});
    for (const auto& replica_set : snapshot.replica_sets) {
        if (controller_of(replica_set) == uid_of(deployment) &&
            text(replica_set, {"metadata", "annotations", revision}) == wanted) {
            return &replica_set;
        }
    }
    return nullptr;
}

struct Pods {
    std::vector<const Object*> of_new;  // that do not drain
    std::int64_t old = 0;
    std::int64_t draining = 0;
};

Pods sort_pods(const Snapshot& snapshot, const Object* current) {
    Pods pods;
    for (const auto& pod : snapshot.pods) {
        const auto owner = controller_of(pod);
        const bool ours =
            std::any_of(snapshot.replica_sets.begin(), snapshot.replica_sets.end(), [&](const Object& set) {
                return uid_of(set) == owner && controller_of(set) == uid_of(snapshot.deployment);
            });
        if (!ours || text(pod, {"status", "phase"}) == "Succeeded") continue;
        if (drains(pod)) {
            ++pods.draining;
        } else if (current != nullptr && owner == uid_of(*current)) {
            pods.of_new.push_back(&pod);
        } else {
            ++pods.old;
        }
    }
    return pods;
}

bool is_finished(const Object& deployment, const Verdict& verdict) {
    const auto& status = child(deployment, {"status"});
    return verdict.ready >= verdict.desired && verdict.old == 0 &&
           number(status, {"updatedReplicas"}) >= verdict.desired &&
           number(status, {"availableReplicas"}) >= verdict.desired;
}

bool redis_is_ready(const Object& redis) {
    if (redis.empty()) return true;
    const auto& status = child(redis, {"status"});
    return number(status, {"observedGeneration"}) >= number(redis, {"metadata", "generation"}, 1) &&
           number(status, {"readyReplicas"}) >= 1 &&
           text(status, {"currentRevision"}) == text(status, {"updateRevision"});
}

std::string what_it_waits_for(const Verdict& verdict, const Object* current) {
    if (current == nullptr) return "waiting for the cluster to take up the new version";
    const std::string redis = verdict.redis_ready ? "" : "Redis is not ready; ";
    std::string text =
        redis + std::to_string(verdict.ready) + " of " + std::to_string(verdict.desired) + " new pods ready";
    if (verdict.old > 0) text += "; " + std::to_string(verdict.old) + " old still serving";
    if (verdict.draining > 0) text += "; " + std::to_string(verdict.draining) + " draining";
    if (!verdict.causes.empty()) text += "; " + verdict.causes.front().message;
    return text;
}

void keep(Verdict& verdict, Trouble trouble) {
    if (trouble.wants_log) {
        const auto& title = trouble.cause.object;
        verdict.logs.push_back(
            {title.substr(title.find('/') + 1), trouble.cause.container, trouble.previous_log, verdict.causes.size()});
    }
    verdict.causes.push_back(std::move(trouble.cause));
}

}  // namespace

Snapshot make_snapshot(const Objects& items, std::string_view name) {
    Snapshot snapshot;
    for (const auto& item : items) {
        const auto kind = text(item, {"kind"});
        if (kind == "Deployment" && name_of(item) == name) snapshot.deployment = item;
        if (kind == "StatefulSet" && name_of(item) == std::string(name) + "-redis") snapshot.redis = item;
        if (kind == "ReplicaSet") snapshot.replica_sets.push_back(item);
        if (kind == "Pod") snapshot.pods.push_back(item);
        if (kind == "Event") snapshot.events.push_back(item);
    }
    return snapshot;
}

bool Rollout::is_doom(const std::string& key, const Trouble& trouble, UnixMs now, std::map<std::string, UnixMs>& seen) {
    const auto before = since_.find(key);
    const UnixMs since = before == since_.end() ? now : before->second;
    seen[key] = since;
    return trouble.patience && std::chrono::milliseconds(now - since) >= *trouble.patience;
}

bool Rollout::look_at_redis(const Snapshot& snapshot, UnixMs now, Verdict& verdict,
                            std::map<std::string, UnixMs>& seen) {
    verdict.redis_ready = redis_is_ready(snapshot.redis);
    if (verdict.redis_ready) return false;
    bool doomed = false;
    for (const auto& pod : snapshot.pods) {
        if (controller_of(pod) != uid_of(snapshot.redis) || is_ready(pod) || drains(pod)) continue;
        auto trouble = trouble_of_pod(pod, snapshot.events);
        if (!trouble) continue;
        doomed = is_doom(uid_of(pod) + " " + trouble->cause.code, *trouble, now, seen) || doomed;
        keep(verdict, std::move(*trouble));
    }
    return doomed;
}

Verdict Rollout::look(const Snapshot& snapshot, UnixMs now) {
    Verdict verdict;
    const auto* current = new_replica_set(snapshot);
    const auto pods = sort_pods(snapshot, current);
    verdict.desired = number(snapshot.deployment, {"spec", "replicas"}, 1);
    verdict.old = pods.old;
    verdict.draining = pods.draining;
    std::map<std::string, UnixMs> seen;
    // First, because the others wait for it.
    const bool redis_doomed = look_at_redis(snapshot, now, verdict, seen);
    std::size_t doomed = 0;
    for (const auto* pod : pods.of_new) {
        if (is_ready(*pod)) {
            ++verdict.ready;
            continue;
        }
        auto trouble = trouble_of_pod(*pod, snapshot.events);
        if (!trouble) continue;
        doomed += is_doom(uid_of(*pod) + " " + trouble->cause.code, *trouble, now, seen) ? 1 : 0;
        keep(verdict, std::move(*trouble));
    }
    bool none_can_be_made = false;
    if (current != nullptr) {
        auto trouble = trouble_of_replica_set(*current, snapshot.events, pods.draining > 0);
        if (trouble) {
            none_can_be_made = is_doom(uid_of(*current) + " " + trouble->cause.code, *trouble, now, seen);
            keep(verdict, std::move(*trouble));
        }
    }
    since_ = std::move(seen);
    const bool all = doomed == pods.of_new.size() && (doomed > 0 || none_can_be_made);
    if (all || redis_doomed) {
        verdict.standing = Standing::doomed;
    } else if (current != nullptr && verdict.redis_ready && is_finished(snapshot.deployment, verdict)) {
        verdict.standing = Standing::ready;
    }
    verdict.waiting_for = what_it_waits_for(verdict, current);
    return verdict;
}

}  // namespace waaft::kube
