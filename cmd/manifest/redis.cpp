// What the pods share: a Redis of their own beside them, somebody else's, or nothing.
#include "cmd/manifest/parts.h"

#include <boost/json.hpp>

#include <algorithm>

namespace waaft::manifest {
namespace {

namespace json = boost::json;
using project::RedisMode;

constexpr std::string_view any_v4 = "0.0.0.0/0";
constexpr std::string_view any_v6 = "::/0";

struct Place {
    std::string host;
    std::uint16_t port = 6379;
};

// Of "rediss://host:6378/1", "redis://[2001:db8::1]"; the project's reader has seen that it is one.
Place place_in(const std::string& address) {
    auto rest = address.substr(address.find("://") + 3);
    rest = rest.substr(0, rest.find('/'));
    const bool bracketed = rest.starts_with('[');
    const auto host_end = bracketed ? rest.find(']') : rest.find(':');
    Place place{rest.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0)), 6379};
    const auto colon = host_end == std::string::npos ? host_end : rest.find(':', host_end);
    if (colon != std::string::npos) place.port = static_cast<std::uint16_t>(std::stoul(rest.substr(colon + 1)));
    return place;
}

bool is_ip(const std::string& host) { return project::has_form(project::Form::address, host); }

Object open_network(std::string_view network, std::string_view except) {
    return {{"ipBlock", Object{{"cidr", network}, {"except", json::array{except}}}}};
}

// The rule of the template is about the Redis beside the pods; somebody else's has an address, or a name that only the
// cluster's DNS knows.
void put_egress(const Build& build, json::array& rules) {
    const auto is_redis = [](const json::value& rule) {
        const auto* peer = rule.at("to").as_array().front().if_object();
        return peer != nullptr &&
               text_at(*peer, {"podSelector", "matchLabels", "app.kubernetes.io/component"}) == "redis";
    };
    auto* const rule = std::find_if(rules.begin(), rules.end(), is_redis);
    const auto& redis = build.project.redis;
    if (redis.mode == RedisMode::none) {
        rules.erase(rule);
        return;
    }
    if (redis.mode == RedisMode::bundled) return;
    const auto place = place_in(redis.address);
    auto& peers = rule->at("to").as_array();
    if (is_ip(place.host)) {
        const bool v6 = place.host.find(':') != std::string::npos;
        peers = {Object{{"ipBlock", Object{{"cidr", place.host + (v6 ? "/128" : "/32")}}}}};
    } else {
        peers = {open_network(any_v4, "169.254.0.0/16"), open_network(any_v6, "fe80::/10")};
    }
    rule->at("ports").as_array().front().as_object()["port"] = place.port;
}

Object& redis_container(Object& set) { return named(list_at(set, path_of("spec.template.spec.containers")), "redis"); }

void put_memory(Object& set, const std::string& memory) {
    put(redis_container(set), {"resources", "requests", "memory"}, memory);
    put(redis_container(set), {"resources", "limits", "memory"}, memory);
    const auto half = project::parse_memory(memory).value_or(0) / 2;
    constexpr std::string_view option = "--maxmemory ";
    for (auto& argument : list_at(redis_container(set), {"args"}))
        if (std::string_view(argument.as_string()).starts_with(option))
            argument = std::string(option) + std::to_string(half);
}

void add_bundled(Build& build) {
    const auto& project = build.project;
    auto set = build.make("redis-statefulset.yaml");
    redis_container(set)["image"] = project.redis.image;
    put_memory(set, project.redis.memory);
    auto& claim = list_at(set, path_of("spec.volumeClaimTemplates")).front().as_object();
    put(claim, path_of("spec.resources.requests.storage"), project.storage_size);
    if (!project.storage_class.empty()) put(claim, path_of("spec.storageClassName"), project.storage_class);
    build.add(std::move(set));
    for (const auto* file : {"redis-service.yaml", "redis-networkpolicy.yaml", "redis-poddisruptionbudget.yaml"})
        build.add(file);
}

}  // namespace

std::string Build::redis_place() const { return name("-redis") + ":6379"; }

void put_redis_settings(const Build& build, Object& settings) {
    const auto& redis = build.project.redis;
    if (redis.mode == RedisMode::none) {
        settings.erase("redis");
        return;
    }
    const bool bundled = redis.mode == RedisMode::bundled;
    put(settings, {"redis", "url"}, bundled ? "redis://" + build.redis_place() : redis.address);
    if (!bundled) return;
    put(settings, {"redis", "password"}, "/etc/waaft/cluster/redis.password");
    put(settings, {"redis", "ack"}, "fsync");
    for (const auto* of_others : {"user", "ca"}) erase(settings, {"redis", of_others});
}

void put_redis_egress(const Build& build, Object& policy) { put_egress(build, list_at(policy, {"spec", "egress"})); }

void add_redis(Build& build) {
    if (build.project.redis.mode == RedisMode::bundled) add_bundled(build);
}

}  // namespace waaft::manifest
