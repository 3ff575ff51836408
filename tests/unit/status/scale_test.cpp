// What `waaft scale` and `waaft logs` decide before they ask the cluster for anything.
#include "cmd/status/scale.h"
#include "cmd/status/applied_fields.h"
#include "cmd/status/logs.h"
#include "tests/support/catch.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace waaft::status;
using waaft::kube::Object;

namespace {

Object object_of(const std::string& text) { return boost::json::parse(text).as_object(); }

const Scale now{1, 10, 60};

}  // namespace

TEST_CASE("a wish becomes limits, or is refused with what would be right") {
    struct Row {
        ScaleWish wish;
        Scale after;  // max 0: refused
        std::string hint;
    };
    const std::vector<Row> rows{
        {{.min = 2, .max = 20, .cpu = 70, .replicas = {}}, {2, 20, 70}, ""},
        {{.min = 2, .max = {}, .cpu = {}, .replicas = {}}, {2, 10, 60}, ""},
        {{.min = {}, .max = {}, .cpu = {}, .replicas = 3}, {3, 3, 60}, ""},
        {{.min = {}, .max = {}, .cpu = 50, .replicas = 3}, {3, 3, 50}, ""},
        {{.min = 11, .max = {}, .cpu = {}, .replicas = {}}, {}, "add --max 11"},
        {{.min = 5, .max = 4, .cpu = {}, .replicas = {}}, {}, "--min must not be more than --max"},
        {{.min = 2, .max = {}, .cpu = {}, .replicas = 3}, {}, ""},
        {{}, {}, "waaft scale --min 2 --max 20 --cpu 60"},
    };
    for (const auto& row : rows) {
        const auto after = wished(now, row.wish);
        INFO(row.hint << " " << row.after.max);
        REQUIRE(after.has_value() == (row.after.max > 0));
        if (after) {
            CHECK(*after == row.after);
        } else {
            CHECK(after.error().code == "usage_scale");
            CHECK(after.error().hint == row.hint);
        }
    }
    const auto no_cpu = wished({1, 10, {}}, {.min = {}, .max = {}, .cpu = 50, .replicas = {}});
    REQUIRE_FALSE(no_cpu.has_value());
    CHECK(no_cpu.error().code == "NO_CPU_TARGET");
    CHECK(text_of(Scale{2, 20, 60}) == "2 to 20 pods at 60 % CPU");
    CHECK(text_of(Scale{1, 1, {}}) == "1 pod");
}

TEST_CASE("a quota limits how many pods there can be") {
    const auto deployment = object_of(R"({"status":{"replicas":2},"spec":{"template":{"spec":{
        "initContainers":[{"resources":{"requests":{"cpu":"50m","memory":"64Mi"}}}],
        "containers":[{"resources":{"requests":{"cpu":"500m","memory":"256Mi"},"limits":{"memory":"512Mi"}}}]}}}})");
    const auto quota = [&](const std::string& resource, const std::string& hard, const std::string& used) {
        auto text = R"({"kind":"ResourceQuota","metadata":{"name":"small"},"status":{"hard":{")" + resource + R"(":")" +
                    hard + R"("},"used":{")" + resource + R"(":")" + used + R"("}}})";
        return room_of({object_of(text)}, deployment);
    };
    CHECK(quota("requests.cpu", "3", "1")->pods == 6);
    CHECK(quota("cpu", "1500m", "1")->pods == 3);
    CHECK(quota("limits.memory", "2Gi", "1Gi")->pods == 4);
    CHECK(quota("pods", "5", "3")->pods == 4);
    CHECK(quota("pods", "2", "3")->pods == 2);
    CHECK_FALSE(quota("services", "1", "1").has_value());
    CHECK_FALSE(room_of({}, deployment).has_value());

    const Room room{6, "ResourceQuota/small: requests.cpu"};
    CHECK(check_room(now, {1, 6, 60}, room).value().empty());
    const auto refused = check_room(now, {1, 8, 60}, room);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "QUOTA");
    CHECK(refused.error().hint.find("--max 6") != std::string::npos);
    CHECK_FALSE(check_room(now, {7, 10, 60}, room).has_value());
    // What was asked before is only mentioned.
    CHECK_FALSE(check_room(now, {2, 10, 60}, room).value().empty());
    CHECK(check_room(now, {2, 100, 60}, std::nullopt).value().empty());
}

