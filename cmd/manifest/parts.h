// The parts of render(). Internal to cmd/manifest.
//
// Thread: any, no state. Ownership: the Build that render() passes along. Errors: as in render.h.
#pragma once

#include "cmd/manifest/render.h"
#include "cmd/project/forms.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::manifest {

inline constexpr std::string_view secrets_folder = "/etc/waaft/secrets/";
inline constexpr std::uint16_t public_port = 3000;
inline constexpr std::uint16_t ops_port = 9090;
// Google's front ends and health checks.
inline constexpr std::array google_networks{"35.191.0.0/16", "130.211.0.0/22"};

struct Build {
    const project::Project& project;
    const Facts& facts;
    const SecretValues* values;
    Rendered out;

    // A template under the project's name.
    Object make(std::string_view file) const;
    void add(Object object) { out.objects.push_back(std::move(object)); }
    void add(std::string_view file) { add(make(file)); }
    // "waaft" and a suffix.
    std::string name(std::string_view suffix = {}) const { return project.name + std::string(suffix); }

    bool on_gke() const { return project.cluster.provider == project::Provider::gke; }
    bool behind_proxy() const { return project.expose.mode != project::Expose::address; }
    bool has_udp_service() const { return project.expose.mode != project::Expose::none; }
    // The pods' certificate is the one of the cluster's own CA.
    bool own_certificate() const { return !behind_proxy() && project.tls.issuer.empty() && project.tls.secret.empty(); }
    // The kubernetes.io/tls Secret with the domain's certificate; empty: there is none.
    std::string tls_secret() const;
    // One pod, which keeps its rooms on a disk of its own.
    bool alone() const { return project.redis.mode == project::RedisMode::none; }
    // "waaft-redis:6379"
    std::string redis_place() const;
    bool knows(const std::string& kind) const { return !facts.kinds_known || facts.kinds.contains(kind); }
};

// The settings in the ConfigMap, with what pods need put in.
Result<Object> pod_settings(Build& build);
// The proxies that pods believe: those of `settings`, or private networks and Google's front ends.
std::vector<std::string> trusted_proxies(const Build& build, const Object& settings);

Result<void> add_config(Build& build, const Object& settings);
Result<void> add_secrets(Build& build);
void add_workload(Build& build, const Object& settings);
Result<void> add_exposure(Build& build);
void put_redis_settings(const Build& build, Object& settings);
void put_redis_egress(const Build& build, Object& policy);
void add_redis(Build& build);
void add_network_policy(Build& build, const Object& settings);
Result<void> add_certificate(Build& build);
void add_monitors(Build& build);

}  // namespace waaft::manifest
