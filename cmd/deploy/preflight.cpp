#include "cmd/deploy/preflight.h"

#include "cmd/deploy/image.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace waaft::deploy {
namespace {

constexpr std::array custom_groups{
    "monitoring.coreos.com/v1", "monitoring.googleapis.com/v1", "gateway.networking.k8s.io/v1", "cert-manager.io/v1",
    "networking.gke.io/v1",     "cloud.google.com/v1",          "networking.gke.io/v1beta1"};

// Absent, or not ours to know.
bool unknown(const Error& error) {
    return error.code == "FORBIDDEN" || error.code == "NOT_FOUND" || error.code == "KIND_UNKNOWN";
}

void read_kinds(const kube::Object& group, manifest::Facts& facts) {
    const auto version = kube::text(group, {"groupVersion"});
    for (const auto& entry : kube::list(group, {"resources"})) {
        const auto* row = entry.if_object();
        if (row == nullptr) continue;
        facts.kinds.insert(kube::text(*row, {"name"}) + "." + version.substr(0, version.find('/')));
    }
}

void read_nodes(const kube::Object& nodes, ClusterFacts& facts) {
    for (const auto& entry : kube::list(nodes, {"items"})) {
        const auto* node = entry.if_object();
        if (node == nullptr) continue;
        const auto platform = kube::text(*node, {"status", "nodeInfo", "operatingSystem"}) + "/" +
                              kube::text(*node, {"status", "nodeInfo", "architecture"});
        if (std::find(facts.platforms.begin(), facts.platforms.end(), platform) == facts.platforms.end())
            facts.platforms.push_back(platform);
    }
}

void read_endpoints(const kube::Object& endpoints, manifest::Facts& facts) {
    for (const auto& entry : kube::list(endpoints, {"subsets"})) {
        const auto* subset = entry.if_object();
        if (subset == nullptr) continue;
        const auto& port = kube::find_in(kube::list(*subset, {"ports"}), "name", "https");
        for (const auto& address : kube::list(*subset, {"addresses"})) {
            if (const auto* object = address.if_object())
                facts.api_servers.push_back(
                    {kube::text(*object, {"ip"}), static_cast<std::uint16_t>(kube::number(port, {"port"}, 443))});
        }
    }
}

// Reads numbers one after the other out of "v1.34.1-gke.2190000".
std::array<std::int64_t, 4> version_numbers(std::string_view text) {
    std::array<std::int64_t, 4> numbers{};
    for (auto& number : numbers) {
        const auto begin = text.find_first_of("0123456789");
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{}) number = 0;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    return numbers;
}

Result<void> read_namespace(const Result<kube::Object>& answer, ClusterFacts& facts) {
    if (answer) {
        if (kube::text(*answer, {"status", "phase"}) == "Terminating")
            return Error{"NAMESPACE_TERMINATING", "the namespace is being deleted", kube::title_of(*answer),
                         "wait until it is gone, then run the same command again"};
        facts.namespace_is_ours =
            kube::text(*answer, {"metadata", "labels", "app.kubernetes.io/managed-by"}) == "waaft";
    } else if (answer.error().code == "NOT_FOUND") {
        facts.namespace_exists = false;
        facts.namespace_is_ours = true;
    } else if (answer.error().code != "FORBIDDEN") {
        return answer.error();
    }
    // Once it is there it is left as it is: that needs no right beyond the namespace.
    facts.facts.make_namespace = !facts.namespace_exists;
    return {};
}

kube::Object review(const std::string& verb, const std::string& group, const std::string& resource,
                    const std::string& name_space) {
    return {{"apiVersion", "authorization.k8s.io/v1"},
            {"kind", "SelfSubjectAccessReview"},
            {"spec",
             {{"resourceAttributes",
               {{"namespace", name_space}, {"verb", verb}, {"group", group}, {"resource", resource}}}}}};
}

struct Need {
    std::string verb, group, resource;
    friend bool operator==(const Need&, const Need&) = default;
};

std::vector<Need> needs_of(const kube::Objects& objects, bool namespace_exists) {
    std::vector<Need> needs{{"list", "", "pods"},
                            {"list", "", "events"},
                            {"list", "", "secrets"},
                            {"patch", "", "secrets"},
                            {"list", "apps", "replicasets"},
                            {"create", "coordination.k8s.io", "leases"},
                            {"update", "coordination.k8s.io", "leases"}};
    for (const auto& object : objects) {
        const kube::Kind kind{kube::text(object, {"apiVersion"}), kube::text(object, {"kind"})};
        const auto resource = kube::known_resource(kind);
        if (!resource || (kind.kind == "Namespace" && namespace_exists)) continue;
        const auto slash = kind.api_version.find('/');
        Need need{kind.kind == "Namespace" ? "create" : "patch",
                  slash == std::string::npos ? "" : kind.api_version.substr(0, slash), resource->plural};
        if (std::find(needs.begin(), needs.end(), need) == needs.end()) needs.push_back(std::move(need));
    }
    return needs;
}

}  // namespace

