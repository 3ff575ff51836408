#include "cmd/manifest/patch.h"
#include "cmd/yaml/document.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <boost/json.hpp>

#include <fstream>

using namespace waaft;
using namespace waaft::manifest;
namespace json = boost::json;

namespace {

Object object_of(std::string_view yaml) {
    return yaml::to_value(yaml::parse(yaml, "object").value(), "object").value().get_object();
}

constexpr std::string_view deployment = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: waaft}
spec:
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    spec:
      containers:
      - name: server
        args: [a, b]
        ports: [{containerPort: 3000, protocol: TCP}, {containerPort: 3000, protocol: UDP}]
        resources: {requests: {cpu: 500m, memory: 256Mi}}
      volumes: [{name: data, emptyDir: {}}, {name: tmp, emptyDir: {}}]
)";

}  // namespace

TEST_CASE("a strategic merge changes what it names and nothing else") {
    const struct {
        const char* what;
        const char* spec;      // of the patch
        const char* expected;  // of the result, in the same form
    } table[] = {
        {"a map is merged", "{template: {spec: {containers: [{name: server, resources: {requests: {cpu: '2'}}}]}}}",
         "resources: {requests: {cpu: '2', memory: 256Mi}}"},
        {"null deletes", "{template: {spec: {containers: [{name: server, resources: {requests: {cpu: null}}}]}}}",
         "resources: {requests: {memory: 256Mi}}"},
        {"a list without keys is replaced", "{template: {spec: {containers: [{name: server, args: [c]}]}}}",
         "args: [c]"},
        {"a list with keys is merged by them",
         "{template: {spec: {containers: [{name: server, ports: [{containerPort: 3000, protocol: UDP, name: udp}, "
         "{containerPort: 81}]}]}}}",
         "ports: [{containerPort: 3000, protocol: TCP}, {containerPort: 3000, protocol: UDP, name: udp}, "
         "{containerPort: 81}]"},
    };
    for (const auto& row : table) {
        INFO(row.what);
        auto into = object_of(deployment);
        merge(into, Object{{"spec", object_of(row.spec)}});
        const auto& pod = find(into, path_of("spec.template.spec"))->get_object();
        const auto& server = pod.at("containers").as_array().at(0).as_object();
        const auto expected = object_of(row.expected);
        const auto key = expected.begin()->key();
        CHECK(server.at(key) == expected.at(key));
        CHECK(pod.at("volumes").as_array().size() == 2);
        CHECK(pod.at("containers").as_array().size() == 1);
    }
}

TEST_CASE("lists are merged by what tells their elements apart") {
    const auto merged = [](const char* into, const char* patch) {
        auto object = object_of(into);
        merge(object, object_of(patch));
        return json::value(object);
    };
    const auto same = [&](const char* into, const char* patch, const char* expected) {
        CHECK(merged(into, patch) == json::value(object_of(expected)));
    };
    same("volumes: [{name: a, x: 1}, {name: b}]", "volumes: [{name: a, y: 2}, {name: c}]",
         "volumes: [{name: a, x: 1, y: 2}, {name: b}, {name: c}]");
    same("volumes: [{name: a}, {name: b}]", "volumes: [{name: a, $patch: delete}, {name: z, $patch: delete}]",
         "volumes: [{name: b}]");
    same("volumeMounts: [{name: a, mountPath: /a}]", "volumeMounts: [{mountPath: /a, readOnly: true}]",
         "volumeMounts: [{name: a, mountPath: /a, readOnly: true}]");
    // One number for two protocols; TCP if none is named.
    same("ports: [{port: 1}, {port: 1, protocol: UDP}]", "ports: [{port: 1, protocol: UDP, nodePort: 3}]",
         "ports: [{port: 1}, {port: 1, protocol: UDP, nodePort: 3}]");
    same("ports: [{port: 1}]", "ports: [{port: 1, protocol: TCP, nodePort: 3}]",
         "ports: [{port: 1, protocol: TCP, nodePort: 3}]");
    same("ports: [{name: https, port: 443}]", "ports: [{name: https, port: 8443}]",
         "ports: [{name: https, port: 8443}]");
    same("tolerations: [{key: a}]", "tolerations: [{key: b}]", "tolerations: [{key: b}]");
    same("a: 1", "a: {b: 2}", "a: {b: 2}");
    same("a: {b: 1, c: 2}", "a: {b: null}", "a: {c: 2}");
}

TEST_CASE("a patch finds its object by kind and name, or is an error with its place") {
    const auto patches = parse_patches(
        "kind: Deployment\nmetadata: {name: waaft}\nspec: {paused: true}\n"
        "---\nkind: Deployment\nmetadata: {name: other}\n",
        "patches/a.yaml");
    REQUIRE(patches.has_value());
    REQUIRE(patches->size() == 2);
    Objects objects{object_of(deployment)};
    const auto applied = apply_patches(objects, *patches);
    REQUIRE_FALSE(applied.has_value());
    CHECK(applied.error().code == "patch_unmatched");
    CHECK(applied.error().where == "patches/a.yaml:5:1");
    CHECK(applied.error().hint == "there are: Deployment/waaft");

    objects = {object_of(deployment)};
    REQUIRE(apply_patches(objects, {patches->front()}).has_value());
    CHECK(find(objects.front(), path_of("spec.paused"))->as_bool());
    CHECK(text_at(objects.front(), path_of("spec.strategy.type")) == "RollingUpdate");

    auto other_version = parse_patches("apiVersion: apps/v2\nkind: Deployment\nmetadata: {name: waaft}\n", "p");
    CHECK_FALSE(apply_patches(objects, *other_version).has_value());
    auto removal = parse_patches("$patch: delete\nkind: Deployment\nmetadata: {name: waaft}\n", "p");
    REQUIRE(apply_patches(objects, *removal).has_value());
    CHECK(objects.empty());
}

TEST_CASE("what is no patch is refused") {
    const auto code = [](const char* text) {
        const auto patches = parse_patches(text, "p");
        return patches ? std::string() : patches.error().code + " " + patches.error().where;
    };
    CHECK(code("").empty());
    CHECK(code("- 1\n") == "patch_form p:1:1");
    CHECK(code("kind: Deployment\n") == "patch_form p:1:1");
    CHECK(code("metadata: {name: waaft}\n") == "patch_form p:1:1");
    CHECK(code("a: [\n").starts_with("yaml_"));
}

TEST_CASE("patches are read from the folder of waaft.yaml") {
    const testing::TemporaryDirectory folder;
    std::ofstream(folder.file("big.yaml")) << "kind: Deployment\nmetadata: {name: waaft}\n";
    project::Project project;
    project.folder = folder.path().string();
    project.patches = {"big.yaml"};
    const auto read = read_patches(project);
    REQUIRE(read.has_value());
    CHECK(read->front().where == "big.yaml:1:1");
    project.patches = {"missing.yaml"};
    CHECK(read_patches(project).error().code == "patch_unreadable");
    project.patches = {folder.file("big.yaml")};
    project.folder = "/";
    CHECK(read_patches(project).has_value());
}
