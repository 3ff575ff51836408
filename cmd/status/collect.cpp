#include "cmd/status/collect.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <functional>

namespace waaft::status {
namespace {

using kube::Kind;
using kube::Object;
using kube::Objects;

constexpr int ops_port = 9090;

// After these nothing else is worth asking.
bool is_fatal(const Error& error) {
    static constexpr std::array<std::string_view, 7> codes{"CLUSTER_UNREACHABLE", "UNAUTHORIZED",   "CLUSTER_BUSY",
                                                           "CONTEXT_UNKNOWN",     "KUBECTL_FAILED", "interrupted",
                                                           "terminated"};
    return std::find(codes.begin(), codes.end(), error.code) != codes.end();
}

// What one part of the first round is for.
struct Part {
    std::string path;
    std::function<void(View&, Object&&)> put;
    std::string_view what;  // for a person
    bool needed = false;    // without it nothing true can be said
};

// Items of a list lack their kind.
Objects items_of(const Object& answer, std::string_view kind) {
    Objects items;
    for (const auto& entry : kube::list(answer, {"items"})) {
        const auto* item = entry.if_object();
        if (item == nullptr) continue;
        items.push_back(*item);
        items.back()["kind"] = boost::json::string_view(kind.data(), kind.size());
    }
    return items;
}

std::function<void(View&, Object&&)> put_items(Objects View::*where, std::string kind) {
    return [where, kind = std::move(kind)](View& view, Object&& answer) { view.*where = items_of(answer, kind); };
}

void put_certificate(View& view, Object&& secret) {
    if (!view.certificate) view.certificate = certificate_of(secret);
}

std::vector<Part> parts_of(const kube::Api& api, const project::Project& project) {
    const auto& name = project.name;
    const Kind hpa{"autoscaling/v2", "HorizontalPodAutoscaler"};
    std::vector<Part> parts{
        {api.path({"apps/v1", "Deployment"}, name), [](View& v, Object&& o) { v.deployment = std::move(o); },
         "the Deployment", true},
        {labelled(api, {"apps/v1", "ReplicaSet"}, name), put_items(&View::replica_sets, "ReplicaSet"),
         "the versions (ReplicaSets)"},
        {labelled(api, {"v1", "Pod"}, name), put_items(&View::pods, "Pod"), "the pods", true},
        {api.path({"v1", "Event"}) + "?limit=500", put_items(&View::events, "Event"), "events"},
        {api.path(hpa, name), [](View& v, Object&& o) { v.autoscaler = std::move(o); }, "the autoscaler"},
        {api.path({"apps/v1", "StatefulSet"}, name + "-redis"), [](View& v, Object&& o) { v.redis = std::move(o); },
         "Redis (StatefulSet)"},
        {labelled(api, {"v1", "Service"}, name), put_items(&View::services, "Service"), "the Services"},
    };
    if (project.domain.empty()) {
        parts.push_back({api.path({"v1", "Secret"}, name + "-cluster"), put_certificate, "the certificate"});
    } else {
        const auto secret = project.tls.secret.empty() ? name + "-tls" : project.tls.secret;
        parts.push_back({api.path({"v1", "Secret"}, secret), put_certificate, "the certificate"});
    }
    const auto put_entrance = [](View& view, Object&& object) { view.entrances.push_back(std::move(object)); };
    if (project.expose.mode == project::Expose::gateway) {
        parts.push_back({api.path({"gateway.networking.k8s.io/v1", "Gateway"}, name), put_entrance, "the Gateway"});
    } else if (project.expose.mode == project::Expose::ingress) {
        parts.push_back({api.path({"networking.k8s.io/v1", "Ingress"}, name), put_entrance, "the Ingress"});
    }
    return parts;
}

std::string statusz_path(const kube::Api& api, const std::string& pod) {
    return api.path({"v1", "Pod"}, pod + ":" + std::to_string(ops_port)) + "/proxy/statusz";
}

void ask_pods(kube::Api& api, View& view) {
    std::vector<std::string> names;
    std::vector<std::string> paths;
    for (const auto& pod : view.pods) {
        if (kube::text(pod, {"status", "phase"}) != "Running") continue;
        names.push_back(kube::name_of(pod));
        paths.push_back(statusz_path(api, names.back()));
    }
    if (paths.empty()) return;
    auto answers = api.get_all(paths);
    view.live.clear();
    for (std::size_t i = 0; i < names.size(); ++i) view.live[names[i]] = read_live(answers[i]);
}

// Of the Pods and ReplicaSets with our labels, those of the Deployment; a test Job may have the same.
void keep_own(View& view) {
    const auto deployment = kube::uid_of(view.deployment);
    std::erase_if(view.replica_sets, [&](const Object& set) { return kube::controller_of(set) != deployment; });
    std::erase_if(view.pods, [&](const Object& pod) {
        const auto owner = kube::controller_of(pod);
        return std::none_of(view.replica_sets.begin(), view.replica_sets.end(),
                            [&](const Object& set) { return kube::uid_of(set) == owner; });
    });
}

}  // namespace

std::string query_value(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        const auto byte = static_cast<unsigned char>(c);
        result += plain ? std::string(1, c) : std::string{'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return result;
}

std::string labelled(const kube::Api& api, const Kind& kind, std::string_view name) {
    return api.path(kind) + "?labelSelector=" +
           query_value("app.kubernetes.io/instance=" + std::string(name) + ",app.kubernetes.io/component=server");
}

Result<View> collect(kube::Api& api, const project::Project& project) {
    View view;
    view.context = api.target().context;
    view.name_space = api.target().name_space;
    view.name = project.name;
    view.domain = project.domain;
    view.exposed = project.expose.mode != project::Expose::none;
    const auto parts = parts_of(api, project);
    std::vector<std::string> paths;
    for (const auto& part : parts) paths.push_back(part.path);
    auto answers = api.get_all(paths);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (answers[i]) {
            parts[i].put(view, std::move(*answers[i]));
            continue;
        }
        auto error = answers[i].error();
        const auto absent = error.code == "NOT_FOUND" || error.code == "KIND_UNKNOWN";
        if (is_fatal(error) || (parts[i].needed && !absent)) return error;
        if (absent) continue;
        error.where.resize(std::min(error.where.find('?'), error.where.size()));
        error.what = std::string(parts[i].what) + " cannot be read: " + error.what;
        view.refused.push_back(std::move(error));
    }
    keep_own(view);
    ask_pods(api, view);
    return view;
}

void measure_again(kube::Api& api, View& view) {
    const View before = view;
    ask_pods(api, view);
    add_rates(view, before);
}

void add_rates(View& view, const View& before) {
    for (auto& [pod, live] : view.live) {
        const auto found = before.live.find(pod);
        if (found != before.live.end()) add_rates(live, found->second);
    }
}

}  // namespace waaft::status
