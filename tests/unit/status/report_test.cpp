// Reports made from what a real cluster said, and from the same with changes.
#include "cmd/status/report.h"
#include "cmd/status/report_json.h"
#include "cmd/status/text.h"
#include "tests/support/catch.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

using namespace waaft;
using namespace waaft::status;
using kube::Object;
using kube::Objects;

namespace {

struct Recorded {
    View view;
    UnixMs now = 0;
};

Objects objects(const boost::json::value& list) {
    Objects result;
    for (const auto& entry : list.as_array()) result.push_back(entry.as_object());
    return result;
}

Recorded read(const std::string& name) {
    std::ifstream in(std::string(WAAFT_SOURCE_DIR) + "/tests/data/status/" + name + ".json");
    REQUIRE(in);
    const auto json = boost::json::parse(std::string{std::istreambuf_iterator<char>(in), {}}).as_object();
    Recorded recorded;
    auto& view = recorded.view;
    view.context = "kind";
    view.name_space = "live";
    view.name = "waaft";
    view.deployment = json.at("deployment").as_object();
    view.autoscaler = json.at("autoscaler").as_object();
    view.replica_sets = objects(json.at("replica_sets"));
    view.pods = objects(json.at("pods"));
    view.services = objects(json.at("services"));
    view.events = objects(json.at("events"));
    view.certificate = certificate_of(json.at("secret").as_object());
    for (const auto& entry : json.at("live").as_object()) {
        if (entry.value().is_object()) view.live[entry.key()] = read_live(Result<Object>(entry.value().as_object()));
    }
    recorded.now = *kube::parse_time(kube::text(json, {"now"}));
    return recorded;
}

const Problem* find(const Report& report, std::string_view code) {
    const auto found = std::find_if(report.problems.begin(), report.problems.end(),
                                    [&](const Problem& problem) { return problem.cause.code == code; });
    return found == report.problems.end() ? nullptr : &*found;
}

std::size_t longest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
    return longest;
}

}  // namespace

TEST_CASE("what runs well is shown as such") {
    const auto [view, now] = read("good");
    const auto report = make_report(view, now);
    CHECK(report.healthy());
    CHECK(report.problems.empty());
    CHECK(report.state == RolloutState::complete);
    CHECK(report.version == "0.1.0");
    CHECK(report.digest.starts_with("sha256:"));
    CHECK(report.revision == "1");
    CHECK(report.pods.size() == 2);
    CHECK(report.answered == 2);
    CHECK(report.url == "https://203.0.113.10/");
    REQUIRE(report.autoscaler.has_value());
    CHECK(report.autoscaler->min == 2);
    CHECK(report.autoscaler->max == 4);
    REQUIRE(report.certificate.has_value());
    CHECK(kube::format_time(report.certificate->ends).starts_with("2027-11-24"));
    const auto text = text_of(report, false);
    CHECK(text.find("all is well") != std::string::npos);
    CHECK(text.find('\033') == std::string::npos);
    CHECK(longest_line(text) <= columns);
    CHECK(text_of(report, true).find("\033[1;32m") != std::string::npos);
}

TEST_CASE("a version that cannot start is wrong, though the old one serves") {
    const auto [view, now] = read("new_version_fails");
    const auto report = make_report(view, now);
    CHECK(report.state == RolloutState::failing);
    CHECK_FALSE(report.healthy());
    const auto* cause = find(report, "IMAGE_NOT_FOUND");
    REQUIRE(cause != nullptr);
    CHECK(cause->severe);
    CHECK(find(report, "NOT_READY") == nullptr);  // people can join
    CHECK(report.old == 2);
    CHECK(report.rollout == "0 of 2 new pods ready; 2 old still serving");
    CHECK(longest_line(text_of(report, false)) <= columns);
}

TEST_CASE("a new version that was only just made is given time") {
    const auto [view, now] = read("new_version_fails");
    UnixMs made = 0;
    for (const auto& pod : view.pods) {
        made = std::max(made, *kube::parse_time(kube::text(pod, {"metadata", "creationTimestamp"})));
    }
    const auto report = make_report(view, made + 1000);
    CHECK(report.state == RolloutState::progressing);
    CHECK(report.healthy());
}

