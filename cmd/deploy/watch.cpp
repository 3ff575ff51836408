#include "cmd/deploy/watch.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace waaft::deploy {
namespace {

using std::chrono::seconds;

constexpr seconds turn{1};
constexpr seconds unreachable_max{60};
constexpr seconds metrics_max{180};
constexpr std::size_t log_lines_shown = 10;
constexpr int log_lines_kept = 250;
constexpr int people_asked_max = 4;  // pods that drain, at a look

// A list's items do not say of which kind they are.
void take_items(kube::Object& list, std::string_view kind, kube::Objects& items) {
    auto* found = list.if_contains("items");
    if (found == nullptr || !found->is_array()) return;
    for (auto& entry : found->get_array()) {
        if (!entry.is_object()) continue;
        auto& object = entry.get_object();
        object["kind"] = boost::json::string_view(kind.data(), kind.size());
        items.push_back(std::move(object));
    }
}

// Not there, or nothing that a deploy without it needs to see.
bool absent(const Error& error) { return error.code == "NOT_FOUND" || error.code == "FORBIDDEN"; }

Result<kube::Snapshot> look_at(kube::Api& api, const std::string& name) {
    const auto of_instance = "?labelSelector=app.kubernetes.io%2Finstance%3D" + name;
    auto answers =
        api.get_all({api.path({"apps/v1", "Deployment"}, name), api.path({"apps/v1", "ReplicaSet"}) + of_instance,
                     api.path({"v1", "Pod"}) + of_instance, api.path({"v1", "Event"}),
                     api.path({"apps/v1", "StatefulSet"}, name + "-redis")});
    kube::Objects items;
    static constexpr std::array kinds{"Deployment", "ReplicaSet", "Pod", "Event", "StatefulSet"};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const bool redis = i + 1 == answers.size();
        if (!answers[i] && redis && absent(answers[i].error())) continue;
        if (!answers[i]) return answers[i].error();
        if (i == 0 || redis) {
            items.push_back(std::move(*answers[i]));
        } else {
            take_items(*answers[i], kinds[i], items);
        }
    }
    return kube::make_snapshot(items, name);
}

std::vector<std::string> last_lines(std::string_view text, std::size_t count) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (const auto line = text.substr(0, end); !line.empty()) lines.emplace_back(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
    return lines;
}

void read_logs(kube::Api& api, const kube::Verdict& verdict, Watched& watched) {
    for (const auto& wanted : verdict.logs) {
        const auto path = api.path({"v1", "Pod"}, wanted.pod) + "/log?container=" + wanted.container +
                          "&tailLines=" + std::to_string(log_lines_kept);
        auto log = api.get_text(path + (wanted.previous ? "&previous=true" : ""));
        // The container before may be gone already.
        if (wanted.previous && (!log || log->empty())) log = api.get_text(path);
        if (!log) continue;
        watched.causes[wanted.cause].log_tail = last_lines(*log, log_lines_shown);
        watched.logs.emplace_back(wanted.pod + "/" + wanted.container, std::move(*log));
    }
}

// ", 143 people on pods that drain"; empty if none of them says.
std::string who_leaves(kube::Api& api, const kube::Objects& pods, std::string_view where = {}) {
    std::int64_t people = 0;
    int asked = 0;
    bool known = false;
    for (const auto& pod : pods) {
        if (!kube::has(pod, {"metadata", "deletionTimestamp"}) || asked++ >= people_asked_max) continue;
        const auto status = api.get(api.path({"v1", "Pod"}, kube::name_of(pod) + ":9090") + "/proxy/statusz");
        if (!status) continue;
        known = true;
        people += kube::number(*status, {"members"});
    }
    return known ? ", " + std::to_string(people) + " people" + std::string(where) : std::string();
}

bool passes(const Error& error) {
    return error.code == "CLUSTER_UNREACHABLE" || error.code == "CLUSTER_BUSY" || error.code == "CLUSTER_ERROR";
}

bool is_over(const Work& work) { return Clock::now() >= work.deadline; }

// Of the pods that waaft made, by its own labels: somebody may have copied one of the two.
std::string made_by_waaft(const std::string& name) {
    return "?labelSelector=app.kubernetes.io%2Finstance%3D" + name + "%2Capp.kubernetes.io%2Fmanaged-by%3Dwaaft";
}

kube::Cause no_metrics(const kube::Object& autoscaler, const kube::Object& condition) {
    return {.code = "HPA_NO_METRICS",
            .object = kube::title_of(autoscaler),
            .container = {},
            .message = "the autoscaler has had no sample for three minutes: " + kube::text(condition, {"message"}),
            .hint = cmd::find_cause("HPA_NO_METRICS")->hint.data(),
            .events = {},
            .log_tail = {}};
}

}  // namespace

Result<void> take_turn(Work& work) {
    if (work.lock != nullptr) {
        const auto renewed = work.lock->renew();
        if (!renewed && !passes(renewed.error())) return renewed.error();
    }
    if (work.on_turn) work.on_turn();
    work.progress.tick();
    if (!pause(work.interrupt, turn)) return work.interrupt.error();
    return {};
}

