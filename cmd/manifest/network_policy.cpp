// Who may reach whom. The template lists what everybody needs; here it becomes no more than this project needs.
#include "cmd/manifest/parts.h"

#include <boost/json.hpp>

namespace waaft::manifest {
namespace {

namespace json = boost::json;

json::value block(const std::string& network) { return Object{{"ipBlock", Object{{"cidr", network}}}}; }

Object port(std::uint16_t number, const char* protocol) { return {{"port", number}, {"protocol", protocol}}; }

Object rule(const char* side, json::array peers, json::array ports) {
    return {{side, std::move(peers)}, {"ports", std::move(ports)}};
}

// An address as a network of one.
std::string network_of(const std::string& ip) { return ip + (ip.find(':') != std::string::npos ? "/128" : "/32"); }

json::array everywhere() { return {block("0.0.0.0/0"), block("::/0")}; }

// Behind a proxy the pods speak plain HTTP and believe what it says of the client: nobody else may come.
json::array viewers(const Build& build, const Object& settings) {
    json::array rules;
    if (!build.behind_proxy()) {
        rules.push_back(rule("from", everywhere(), {port(public_port, "TCP"), port(public_port, "UDP")}));
        return rules;
    }
    json::array proxies;
    for (const auto& proxy : trusted_proxies(build, settings)) {
        proxies.push_back(block(proxy.find('/') == std::string::npos ? network_of(proxy) : proxy));
    }
    if (!proxies.empty()) rules.push_back(rule("from", std::move(proxies), {port(public_port, "TCP")}));
    if (build.has_udp_service()) rules.push_back(rule("from", everywhere(), {port(public_port, "UDP")}));
    return rules;
}

void put_ingress(const Build& build, Object& policy, const Object& settings) {
    auto& rules = list_at(policy, {"spec", "ingress"});
    auto operations = rules.back();
    if (build.on_gke() && build.has_udp_service() && build.behind_proxy()) {
        // The health checks of Google's front ends come to the pods themselves.
        for (const auto* network : google_networks) list_at(operations.as_object(), {"from"}).push_back(block(network));
    }
    // `waaft status` asks pods through the API server.
    for (const auto& server : build.facts.api_servers)
        list_at(operations.as_object(), {"from"}).push_back(block(network_of(server.ip)));
    rules = viewers(build, settings);
    rules.push_back(std::move(operations));
}

// Only the step before the server asks it; where its addresses are known no other is allowed.
void put_api_servers(const Build& build, Object& policy) {
    if (build.facts.api_servers.empty()) return;
    auto& rules = list_at(policy, {"spec", "egress"});
    rules.pop_back();
    for (const auto& server : build.facts.api_servers)
        rules.push_back(rule("to", {block(network_of(server.ip))}, {port(server.port, "TCP")}));
}

}  // namespace

void add_network_policy(Build& build, const Object& settings) {
    auto policy = build.make("networkpolicy.yaml");
    put_ingress(build, policy, settings);
    put_api_servers(build, policy);
    put_redis_egress(build, policy);
    build.add(std::move(policy));
}

}  // namespace waaft::manifest