TEST_CASE("each thing that is wrong has its cause") {
    auto [view, now] = read("good");
    SECTION("a pod that does not answer is shown, the rest stays") {
        view.live.begin()->second = read_live(Result<Object>(Error{"CLUSTER_ERROR", "dial: timeout", {}, {}}));
        const auto report = make_report(view, now);
        REQUIRE(find(report, "POD_SILENT") != nullptr);
        CHECK(report.answered == 1);
        CHECK_FALSE(report.healthy());
        const auto text = text_of(report, false);
        CHECK(text.find("no answer") != std::string::npos);
        CHECK(text.find("(1 of 2 pods answer)") != std::string::npos);
    }
    SECTION("what a server says is wrong with it") {
        Live& live = view.live.begin()->second;
        live = read_live(boost::json::parse(R"({"schema":"waaft.statusz/1",
            "troubles":["The disk is full.\u001b[31m",7,"The certificate ends on 2026-12-01."]})")
                             .as_object());
        CHECK(live.troubles == std::vector<std::string>{"The disk is full.", "The certificate ends on 2026-12-01."});
        const auto report = make_report(view, now);
        REQUIRE(find(report, "POD_TROUBLE") != nullptr);
        CHECK(find(report, "POD_TROUBLE")->cause.message == "The disk is full.");
        CHECK(report.healthy());
        CHECK(text_of(report, false).find("The disk is full.") != std::string::npos);
    }
    SECTION("a certificate: soon, then ended") {
        const auto soon = make_report(view, view.certificate->ends - 86'400'000);
        REQUIRE(find(soon, "CERT_EXPIRING") != nullptr);
        CHECK_FALSE(find(soon, "CERT_EXPIRING")->severe);
        const auto late = make_report(view, view.certificate->ends + 1000);
        REQUIRE(find(late, "CERT_EXPIRED") != nullptr);
        CHECK_FALSE(late.healthy());
    }
    SECTION("no address, first a warning") {
        for (auto& service : view.services) service["status"] = Object();
        const auto made = *kube::parse_time(kube::text(view.deployment, {"metadata", "creationTimestamp"}));
        CHECK(make_report(view, made + 120'000).healthy());
        const auto report = make_report(view, made + 600'000);
        REQUIRE(find(report, "LB_PENDING") != nullptr);
        CHECK_FALSE(report.healthy());
        CHECK(report.url.empty());
        view.domain = "live.example.org";
        CHECK(make_report(view, now).url == "https://live.example.org/");
    }
    SECTION("no Service at all") {
        view.services.clear();
        CHECK_FALSE(make_report(view, now).healthy());
        view.exposed = false;
        CHECK(make_report(view, now).healthy());
    }
    SECTION("no pod is ready") {
        view.pods.clear();
        const auto report = make_report(view, now);
        REQUIRE(find(report, "NOT_READY") != nullptr);
        CHECK_FALSE(report.healthy());
    }
    SECTION("too few pods are wrong when it lasts, not while pods start") {
        for (auto& condition : view.deployment["status"].as_object()["conditions"].as_array()) {
            auto& object = condition.as_object();
            if (object["type"] == "Available") object["status"] = "False";
            object["lastTransitionTime"] = kube::format_time(now - 10'000);
        }
        CHECK(make_report(view, now).healthy());
        const auto report = make_report(view, now + 120'000);
        REQUIRE(find(report, "NOT_READY") != nullptr);
        CHECK_FALSE(report.healthy());
    }
    SECTION("nothing is deployed") {
        View nothing;
        nothing.name = "waaft";
        const auto report = make_report(nothing, now);
        REQUIRE(find(report, "NOT_FOUND") != nullptr);
        CHECK_FALSE(report.healthy());
        CHECK(report.state == RolloutState::none);
    }
    SECTION("a part that may not be read is a warning") {
        view.certificate.reset();
        view.refused.push_back({"FORBIDDEN", "the certificate cannot be read", "secrets/waaft-cluster", "ask"});
        const auto report = make_report(view, now);
        REQUIRE(find(report, "FORBIDDEN") != nullptr);
        CHECK(report.healthy());
        CHECK_FALSE(report.certificate.has_value());
    }
}

TEST_CASE("JSON has every part, and foreign texts are clean in it") {
    auto [view, now] = read("new_version_fails");
    view.events.clear();
    view.deployment["spec"]
        .as_object()["template"]
        .as_object()["metadata"]
        .as_object()["labels"]
        .as_object()["app.kubernetes.io/version"] = "1\033[2J.0\xff";
    const auto json = json_of(make_report(view, now));
    for (const auto* key : {"schema",  "result",      "healthy", "time",     "context", "namespace",  "name",
                            "version", "image",       "digest",  "revision", "rollout", "autoscaler", "address",
                            "url",     "certificate", "live",    "redis",    "pods",    "problems"}) {
        INFO(key);
        CHECK(json.contains(key));
    }
    CHECK(json.at("version").as_string() == "1.0?");
    CHECK(json.at("healthy").as_bool() == false);
    CHECK(json.at("pods").as_array().size() == 3);
    CHECK(json.at("problems").at(0).at("severity").as_string() == "wrong");
}

TEST_CASE("a report of nothing but holes is made without fault") {
    View view;
    view.deployment = boost::json::parse(R"({"metadata":5,"spec":[],"status":"x"})").as_object();
    view.autoscaler = boost::json::parse(R"({"spec":{"metrics":[1,{}]},"status":{"conditions":{}}})").as_object();
    view.pods.push_back(
        boost::json::parse(R"({"metadata":{"name":7},"status":{"containerStatuses":[null]}})").as_object());
    view.services.push_back({});
    view.replica_sets.push_back({});
    const auto report = make_report(view, 0);
    CHECK_FALSE(text_of(report, false).empty());
    CHECK_FALSE(boost::json::serialize(json_of(report)).empty());
}

TEST_CASE("the Redis that pods share is shown as the worst of them finds it") {
    const auto statusz = [](const std::string& redis, bool draining = false) {
        auto said =
            boost::json::parse(R"({"schema":"waaft.statusz/1","version":"0.1.0","rooms":3,"members":7})").as_object();
        said["draining"] = draining;
        if (!redis.empty()) said["redis"] = boost::json::parse(redis);
        return read_live(Result<Object>(std::move(said)));
    };
    const std::string good =
        R"({"up":true,"version":"7.0.15","latencyMs":1.26,"usedMemory":5242880,"maxMemory":268435456,
        "appendonly":"yes","appendfsync":"always","trouble":""})";
    const auto changed = [&](std::string_view from, std::string_view to) {
        auto text = good;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    struct Row {
        std::string first, second;
        std::string code;  // empty: no problem
        bool healthy;
        std::string words;  // of the line
    };
    for (const auto& row : std::vector<Row>{
             {good, good, "", true, "7.0.15, 1.3 ms, 5.0 of 256 MiB, on the disk before it answers"},
             {good, changed("1.26", "9.5"), "", true, "7.0.15, 9.5 ms"},
             {good, changed(R"("appendfsync":"always")", R"("appendfsync":"")"), "", true, ""},
             {changed("always", "everysec"), good, "REDIS_NOT_DURABLE", true, "appendfsync everysec"},
             {changed(R"("appendonly":"yes")", R"("appendonly":"no")"), good, "REDIS_NOT_DURABLE", true,
              "keeps nothing"},
             {good, changed(R"("up":true)", R"("up":false)"), "REDIS_AWAY", false, "away: no pod reaches it"},
             {changed("5242880", "260000000"), good, "REDIS_FULL", true, ""},
             {R"({"up":1,"latencyMs":"x","version":[]})", "", "REDIS_AWAY", false, ""}}) {
        auto [view, now] = read("good");
        auto pod = view.live.begin();
        pod->second = statusz(row.first);
        (++pod)->second = statusz(row.second);
        const auto report = make_report(view, now);
        const auto text = text_of(report, false);
        INFO(text);
        CHECK((row.code.empty() ? report.problems.empty() : find(report, row.code) != nullptr));
        CHECK(report.healthy() == row.healthy);
        CHECK(text.find(row.words) != std::string::npos);
        CHECK(longest_line(text) <= columns);
    }
    auto [view, now] = read("good");
    CHECK_FALSE(make_report(view, now).redis.has_value());
    view.live.begin()->second = statusz(good, true);
    const auto report = make_report(view, now);
    CHECK(report.pods.front().draining);
    CHECK(json_of(report).at("redis").at("durable").as_bool());
    view.redis = boost::json::parse(R"({"metadata":{"name":"waaft-redis"},"status":{"replicas":1}})").as_object();
    const auto without = make_report(view, now);
    REQUIRE(find(without, "REDIS_AWAY") != nullptr);
    CHECK(find(without, "REDIS_AWAY")->cause.object == "StatefulSet/waaft-redis");
}
