#include "cmd/manifest/render.h"
#include "cmd/manifest/templates.h"
#include "cmd/os/files.h"
#include "cmd/yaml/document.h"
#include "tests/support/catch.h"
#include "tests/unit/manifest/projects.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>

using namespace waaft;
using namespace waaft::manifest;
using namespace waaft::testing;
namespace json = boost::json;

namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;

SecretValues values() { return {{{"rooms.keys", "live_key_1"}}, "a-password"}; }

Rendered rendered(const Configuration& made) {
    const auto given = values();
    auto result = render(made.project, made.facts, &given, {});
    if (!result) FAIL(made.name << ": " << result.error().what);
    return std::move(*result);
}

std::string error_of(const Configuration& made) {
    const auto result = render(made.project, made.facts, nullptr, {});
    return result ? std::string() : result.error().code + " " + result.error().where;
}

std::string as_yaml(const Objects& objects) {
    std::string text;
    for (const auto& object : objects) text += "---\n" + yaml::emit(object);
    return text;
}

Object& of_kind(Objects& objects, std::string_view kind) {
    const auto found =
        std::find_if(objects.begin(), objects.end(), [&](const Object& o) { return kind_of(o) == kind; });
    REQUIRE(found != objects.end());
    return *found;
}

// The one of a kind and name; an empty one if there is none.
Object titled(const Objects& objects, const std::string& title) {
    const auto found =
        std::find_if(objects.begin(), objects.end(), [&](const Object& o) { return title_of(o) == title; });
    return found == objects.end() ? Object() : *found;
}

std::string deployment_checksum(const Configuration& made) {
    auto objects = rendered(made).objects;
    return text_at(of_kind(objects, "Deployment"), {"spec", "template", "metadata", "annotations", "checksum/config"});
}

