// The main configurations that the tests render; the golden files bear their names.
//
// Thread: any. Ownership: values. Errors: none.
#pragma once

#include "cmd/manifest/render.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace waaft::testing {

struct Configuration {
    std::string name;
    project::Project project;
    manifest::Facts facts;
};

inline Configuration in_mode(std::string name, project::Expose mode) {
    Configuration made{std::move(name), {}, {}};
    made.project.expose.mode = mode;
    made.project.domain = "live.example.org";
    made.facts.image = "registry.example.org/studio/waaft@sha256:" + std::string(64, 'a');
    return made;
}

// As much as one file can say.
inline Configuration everything() {
    auto all = in_mode("everything", project::Expose::address);
    all.project.name = "studio";
    all.project.image.version = "1.2.3-4-gabcdef";
    all.project.cluster.namespace_ = "live";
    all.project.expose.address = "203.0.113.7";
    all.project.expose.annotations = {{"example.org/pool", "public"}};
    all.project.tls.secret = "studio-certificate";
    all.project.resources = {"2", "1Gi", "2Gi", "4"};
    all.project.autoscaling.min = 2;
    all.project.autoscaling.max = 20;
    all.project.autoscaling.cpu_percent = 70;
    all.project.autoscaling.scale_up_pods = 0;
    all.project.drain = {3600, 15};
    all.project.storage_class = "fast";
    all.project.storage_size = "20Gi";
    all.project.secrets["ice.turn_secret"].existing = "turn/secret";
    all.project.secrets["rooms.keys"].file = "keys";
    all.project.image_pull.user = "robot";
    all.project.serve_yaml =
        "serve:\n  listen:\n    port: 443\n  rooms:\n    create: keys\n  ice:\n    turn: ['turn:turn.example.org']\n";
    all.facts.make_namespace = true;
    all.facts.kinds = {"podmonitors.monitoring.coreos.com"};
    all.facts.api_servers = {{"192.0.2.1", 6443}};
    return all;
}

inline std::vector<Configuration> configurations() {
    using project::Expose;
    std::vector<Configuration> all{{"default", {}, {}}, everything()};
    auto& two = all.emplace_back(in_mode("two-services", Expose::address));
    two.facts.mixed_protocol = false;
    two.project.expose.address = "203.0.113.7";
    auto& gateway = all.emplace_back(in_mode("gateway", Expose::gateway));
    gateway.project.expose.gateway_class = "envoy";
    gateway.project.tls.issuer = "letsencrypt";
    gateway.facts.address = "203.0.113.7";
    auto& google = all.emplace_back(in_mode("gateway-gke", Expose::gateway));
    google.project.cluster.provider = project::Provider::gke;
    google.facts.kinds = {"podmonitorings.monitoring.googleapis.com", "podmonitors.monitoring.coreos.com"};
    auto& ingress = all.emplace_back(in_mode("ingress", Expose::ingress));
    ingress.project.expose.ingress_class = "traefik";
    ingress.project.tls.secret = "wildcard";
    auto& google_ingress = all.emplace_back(in_mode("ingress-gke", Expose::ingress));
    google_ingress.project.cluster.provider = project::Provider::gke;
    all.push_back(in_mode("none", Expose::none));
    auto& alone = all.emplace_back(in_mode("redis-none", Expose::address));
    alone.project.redis.mode = project::RedisMode::none;
    auto& external = all.emplace_back(in_mode("redis-external", Expose::address));
    external.project.redis.mode = project::RedisMode::external;
    external.project.redis.address = "rediss://10.9.8.7:6378/1";
    external.project.secrets["redis.password"].existing = "memorystore/password";
    external.project.secrets["redis.ca"].existing = "memorystore/ca";
    external.project.serve_yaml = "serve:\n  redis:\n    ack: memory\n";
    return all;
}

inline Configuration configuration(const std::string& name) {
    for (auto& made : configurations())
        if (made.name == name) return made;
    throw std::out_of_range(name);
}

}  // namespace waaft::testing
