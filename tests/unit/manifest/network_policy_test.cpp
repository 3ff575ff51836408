// Who may reach whom, by the rendered NetworkPolicy: evaluated as Kubernetes defines it, because not every
// network plugin enforces it.
#include "cmd/manifest/render.h"
#include "tests/support/catch.h"
#include "tests/unit/manifest/projects.h"

#include <arpa/inet.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <map>

using namespace waaft;
using namespace waaft::manifest;
using namespace waaft::testing;
namespace json = boost::json;

namespace {

const std::string own_namespace = "live";

using Labels = std::map<std::string, std::string>;

// Somebody on the network: a pod has labels and a namespace, everything else an address alone.
struct Party {
    std::string address;
    std::optional<std::string> in_namespace = {};
    Labels labels = {};
};

std::array<unsigned char, 16> bytes_of(const std::string& address) {
    std::array<unsigned char, 16> bytes{};
    const bool v6 = address.find(':') != std::string::npos;
    REQUIRE(inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) == 1);
    return bytes;
}

bool is_within(const std::string& address, std::string_view network) {
    const auto slash = network.find('/');
    const std::string base(network.substr(0, slash));
    const int bits = std::stoi(std::string(network.substr(slash + 1)));
    if ((base.find(':') == std::string::npos) != (address.find(':') == std::string::npos)) return false;
    const auto a = bytes_of(address);
    const auto b = bytes_of(base);
    for (int bit = 0; bit < bits; ++bit) {
        const int mask = 0x80 >> (bit % 8);
        if ((a[bit / 8] & mask) != (b[bit / 8] & mask)) return false;
    }
    return true;
}

bool selects(const Object& selector, const Labels& labels) {
    const auto value_of = [&](const json::value& key) {
        const auto found = labels.find(std::string(key.as_string()));
        return found == labels.end() ? std::string() : found->second;
    };
    if (const auto* exact = find(selector, {"matchLabels"}))
        for (const auto& [key, value] : exact->as_object())
            if (value_of(json::value(key)) != value.as_string()) return false;
    if (const auto* expressions = find(selector, {"matchExpressions"}))
        for (const auto& entry : expressions->as_array()) {
            REQUIRE(entry.at("operator").as_string() == "In");
            const auto& values = entry.at("values").as_array();
            if (std::find(values.begin(), values.end(), json::value(value_of(entry.at("key")))) == values.end())
                return false;
        }
    return true;
}

bool is_peer(const Object& peer, const Party& party) {
    if (const auto* block = find(peer, {"ipBlock"})) {
        if (!is_within(party.address, block->at("cidr").as_string())) return false;
        const auto* except = find(block->as_object(), {"except"});
        return except == nullptr ||
               std::none_of(except->as_array().begin(), except->as_array().end(),
                            [&](const json::value& each) { return is_within(party.address, each.as_string()); });
    }
    if (!party.in_namespace) return false;
    const auto* spaces = find(peer, {"namespaceSelector"});
    const auto* pods = find(peer, {"podSelector"});
    if (spaces == nullptr) {  // the policy's own namespace
        REQUIRE(pods != nullptr);
        return party.in_namespace == own_namespace && selects(pods->as_object(), party.labels);
    }
    return selects(spaces->as_object(), {{"kubernetes.io/metadata.name", *party.in_namespace}}) &&
           (pods == nullptr || selects(pods->as_object(), party.labels));
}

struct Policy {
    Object object;

    explicit Policy(const Configuration& made, const std::string& suffix = {}) {
        const auto rendered = render(made.project, made.facts, nullptr, {}).value();
        for (const auto& each : rendered.objects)
            if (title_of(each) == "NetworkPolicy/" + made.project.name + suffix) object = each;
        REQUIRE_FALSE(object.empty());
    }

    // `direction` is "ingress" with peers in `from`, or "egress" with peers in `to`.
    bool allows(const char* direction, const Party& party, std::int64_t number, std::string_view protocol) const {
        const auto* rules = find(object, {"spec", direction});
        if (rules == nullptr) return false;
        const char* side = direction == std::string_view("ingress") ? "from" : "to";
        return std::any_of(rules->as_array().begin(), rules->as_array().end(), [&](const json::value& rule) {
            const auto& peers = rule.at(side).as_array();
            const auto& ports = rule.at("ports").as_array();
            return std::any_of(peers.begin(), peers.end(),
                               [&](const json::value& peer) { return is_peer(peer.as_object(), party); }) &&
                   std::any_of(ports.begin(), ports.end(), [&](const json::value& port) {
                       return port.at("port") == number && port.at("protocol").as_string() == protocol;
                   });
        });
    }
    bool in(const Party& party, std::int64_t port, std::string_view protocol = "TCP") const {
        return allows("ingress", party, port, protocol);
    }
    bool out(const Party& party, std::int64_t port, std::string_view protocol = "TCP") const {
        return allows("egress", party, port, protocol);
    }
};