Result<Watched> watch_rollout(Work& work) {
    kube::Rollout rollout;
    Watched watched;
    auto reached = Clock::now();
    while (true) {
        auto snapshot = look_at(work.api, work.name);
        if (work.interrupt.raised()) return work.interrupt.error();
        if (snapshot) {
            reached = Clock::now();
            auto verdict = rollout.look(*snapshot, work.api.cluster_time());
            watched.standing = verdict.standing;
            watched.waiting_for = verdict.waiting_for;
            watched.causes = verdict.causes;
            watched.snapshot = std::move(*snapshot);
            if (verdict.standing != kube::Standing::progressing || is_over(work)) {
                read_logs(work.api, verdict, watched);
                return watched;
            }
            work.progress.status(verdict.waiting_for +
                                 who_leaves(work.api, watched.snapshot.pods, " on pods that drain"));
        } else if (!passes(snapshot.error()) || Clock::now() - reached > unreachable_max) {
            return snapshot.error();
        } else if (is_over(work)) {
            return watched;
        }
        if (auto turned = take_turn(work); !turned) return turned.error();
    }
}

Result<Watched> watch_autoscaler(Work& work) {
    Watched watched;
    const auto give_up = std::min(Clock::now() + metrics_max, work.deadline);
    while (true) {
        const auto autoscaler = work.api.get(work.api.path({"autoscaling/v2", "HorizontalPodAutoscaler"}, work.name));
        if (!autoscaler && !passes(autoscaler.error())) return autoscaler.error();
        if (autoscaler) {
            const auto& active =
                kube::find_in(kube::list(*autoscaler, {"status", "conditions"}), "type", "ScalingActive");
            const bool off = kube::text(active, {"reason"}) == "ScalingDisabled";  // somebody set replicas to 0
            if (kube::text(active, {"status"}) == "True" || off) {
                watched.standing = kube::Standing::ready;
                return watched;
            }
            work.progress.status("waiting for the autoscaler's first sample");
            if (Clock::now() >= give_up) {
                watched.standing = kube::Standing::doomed;
                auto named = *autoscaler;
                named["kind"] = "HorizontalPodAutoscaler";
                watched.causes.push_back(no_metrics(named, active));
                return watched;
            }
        }
        if (auto turned = take_turn(work); !turned) return turned.error();
    }
}

Result<std::vector<std::string>> await_addresses(Work& work, const kube::Objects& objects) {
    std::vector<std::string> addresses;
    for (const auto& object : objects) {
        if (kube::text(object, {"kind"}) != "Service" || kube::text(object, {"spec", "type"}) != "LoadBalancer")
            continue;
        while (true) {
            const auto service = work.api.get(work.api.path({"v1", "Service"}, kube::name_of(object)));
            if (!service && !passes(service.error())) return service.error();
            const auto address =
                service ? kube::host_in(kube::list(*service, {"status", "loadBalancer", "ingress"})) : std::string();
            if (!address.empty()) {
                addresses.push_back(address);
                break;
            }
            if (is_over(work))
                return Error{"LB_PENDING", "the load balancer got no address in time", kube::title_of(object),
                             cmd::find_cause("LB_PENDING")->hint.data()};
            work.progress.status("waiting for an address of " + kube::title_of(object));
            if (auto turned = take_turn(work); !turned) return turned.error();
        }
    }
    return addresses;
}

Result<void> await_pods_gone(Work& work) {
    while (true) {
        auto listed = work.api.get(work.api.path({"v1", "Pod"}) + made_by_waaft(work.name));
        if (work.interrupt.raised()) return work.interrupt.error();
        if (!listed && !passes(listed.error())) return listed.error();
        kube::Objects pods;
        if (listed) take_items(*listed, "Pod", pods);
        if (listed && pods.empty()) return {};
        const auto stopping = std::to_string(pods.size()) + (pods.size() == 1 ? " pod is" : " pods are") + " stopping";
        if (is_over(work))
            return Error{
                "TIMEOUT",
                stopping + (pods.size() == 1 ? ", and it takes" : ", and they take") + " longer than --timeout permits",
                "namespace " + work.api.target().name_space, cmd::find_cause("TIMEOUT")->hint.data()};
        if (listed) work.progress.status(stopping + who_leaves(work.api, pods));
        if (auto turned = take_turn(work); !turned) return turned.error();
    }
}

Result<bool> await_gone(Work& work, const std::string& path) {
    while (true) {
        const auto there = work.api.get(path);
        if (work.interrupt.raised()) return work.interrupt.error();
        if (!there && there.error().code == "NOT_FOUND") return true;
        if (!there && !passes(there.error())) return there.error();
        if (is_over(work)) return false;
        if (auto turned = take_turn(work); !turned) return turned.error();
    }
}

}  // namespace waaft::deploy