bool has_note(const Rendered& made, std::string_view words) {
    return std::any_of(made.notes.begin(), made.notes.end(),
                       [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

}  // namespace

// WAAFT_WRITE_GOLDEN=1 writes the files anew; tests/cluster gives the same files to a real API server.
TEST_CASE("the objects of the main configurations are those that were agreed on") {
    for (const auto& made : configurations()) {
        const auto file = std::string(WAAFT_SOURCE_DIR) + "/tests/data/manifests/" + made.name + ".yaml";
        const auto text = as_yaml(masked(rendered(made).objects));
        if (std::getenv("WAAFT_WRITE_GOLDEN") != nullptr) REQUIRE(os::write_file(file, text).has_value());
        const auto golden = os::read_file(file, file_bytes_max);
        INFO(file);
        REQUIRE(golden.has_value());
        CHECK(text == *golden);
    }
}

TEST_CASE("with nothing configured the objects are the files of manifests/") {
    auto objects = rendered({"default", {}, {}}).objects;
    erase(of_kind(objects, "Deployment"), {"spec", "template", "metadata", "annotations"});
    std::size_t compared = 0;
    for (const auto& entry : templates()) {
        if (entry.name.find('/') != std::string_view::npos) continue;
        const auto value = yaml::to_value(yaml::parse(entry.text, "file").value(), "file").value();
        const auto object = titled(objects, title_of(value.get_object()));
        if (kind_of(object) == "ConfigMap") {  // a text in a text
            const auto inner = [](const Object& map) {
                return yaml::to_value(yaml::parse(text_at(map, {"data", "waaft.yaml"}), "data").value(), "data")
                    .value();
            };
            CHECK(inner(object) == inner(value.get_object()));
        } else {
            INFO(entry.name);
            CHECK(json::value(object) == value);
        }
        ++compared;
    }
    CHECK(compared == objects.size());
}

TEST_CASE("every file of manifests/ is one object with the names and labels of the others") {
    for (const auto& entry : templates()) {
        INFO(entry.name);
        const auto node = yaml::parse(entry.text, "file");
        REQUIRE(node.has_value());
        const auto value = yaml::to_value(*node, "file");
        REQUIRE(value.has_value());
        const auto& object = value->get_object();
        CHECK(name_of(object).starts_with("waaft"));
        CHECK(find(object, {"metadata", "namespace"}) == nullptr);
        CHECK(text_at(object, {"metadata", "labels", "app.kubernetes.io/managed-by"}) == "waaft");
        CHECK(kind_of(object) != "Secret");
    }
}

TEST_CASE("a project that no cluster can have is refused with the field to change") {
    const auto with = [](auto change) {
        auto made = in_mode("wrong", project::Expose::gateway);
        change(made);
        return error_of(made);
    };
    CHECK(with([](auto& m) { m.project.domain = ""; }) == "manifest_expose domain");
    CHECK(with([](auto&) {}) == "manifest_expose tls");
    CHECK(with([](auto& m) { m.project.tls.secret = "a"; }) == "manifest_expose expose.gateway_class");
    CHECK(with([](auto& m) { m.project.tls = {"a", "b"}; }) == "manifest_expose tls");
    const auto google = [](auto& m) { m.project.cluster.provider = project::Provider::gke; };
    CHECK(with(google).empty());
    CHECK(with([&](auto& m) {
              google(m);
              m.facts.kinds_known = true;
          }) == "manifest_expose expose.mode");
    CHECK(with([&](auto& m) {
              google(m);
              m.project.tls.issuer = "letsencrypt";
              m.facts.kinds = {"gateways.gateway.networking.k8s.io"};
              m.facts.kinds_known = true;
          }) == "manifest_expose tls.issuer");
    auto alone = in_mode("wrong", project::Expose::address);
    alone.facts.mixed_protocol = false;
    CHECK(error_of(alone) == "manifest_expose expose.address");
    alone.facts.mixed_protocol = true;
    alone.project.serve_yaml = "serve:\n  tls:\n    key: /home/me/key\n  rooms:\n    keys: /home/me/keys\n";
    CHECK(error_of(alone) == "manifest_file /home/me/keys");
    alone.project.serve_yaml = "- a list\n";
    CHECK(error_of(alone) == "config_type serve:1:1");
    alone.project.serve_yaml = "log: {level: debug}\n";
    CHECK(error_of(alone) == "config_type serve:1:1");
}

TEST_CASE("whatever pods read at their start makes new pods, and nothing else does") {
    const auto before = deployment_checksum(everything());
    auto other = everything();
    other.project.serve_yaml += "  log:\n    level: debug\n";
    CHECK(deployment_checksum(other) != before);
    other = everything();
    other.project.autoscaling.max = 30;
    other.project.expose.annotations.clear();
    CHECK(deployment_checksum(other) == before);
    auto values_changed = values();
    values_changed.secrets["rooms.keys"] = "another";
    auto made = everything();
    auto objects = render(made.project, made.facts, &values_changed, {}).value().objects;
    CHECK(text_at(of_kind(objects, "Deployment"), {"spec", "template", "metadata", "annotations", "checksum/config"}) !=
          before);
}

TEST_CASE("a secret's value is in its Secret alone, and never shown") {
    auto made = rendered(everything());
    const auto all = as_yaml(made.objects);
    CHECK(all.find("bGl2ZV9rZXlfMQ==") != std::string::npos);
    CHECK(all.find("live_key_1") == std::string::npos);
    const auto shown = as_yaml(masked(made.objects));
    CHECK(shown.find("bGl2ZV9rZXlfMQ==") == std::string::npos);
    CHECK(shown.find("***") != std::string::npos);
    const auto config = everything();
    const auto without = render(config.project, config.facts, nullptr, {}).value();
    CHECK(has_note(without, "Secret/studio-secrets is left out"));
    CHECK(has_note(without, "Secret/studio-pull is left out"));
    CHECK(as_yaml(without.objects).find("kind: Secret") == std::string::npos);
}

TEST_CASE("what pods cannot have as it was written is said") {
    const auto made = rendered(everything());
    CHECK(has_note(made, "listen.port is 3000 in pods, not 443"));
    CHECK(rendered({"default", {}, {}}).notes.empty());
}

TEST_CASE("behind an Ingress pods name the address of UDP as soon as it is known") {
    auto made = in_mode("ingress", project::Expose::ingress);
    made.project.domain = "live.example.org";
    made.project.tls.secret = "live-tls";
    const auto config = [&] {
        auto all = rendered(made);
        return text_at(of_kind(all.objects, "ConfigMap"), {"data", "waaft.yaml"});
    };
    CHECK(config().find("stun:") == std::string::npos);
    CHECK(has_note(rendered(made), "ice.stun needs the address of Service/waaft-udp"));
    for (const auto& [address, url] :
         std::vector<std::pair<std::string, std::string>>{{"203.0.113.7", "stun:203.0.113.7:3000"},
                                                          {"2001:db8::7", "stun:[2001:db8::7]:3000"},
                                                          {"udp.example.org", "stun:udp.example.org:3000"}}) {
        made.facts.address = address;
        CHECK(config().find(url) != std::string::npos);
        CHECK_FALSE(has_note(rendered(made), "ice.stun"));
    }
    made.project.serve_yaml = "serve: {ice: {stun: [\"stun:own.example.org\"]}}\n";
    CHECK(config().find("udp.example.org") == std::string::npos);
}

TEST_CASE("the UDP port has a Service that those who ask the cluster can name") {
    for (const auto& made : configurations()) {
        INFO(made.name);
        const auto objects = rendered(made).objects;
        const auto name = udp_service_name(made.project, made.facts);
        const auto found = std::find_if(objects.begin(), objects.end(), [&](const Object& object) {
            return title_of(object) == "Service/" + name && json::serialize(object).find("UDP") != std::string::npos;
        });
        CHECK((found != objects.end()) == (made.project.expose.mode != project::Expose::none));
    }
}

TEST_CASE("without Redis there is one pod with a disk of its own, and nothing that makes a second") {
    const auto objects = rendered(configuration("redis-none")).objects;
    const auto deployment = titled(objects, "Deployment/waaft");
    CHECK(json::value(*find(deployment, path_of("spec.strategy"))) == json::value({{"type", "Recreate"}}));
    CHECK(*find(deployment, path_of("spec.replicas")) == 1);
    CHECK(json::serialize(deployment).find(R"({"claimName":"waaft-data"})") != std::string::npos);
    CHECK_FALSE(titled(objects, "PersistentVolumeClaim/waaft-data").empty());
    CHECK(json::serialize(deployment).find("--await") == std::string::npos);
    for (const auto& object : objects) {
        CHECK(kind_of(object) != "HorizontalPodAutoscaler");
        CHECK(kind_of(object) != "StatefulSet");
        CHECK(json::serialize(object).find("redis") == std::string::npos);
    }
}

TEST_CASE("Redis beside the pods is as large as it was told, and keeps what it is asked to keep") {
    auto made = everything();
    made.project.redis.memory = "2Gi";
    made.project.redis.image = "registry.example.org/redis:8";
    const auto objects = rendered(made).objects;
    const auto set = titled(objects, "StatefulSet/studio-redis");
    const auto text = json::serialize(set);
    CHECK(text.find(R"("image":"registry.example.org/redis:8")") != std::string::npos);
    CHECK(text.find(R"("--maxmemory 1073741824","--maxmemory-policy noeviction")") != std::string::npos);
    CHECK(text.find(R"("--appendonly yes","--appendfsync always")") != std::string::npos);
    CHECK(text.find(R"("limits":{"memory":"2Gi"})") != std::string::npos);
    CHECK(text.find(R"("storageClassName":"fast")") != std::string::npos);
    CHECK(text.find(R"("storage":"20Gi")") != std::string::npos);
    CHECK(text.find(R"("secretName":"studio-cluster")") != std::string::npos);
    CHECK(text_at(set, path_of("spec.serviceName")) == "studio-redis");
    // A new version of the server does not restart Redis.
    made.facts.image = "registry.example.org/studio/waaft@sha256:" + std::string(64, 'b');
    made.project.image.version = "1.2.4";
    made.project.serve_yaml += "  log:\n    level: debug\n";
    const auto later = titled(rendered(made).objects, "StatefulSet/studio-redis");
    CHECK(*find(set, path_of("spec.template")) == *find(later, path_of("spec.template")));
}

TEST_CASE("pods know the Redis that they share, and how long they have to leave") {
    const auto settings_of = [](const Configuration& made) {
        const auto config = titled(rendered(made).objects, "ConfigMap/" + made.project.name);
        const auto text = text_at(config, {"data", "waaft.yaml"});
        return yaml::to_value(yaml::parse(text, "data").value(), "data").value().at("serve").as_object();
    };
    const auto bundled = settings_of(everything());
    CHECK(bundled.at("redis") == json::value({{"url", "redis://studio-redis:6379"},
                                              {"password", "/etc/waaft/cluster/redis.password"},
                                              {"ack", "fsync"}}));
    CHECK(bundled.at("drain") == json::value({{"grace", "3575s"}, {"spread", "30s"}}));
    const auto external = settings_of(configuration("redis-external"));
    CHECK(external.at("redis") == json::value({{"ack", "memory"},
                                               {"url", "rediss://10.9.8.7:6378/1"},
                                               {"password", "/etc/waaft/secrets/redis.password"},
                                               {"ca", "/etc/waaft/secrets/redis.ca"}}));
    CHECK_FALSE(settings_of(configuration("redis-none")).contains("redis"));
    auto hurried = everything();
    hurried.project.drain = {30, 15};
    CHECK(settings_of(hurried).at("drain") == json::value({{"grace", "5s"}, {"spread", "5s"}}));
}