const Party viewer{"198.51.100.2"};
const Party viewer6{"2001:db8::2"};
const Party google{"35.191.3.4"};
const Party metadata{"169.254.169.254"};
const Party api_server{"192.0.2.1"};
const Party other_address{"192.0.2.2"};
const Party dns{"10.96.0.10", "kube-system", {{"k8s-app", "kube-dns"}}};
const Party cached_dns{"169.254.20.10"};
const Party prometheus{"10.244.0.9", "monitoring", {{"app", "prometheus"}}};
const Party stranger{"10.244.0.8", "shop", {{"app", "shop"}}};
const Party redis{"10.244.0.7", "shop", {{"app", "redis"}}};

}  // namespace

TEST_CASE("everything that is not listed is refused, in and out") {
    for (const auto& made : configurations()) {
        INFO(made.name);
        const Policy policy(made);
        CHECK(*find(policy.object, {"spec", "policyTypes"}) == json::array({"Ingress", "Egress"}));
        // The pods of the Deployment are those that it is about.
        const auto rendered = render(made.project, made.facts, nullptr, {}).value();
        for (const auto& object : rendered.objects) {
            if (kind_of(object) != "Deployment") continue;
            Labels labels;
            for (const auto& [key, value] : find(object, path_of("spec.template.metadata"))->at("labels").as_object())
                labels[std::string(key)] = std::string(value.as_string());
            CHECK(selects(find(policy.object, {"spec", "podSelector"})->as_object(), labels));
        }
        // Each rule names peers and ports; without one of them it would allow all.
        for (const auto* direction : {"ingress", "egress"})
            for (const auto& rule : find(policy.object, {"spec", direction})->as_array()) {
                CHECK(rule.as_object().size() == 2);
                for (const auto& [key, list] : rule.as_object()) CHECK_FALSE(list.as_array().empty());
            }
        for (const auto& party : {viewer, viewer6, google, dns, prometheus, stranger, redis}) {
            for (const std::int64_t port : {22, 80, 443, 8080, 6379}) {
                CHECK_FALSE(policy.in(party, port));
                CHECK_FALSE(policy.in(party, port, "UDP"));
            }
            CHECK_FALSE(policy.in(party, 9090, "UDP"));
        }
        // The kubelet is not in the table: no policy may shut out a pod's own node.
        CHECK_FALSE(policy.in(viewer, 9090));
        CHECK_FALSE(policy.in(stranger, 9090));
        CHECK(policy.in(prometheus, 9090));
        CHECK(policy.in(viewer, 3000, "UDP") == (made.project.expose.mode != project::Expose::none));
        CHECK(policy.out(dns, 53, "UDP"));
        CHECK(policy.out(dns, 53));
        CHECK(policy.out(cached_dns, 53, "UDP"));
        CHECK_FALSE(policy.out(stranger, 53, "UDP"));
        CHECK_FALSE(policy.out(redis, 6379));
        CHECK_FALSE(policy.out(viewer, 25));
        CHECK_FALSE(policy.out(viewer, 3000, "UDP"));  // answers need no rule
        CHECK_FALSE(policy.out(metadata, 80));
        CHECK_FALSE(policy.out(metadata, 443));
    }
}

TEST_CASE("viewers reach pods that end TLS themselves, and only proxies those that do not") {
    const auto policy_of = [](const char* name) {
        const auto all = configurations();
        const auto found = std::find_if(all.begin(), all.end(), [&](const auto& made) { return made.name == name; });
        REQUIRE(found != all.end());
        return Policy(*found);
    };
    for (const auto* name : {"default", "everything", "two-services"}) {
        INFO(name);
        CHECK(policy_of(name).in(viewer, 3000));
        CHECK(policy_of(name).in(viewer6, 3000));
        CHECK(policy_of(name).in(viewer6, 3000, "UDP"));
    }
    for (const auto* name : {"gateway", "gateway-gke", "ingress", "ingress-gke", "none"}) {
        INFO(name);
        CHECK_FALSE(policy_of(name).in(viewer, 3000));
        CHECK_FALSE(policy_of(name).in(viewer6, 3000));
        CHECK(policy_of(name).in({"10.244.0.20"}, 3000));
    }
    for (const auto* name : {"gateway-gke", "ingress-gke"}) {
        CHECK(policy_of(name).in(google, 3000));
        CHECK(policy_of(name).in(google, 9090));
    }
    CHECK_FALSE(policy_of("gateway").in(google, 3000));
    CHECK_FALSE(policy_of("gateway").in(google, 9090));
}

