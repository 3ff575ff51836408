#include "cmd/doctor/cluster.h"

#include "cmd/os/process.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace waaft::doctor {
namespace {

using kube::Object;

// The oldest that the objects are made for.
constexpr int minor_min = 28;

bool unknown_kind(const Answer& answer) {
    return !answer && (answer.error().code == "KIND_UNKNOWN" || answer.error().code == "NOT_FOUND");
}

Check not_allowed(std::string id, const Answer& answer, const std::string& what) {
    return {std::move(id), State::skipped, what + " cannot be read: " + answer.error().what, {}};
}

std::string joined(const std::set<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

Object review(const Right& right, const std::string& name_space) {
    const auto slash = right.resource.find('/');
    Object attributes{{"namespace", name_space},
                      {"group", std::string(right.group)},
                      {"resource", std::string(right.resource.substr(0, slash))},
                      {"verb", std::string(right.verb)}};
    if (slash != std::string_view::npos) attributes["subresource"] = std::string(right.resource.substr(slash + 1));
    return {{"apiVersion", "authorization.k8s.io/v1"},
            {"kind", "SelfSubjectAccessReview"},
            {"spec", Object{{"resourceAttributes", std::move(attributes)}}}};
}

// The clouds whose controllers give each Service of type LoadBalancer an address.
std::string provider_of(const Answer& nodes) {
    if (!nodes) return {};
    for (const auto& entry : kube::list(*nodes, {"items"})) {
        const auto* node = entry.if_object();
        const auto id = node == nullptr ? std::string() : kube::text(*node, {"spec", "providerID"});
        if (id.starts_with("gce://")) return "GKE";
        if (id.starts_with("aws://")) return "AWS";
        if (id.starts_with("azure://")) return "Azure";
    }
    return {};
}

// How many pods one line of a quota has room for; nullopt: it does not limit them.
std::optional<std::int64_t> pods_in(std::string_view resource, std::string_view hard,
                                    const project::Project::Resources& resources) {
    const auto limit = kube::parse_quantity(hard);
    if (!limit) return std::nullopt;
    std::string each;
    if (resource == "pods" || resource == "count/pods") each = "1";
    if (resource == "requests.cpu" || resource == "cpu") each = resources.cpu;
    if (resource == "requests.memory" || resource == "memory") each = resources.memory;
    if (resource == "limits.memory") each = resources.memory_limit;
    const auto one = kube::parse_quantity(each);
    if (!one || *one <= 0) return std::nullopt;
    return *limit / *one;
}

std::string this_architecture() {
#if defined(__aarch64__)
    return "arm64";
#else
    return "amd64";
#endif
}

}  // namespace

std::vector<Right> needed_rights() {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> ours{
        {{"apps", "deployments"},
         {"apps", "statefulsets"},
         {"autoscaling", "horizontalpodautoscalers"},
         {"", "configmaps"},
         {"", "secrets"},
         {"", "services"},
         {"", "serviceaccounts"},
         {"policy", "poddisruptionbudgets"},
         {"networking.k8s.io", "networkpolicies"},
         {"rbac.authorization.k8s.io", "roles"},
         {"rbac.authorization.k8s.io", "rolebindings"},
         {"coordination.k8s.io", "leases"}}};
    std::vector<Right> rights;
    for (const auto& [group, resource] : ours) {
        for (const auto* verb : {"get", "create", "patch", "delete"}) rights.push_back({group, resource, verb});
    }
    rights.insert(rights.end(), {{"apps", "replicasets", "list"},
                                 {"", "pods", "list"},
                                 {"", "events", "list"},
                                 {"", "pods/log", "get"},
                                 {"", "pods/proxy", "get"}});
    return rights;
}

Check judge_rights(const std::vector<Right>& rights, const std::vector<Answer>& reviews, const Answer& user,
                   const kube::Target& target) {
    std::map<std::string, std::set<std::string>> missing;  // verbs by resource
    std::size_t refused = 0;
    for (std::size_t i = 0; i < rights.size(); ++i) {
        if (!reviews[i]) return failed_by("permissions", reviews[i].error());
        if (kube::is_true(*reviews[i], {"status", "allowed"})) continue;
        missing[std::string(rights[i].resource)].insert(std::string(rights[i].verb));
        ++refused;
    }
    if (refused == 0) return {"permissions", State::passed, "all that waaft needs in " + target.name_space, {}};
    std::string text;
    for (const auto& [resource, verbs] : missing) {
        text += (text.empty() ? "" : "; ") + resource + ": " + joined(verbs);
    }
    if (refused == rights.size()) text = "anything of what waaft needs in " + target.name_space;
    // Clusters before 1.28 do not say who one is.
    auto name = user ? kube::text(*user, {"status", "userInfo", "username"}) : std::string();
    if (name.empty()) name = "YOU";
    const auto command =
        kube::kubectl_argv({target.kubeconfig, target.context, target.name_space},
                           {"create", "rolebinding", "waaft-deployer", "--clusterrole=admin", "--user=" + name});
    return {"permissions", State::failed, "you may not: " + text,
            os::shown(command) + "  # by an administrator of the cluster"};
}

Check judge_version(const Answer& version) {
    if (!version) return failed_by("cluster", version.error());
    const auto name = kube::text(*version, {"gitVersion"});
    const auto minor_text = kube::text(*version, {"minor"});
    int minor = 0;
    std::from_chars(minor_text.data(), minor_text.data() + minor_text.size(), minor);
    if (kube::text(*version, {"major"}) == "1" && minor < minor_min) {
        return {"cluster", State::failed, "Kubernetes " + name + " is older than 1." + std::to_string(minor_min),
                "upgrade the cluster, or name another --context"};
    }
    return {"cluster", State::passed, "Kubernetes " + name, {}};
}

Check judge_autoscaling(const Answer& group) {
    if (!group) return failed_by("api-versions", group.error(), "kubectl api-versions | grep autoscaling");
    return {"api-versions", State::passed, "autoscaling/v2 is there", {}};
}

Check judge_metrics(const Answer& node_metrics) {
    static constexpr const char* fix =
        "kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml";
    if (unknown_kind(node_metrics)) {
        return {"metrics", State::failed, "there is no metrics API, so nothing can be autoscaled", fix};
    }
    if (!node_metrics && node_metrics.error().code == "FORBIDDEN") {
        return {"metrics", State::passed, "the metrics API is there", {}};
    }
    if (!node_metrics) {
        return failed_by("metrics", node_metrics.error(), "kubectl describe apiservice v1beta1.metrics.k8s.io");
    }
    const auto count = kube::list(*node_metrics, {"items"}).size();
    if (count == 0) return {"metrics", State::warning, "the metrics API is there, but has measured no node yet", {}};
    return {"metrics", State::passed, "measures " + std::to_string(count) + (count == 1 ? " node" : " nodes"), {}};
}

Check judge_load_balancer(const Answer& services, const Answer& nodes, const project::Project& project) {
    if (project.expose.mode != project::Expose::address) {
        return {"load-balancer", State::skipped, "not needed: expose.mode is not address", {}};
    }
    if (const auto provider = provider_of(nodes); !provider.empty()) {
        return {"load-balancer", State::passed, provider + " gives addresses", {}};
    }
    if (!services) return not_allowed("load-balancer", services, "the Services of the cluster");
    std::string waits;
    for (const auto& entry : kube::list(*services, {"items"})) {
        const auto* service = entry.if_object();
        if (service == nullptr || kube::text(*service, {"spec", "type"}) != "LoadBalancer") continue;
        const auto name = kube::text(*service, {"metadata", "namespace"}) + "/" + kube::name_of(*service);
        if (!kube::list(*service, {"status", "loadBalancer", "ingress"}).empty()) {
            return {"load-balancer", State::passed, "the Service " + name + " has got an address", {}};
        }
        waits = name;
    }
    if (waits.empty()) return {"load-balancer", State::skipped, "not to be known: there is no such Service yet", {}};
    return {"load-balancer", State::warning, "the Service " + waits + " waits for an address, and no other has one",
            "kubectl describe service --namespace " + waits.substr(0, waits.find('/')) + " " +
                waits.substr(waits.find('/') + 1)};
}

Check judge_gateway(const Answer& classes, const project::Project& project) {
    const bool needed = project.expose.mode == project::Expose::gateway;
    if (!needed) return {"gateway", State::skipped, "not needed: expose.mode is not gateway", {}};
    if (unknown_kind(classes)) {
        return {"gateway", State::failed, "the cluster does not have the Gateway API",
                project.cluster.provider == project::Provider::gke
                    ? "gcloud container clusters update " + project.cluster.name +
                          " --gateway-api=standard --location=" + project.cluster.zone +
                          " --project=" + project.cluster.project
                    : "kubectl apply -f "
                      "https://github.com/kubernetes-sigs/gateway-api/releases/latest/download/standard-install.yaml"};
    }
    if (!classes) return not_allowed("gateway", classes, "the GatewayClasses");
    std::set<std::string> names;
    for (const auto& entry : kube::list(*classes, {"items"})) {
        if (const auto* object = entry.if_object()) names.insert(kube::name_of(*object));
    }
    const auto& wanted = project.expose.gateway_class;
    if (names.empty() || (!wanted.empty() && !names.contains(wanted))) {
        return {"gateway", State::failed,
                wanted.empty() ? "the cluster has no GatewayClass" : "there is no GatewayClass " + wanted,
                "kubectl get gatewayclass  # and set expose.gatewayClass in waaft.yaml"};
    }
    return {"gateway", State::passed, "GatewayClass " + joined(names), {}};
}

Check judge_quota(const Answer& quotas, const project::Project& project) {
    if (!quotas) return not_allowed("quota", quotas, "the ResourceQuotas");
    std::optional<std::int64_t> room;
    std::string why;
    for (const auto& entry : kube::list(*quotas, {"items"})) {
        const auto* quota = entry.if_object();
        if (quota == nullptr) continue;
        for (const auto& line : kube::child(*quota, {"spec", "hard"})) {
            const std::string_view resource(line.key().data(), line.key().size());
            const auto pods = pods_in(resource, kube::text(*quota, {"spec", "hard", resource}), project.resources);
            if (!pods || (room && *room <= *pods)) continue;
            room = pods;
            why = kube::name_of(*quota) + ", " + std::string(resource);
        }
    }
    if (!room) return {"quota", State::passed, "nothing limits the pods", {}};
    const auto text = "room for " + std::to_string(*room) + " pods (" + why + ")";
    const auto& scaling = project.autoscaling;
    if (*room < scaling.min)
        return {"quota", State::failed, text + ", and autoscaling.min is " + std::to_string(scaling.min),
                "lower resources or autoscaling.min in waaft.yaml, or have the quota raised"};
    if (*room < scaling.max)
        return {"quota", State::warning, text + ", and autoscaling.max is " + std::to_string(scaling.max),
                "waaft scale --max " + std::to_string(*room)};
    return {"quota", State::passed, text, {}};
}

Check judge_pod_security(const Answer& name_space, const project::Project& project) {
    if (unknown_kind(name_space)) {
        return {
            "pod-security", State::passed, "the namespace is not there yet; a deploy makes it with `restricted`", {}};
    }
    if (!name_space) return not_allowed("pod-security", name_space, "the namespace");
    const auto level = kube::text(*name_space, {"metadata", "labels", "pod-security.kubernetes.io/enforce"});
    if (!level.empty()) return {"pod-security", State::passed, level + ", which the pods satisfy", {}};
    return {"pod-security", State::warning, "the namespace enforces no level; the pods would satisfy `restricted`",
            "kubectl label namespace " + project.cluster.namespace_ + " pod-security.kubernetes.io/enforce=restricted"};
}

Check judge_architecture(const Answer& nodes, const project::Project& project) {
    if (!nodes) return not_allowed("nodes", nodes, "the nodes");
    std::set<std::string> found;
    for (const auto& entry : kube::list(*nodes, {"items"})) {
        const auto* node = entry.if_object();
        if (node != nullptr) found.insert("linux/" + kube::text(*node, {"status", "nodeInfo", "architecture"}));
    }
    if (found.empty()) return {"nodes", State::warning, "the cluster has no node yet", {}};
    std::set<std::string> built(project.image.platforms.begin(), project.image.platforms.end());
    if (built.empty()) {
        // build-image goes by the nodes, and only this machine's own needs no docker.
        const auto own = "linux/" + this_architecture();
        if (found == std::set<std::string>{own}) return {"nodes", State::passed, own, {}};
        return {
            "nodes", State::warning,
            "the nodes are " + joined(found) + ", and this machine is " + own + ": it needs docker to build for them",
            "waaft build-image --builder docker"};
    }
    std::set<std::string> without;
    for (const auto& platform : found) {
        if (!built.contains(platform)) without.insert(platform);
    }
    if (without.empty()) return {"nodes", State::passed, joined(found), {}};
    const bool none = without.size() == found.size();
    return {"nodes", none ? State::failed : State::warning,
            "the nodes are " + joined(found) + ", and images are made for " + joined(built),
            "waaft build-image --platform " + *without.begin()};
}

std::string for_target(std::string command, const kube::Target& target) {
    constexpr std::string_view kubectl = "kubectl ";
    if (!command.starts_with(kubectl) || command.starts_with("kubectl --")) return command;
    const auto flags = kube::kubectl_argv({target.kubeconfig, target.context, {}}, {});
    return os::shown(flags) + " " + command.substr(kubectl.size());
}

Checks check_cluster(kube::Api& api, const project::Project& project) {
    const auto& name_space = api.target().name_space;
    const auto answers = api.get_all({"/version", "/apis/autoscaling/v2", "/apis/metrics.k8s.io/v1beta1/nodes",
                                      "/api/v1/services?limit=500", "/api/v1/nodes?limit=500",
                                      "/apis/gateway.networking.k8s.io/v1/gatewayclasses",
                                      api.path({"v1", "ResourceQuota"}), "/api/v1/namespaces/" + name_space});
    const auto rights = needed_rights();
    kube::Objects reviews{Object{{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}}};
    for (const auto& right : rights) reviews.push_back(review(right, name_space));
    Checks checks{judge_version(answers[0])};
    if (checks.front().state == State::failed) {
        auto rest = skipped_cluster();
        std::move(rest.begin() + 1, rest.end(), std::back_inserter(checks));
        return checks;
    }
    auto reviewed = api.create_all(reviews);
    const auto user = std::move(reviewed.front());
    reviewed.erase(reviewed.begin());
    checks.push_back(judge_rights(rights, reviewed, user, api.target()));
    checks.push_back(judge_autoscaling(answers[1]));
    checks.push_back(judge_metrics(answers[2]));
    checks.push_back(judge_load_balancer(answers[3], answers[4], project));
    checks.push_back(judge_gateway(answers[5], project));
    checks.push_back(judge_quota(answers[6], project));
    checks.push_back(judge_pod_security(answers[7], project));
    checks.push_back(judge_architecture(answers[4], project));
    for (auto& check : checks) check.fix = for_target(std::move(check.fix), api.target());
    return checks;
}

Checks skipped_cluster() {
    Checks checks;
    for (const auto* id : {"cluster", "permissions", "api-versions", "metrics", "load-balancer", "gateway", "quota",
                           "pod-security", "nodes"}) {
        checks.push_back({id, State::skipped, "no cluster was asked", {}});
    }
    return checks;
}

}  // namespace waaft::doctor