bool has_mixed_protocol(std::string_view version, project::Provider provider) {
    const auto have = version_numbers(version);
    constexpr std::array<std::int64_t, 4> gke{1, 34, 1, 2190000};
    constexpr std::array<std::int64_t, 4> any{1, 26, 0, 0};
    return have >= (provider == project::Provider::gke ? gke : any);
}

Result<ClusterFacts> read_facts(kube::Api& api, const project::Project& project) {
    std::vector<std::string> paths{"/version",
                                   "/api/v1/namespaces/" + project.cluster.namespace_,
                                   "/apis/metrics.k8s.io/v1beta1",
                                   "/api/v1/nodes",
                                   "/api/v1/namespaces/default/endpoints/kubernetes",
                                   api.path({"v1", "Service"}, project.name + "-udp")};
    const auto fixed = paths.size();
    for (const auto* group : custom_groups) paths.push_back("/apis/" + std::string(group));
    const auto answers = api.get_all(paths);
    ClusterFacts facts;
    if (!answers[0]) return answers[0].error();
    facts.version = kube::text(*answers[0], {"gitVersion"});
    facts.facts.mixed_protocol = has_mixed_protocol(facts.version, project.cluster.provider);
    if (auto read = read_namespace(answers[1], facts); !read) return read.error();
    facts.has_metrics = answers[2].has_value();
    if (answers[3]) read_nodes(*answers[3], facts);
    if (answers[4]) read_endpoints(*answers[4], facts.facts);
    if (answers[5]) facts.facts.address = kube::host_in(kube::list(*answers[5], {"status", "loadBalancer", "ingress"}));
    for (std::size_t i = fixed; i < answers.size(); ++i) {
        if (answers[i]) {
            read_kinds(*answers[i], facts.facts);
        } else if (!unknown(answers[i].error())) {
            return answers[i].error();
        }
    }
    facts.facts.kinds_known = true;
    return facts;
}

Result<std::vector<std::string>> missing_rights(kube::Api& api, const kube::Objects& objects, bool namespace_exists) {
    const auto needs = needs_of(objects, namespace_exists);
    kube::Objects reviews;
    for (const auto& need : needs)
        reviews.push_back(
            review(need.verb, need.group, need.resource, need.resource == "namespaces" ? "" : api.target().name_space));
    std::vector<std::string> missing;
    const auto answers = api.create_all(reviews);
    for (std::size_t i = 0; i < needs.size(); ++i) {
        if (!answers[i]) return answers[i].error();
        if (kube::is_true(*answers[i], {"status", "allowed"})) continue;
        missing.push_back(needs[i].verb + " " + needs[i].resource +
                          (needs[i].group.empty() ? "" : "." + needs[i].group));
    }
    return missing;
}

cmd::Errors objections(const ClusterFacts& facts, const std::vector<std::string>& image_platforms,
                       const std::string& image) {
    cmd::Errors errors;
    if (!facts.has_metrics)
        errors.push_back({"HPA_NO_METRICS", "the cluster has no metrics API, without which the autoscaler cannot scale",
                          "metrics.k8s.io/v1beta1", "install metrics-server (GKE has it), then run this again"});
    const auto missing = missing_platforms(image_platforms, facts.platforms);
    if (!missing.empty()) {
        std::string there;
        for (const auto& platform : image_platforms) there += (there.empty() ? "" : ", ") + platform;
        errors.push_back({"IMAGE_ARCH", "the image is for " + there + ", and the nodes are " + missing.front(), image,
                          "waaft build-image --platform " + missing.front() + ", then waaft push"});
    }
    return errors;
}

}  // namespace waaft::deploy