TEST_CASE("proxies that serve: names are the only ones") {
    auto made = in_mode("none", project::Expose::none);
    made.project.serve_yaml = "serve:\n  proxy:\n    trusted: [192.0.2.9, '2001:db8::9']\n";
    const Policy policy(made);
    CHECK(policy.in({"192.0.2.9"}, 3000));
    CHECK(policy.in({"2001:db8::9"}, 3000));
    CHECK_FALSE(policy.in({"192.0.2.8"}, 3000));
    CHECK_FALSE(policy.in({"10.244.0.20"}, 3000));
}

TEST_CASE("the API server is reached where it is known to be, and anywhere else if it is not known") {
    const Policy known(everything());
    CHECK(known.out(api_server, 6443));
    CHECK_FALSE(known.out(api_server, 443));
    CHECK_FALSE(known.out(other_address, 6443));
    CHECK_FALSE(known.out(viewer, 443));
    // It carries the questions of `waaft status` to the operations port, and none to the other.
    CHECK(known.in(api_server, 9090));
    CHECK_FALSE(known.in(other_address, 9090));
    const Policy unknown({"default", {}, {}});
    CHECK(unknown.out(api_server, 6443));
    CHECK(unknown.out(other_address, 443));
}

Labels labels_of(const std::string& name, const std::string& component) {
    return {{"app.kubernetes.io/name", "waaft"},
            {"app.kubernetes.io/instance", name},
            {"app.kubernetes.io/component", component}};
}

TEST_CASE("Redis is reached by the server's pods alone, and reaches nobody") {
    for (const auto* name : {"default", "everything", "gateway", "none"}) {
        INFO(name);
        const auto made = configuration(name);
        const Policy policy(made, "-redis");
        const auto& instance = made.project.name;
        const Party server{"10.244.0.5", own_namespace, labels_of(instance, "server")};
        const Party own_redis{"10.244.0.6", own_namespace, labels_of(instance, "redis")};
        CHECK(selects(find(policy.object, {"spec", "podSelector"})->as_object(), own_redis.labels));
        CHECK_FALSE(selects(find(policy.object, {"spec", "podSelector"})->as_object(), server.labels));
        CHECK(*find(policy.object, {"spec", "policyTypes"}) == json::array({"Ingress", "Egress"}));
        CHECK(policy.in(server, 6379));
        CHECK_FALSE(policy.in(server, 6379, "UDP"));
        CHECK_FALSE(policy.in(server, 16379));
        const Party other{"10.244.0.11", own_namespace, labels_of("other", "server")};
        const Party elsewhere{"10.244.0.12", "shop", labels_of(instance, "server")};
        for (const auto& party : {own_redis, other, elsewhere, viewer, viewer6, stranger, prometheus, api_server, dns})
            CHECK_FALSE(policy.in(party, 6379));
        for (const auto& party : {server, viewer, dns, api_server, metadata})
            for (const std::int64_t port : {53, 443, 6379, 6443}) CHECK_FALSE(policy.out(party, port));
        // And the server reaches that Redis, and no other.
        const Policy from_server(made);
        CHECK(from_server.out(own_redis, 6379));
        CHECK_FALSE(from_server.out(own_redis, 22));
        CHECK_FALSE(from_server.out({"10.244.0.7", own_namespace, labels_of("other", "redis")}, 6379));
        CHECK_FALSE(from_server.out({"10.244.0.7", "shop", labels_of(instance, "redis")}, 6379));
    }
}

TEST_CASE("somebody else's Redis is reached at its address; a name is found by the cluster alone") {
    auto made = configuration("redis-external");
    const Party memorystore{"10.9.8.7"};
    CHECK(Policy(made).out(memorystore, 6378));
    CHECK_FALSE(Policy(made).out(memorystore, 6379));
    CHECK_FALSE(Policy(made).out({"10.9.8.8"}, 6378));
    made.project.redis.address = "redis://[2001:db8::7]";
    CHECK(Policy(made).out({"2001:db8::7"}, 6379));
    CHECK_FALSE(Policy(made).out({"2001:db8::8"}, 6379));
    made.project.redis.address = "rediss://redis.example.org:6380";
    CHECK(Policy(made).out({"192.0.2.77"}, 6380));
    CHECK(Policy(made).out({"2001:db8::7"}, 6380));
    CHECK_FALSE(Policy(made).out(metadata, 6380));
    CHECK_FALSE(Policy(made).out({"192.0.2.77"}, 6379));
    CHECK_FALSE(Policy(configuration("redis-none")).out({"10.9.8.7"}, 6379));
}