TEST_CASE("what is applied keeps all that was ours and takes nothing else") {
    const auto hpa = object_of(R"({"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
        "metadata":{"name":"waaft","namespace":"live","uid":"1","resourceVersion":"5",
            "labels":{"a":"1","theirs":"2"},"annotations":{"x":"y"},
            "managedFields":[
                {"manager":"waaft","operation":"Apply","fieldsV1":{
                    "f:metadata":{"f:labels":{"f:a":{}}},
                    "f:spec":{"f:maxReplicas":{},"f:metrics":{},"f:behavior":{"f:scaleDown":{"f:policies":{}}}}}},
                {"manager":"waaft","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}},
                {"manager":"somebody","operation":"Apply","fieldsV1":{"f:metadata":{"f:labels":{"f:theirs":{}}}}}]},
        "spec":{"minReplicas":1,"maxReplicas":10,"scaleTargetRef":{"name":"waaft"},
            "behavior":{"scaleDown":{"policies":[1],"selectPolicy":"Min"}},
            "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}},
                       {"type":"Pods","pods":{"metric":{"name":"rooms"}}}]},
        "status":{"currentReplicas":1}})");
    const auto applied = scaled(hpa, {2, 20, 70});
    const auto wanted = object_of(R"({"metadata":{"labels":{"a":"1"},"name":"waaft","namespace":"live"},
        "spec":{"maxReplicas":20,
            "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}},
                       {"type":"Pods","pods":{"metric":{"name":"rooms"}}}],
            "behavior":{"scaleDown":{"policies":[1]}},"scaleTargetRef":{"name":"waaft"},"minReplicas":2},
        "apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler"})");
    INFO(boost::json::serialize(applied));
    CHECK(applied == wanted);
    CHECK(scale_of(hpa) == now);
    // Of an object that somebody else made only what is changed.
    auto foreign = hpa;
    foreign["metadata"].as_object().erase("managedFields");
    CHECK_FALSE(scaled(foreign, {2, 20, 60}).at("spec").as_object().contains("metrics"));
}

TEST_CASE("scaling is done when the pods are there and ready") {
    const auto hpa = object_of(R"({"spec":{"minReplicas":2,"maxReplicas":4}})");
    const Scale scale{2, 4, {}};
    const auto deployment = [](int replicas, int ready, int seen = 3) {
        return object_of(R"({"metadata":{"generation":3},"spec":{"replicas":)" + std::to_string(replicas) +
                         R"(},"status":{"observedGeneration":)" + std::to_string(seen) + R"(,"readyReplicas":)" +
                         std::to_string(ready) + "}}");
    };
    CHECK(reached(scale, hpa, deployment(2, 2)).done);
    CHECK(reached(scale, hpa, deployment(4, 4)).done);
    CHECK_FALSE(reached(scale, hpa, deployment(1, 1)).done);
    CHECK_FALSE(reached(scale, hpa, deployment(5, 5)).done);
    CHECK_FALSE(reached(scale, hpa, deployment(2, 1)).done);
    CHECK_FALSE(reached(scale, hpa, deployment(2, 2, 2)).done);
    CHECK_FALSE(reached({1, 4, {}}, hpa, deployment(2, 2)).done);
}

TEST_CASE("logs are asked for by pod and container, never through a shell") {
    const auto pod = object_of(R"({"metadata":{"name":"waaft-7d-x"},"status":{
        "initContainerStatuses":[{"name":"cluster-init","restartCount":0,"state":{"terminated":{}}}],
        "containerStatuses":[{"name":"server","restartCount":2,"state":{"running":{}},"lastState":{"terminated":{}}}]}})");
    const auto young = object_of(R"({"metadata":{"name":"waaft-7d-yy"},"status":{
        "containerStatuses":[{"name":"server","restartCount":0,"state":{"waiting":{}}}]}})");
    const waaft::kube::Target target{"", "kind", "live"};
    const auto sources = log_sources({pod, young}, {});
    REQUIRE(sources == std::vector<LogSource>{{"waaft-7d-x", "server", 2}});
    CHECK(log_sources({pod, young}, {.follow = {}, .previous = true, .init = {}, .since = {}, .tail = {}}).size() == 1);
    CHECK(log_sources({pod}, {.follow = {}, .previous = {}, .init = true, .since = {}, .tail = {}}).at(0).container ==
          "cluster-init");
    using Argv = std::vector<std::string>;
    const Argv begin{"kubectl", "--context",  "kind",        "--namespace", "live",
                     "logs",    "waaft-7d-x", "--container", "server"};
    const auto argv = [&](Argv rest) {
        rest.insert(rest.begin(), begin.begin(), begin.end());
        return rest;
    };
    const LogOptions follow{.follow = true, .previous = false, .init = false, .since = "60s", .tail = "5"};
    CHECK(log_argv(target, sources[0], {}) == argv({}));
    CHECK(log_argv(target, sources[0], follow) == argv({"--follow", "--since=60s", "--tail=5"}));
    CHECK(log_argv(target, sources[0], follow, "2026-11-24T12:00:00Z") ==
          argv({"--follow", "--since-time=2026-11-24T12:00:00Z"}));
    const auto names = short_names({{"waaft-7d-x", "server", 0}, {"waaft-7d-yy", "server", 0}}, "waaft");
    CHECK(names.at("waaft-7d-x") == "7d-x ");
    CHECK(names.at("waaft-7d-yy") == "7d-yy");
}
