#include "cmd/kube/diagnose.h"
#include "tests/support/catch.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <fstream>
#include <iterator>

using namespace waaft;

namespace {

// What a real cluster said in the course of one deploy, each time something had changed.
struct Frame {
    UnixMs after = 0;
    kube::Snapshot snapshot;
};

std::vector<Frame> read_frames(const std::string& name) {
    std::ifstream in(std::string(WAAFT_SOURCE_DIR) + "/tests/data/rollout/" + name + ".json");
    REQUIRE(in);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    std::vector<Frame> frames;
    const auto parsed = boost::json::parse(text);
    for (const auto& entry : parsed.as_array()) {
        kube::Objects items;
        for (const auto& item : entry.at("items").as_array()) items.push_back(item.as_object());
        frames.push_back({entry.at("after_ms").as_int64(), kube::make_snapshot(items, "waaft")});
    }
    return frames;
}

struct Outcome {
    kube::Standing standing = kube::Standing::progressing;
    UnixMs after = 0;
    kube::Verdict verdict;
};

// Looks each second for `seconds`, or until the rollout has ended.
Outcome replay(const std::vector<Frame>& frames, int seconds) {
    kube::Rollout rollout;
    Outcome outcome;
    for (UnixMs now = 0; now <= seconds * 1000; now += 1000) {
        const Frame* current = &frames.front();
        for (const auto& frame : frames) {
            if (frame.after <= now) current = &frame;
        }
        outcome.verdict = rollout.look(current->snapshot, 1'000'000 + now);
        outcome.standing = outcome.verdict.standing;
        outcome.after = now;
        if (outcome.standing != kube::Standing::progressing) return outcome;
    }
    return outcome;
}

}  // namespace

TEST_CASE("a broken deploy is doomed within 30 s, with its cause") {
    struct Row {
        std::string name, code, words;
        bool log;
    };
    const auto row = GENERATE(values<Row>({
        {"image_typo", "IMAGE_NOT_FOUND", "boxx:1: not found", false},
        {"image_name_bad", "IMAGE_NOT_FOUND", "must be lowercase", false},
        {"image_auth", "IMAGE_AUTH", "401 Unauthorized", false},
        {"registry_down", "REGISTRY_UNREACHABLE", "connection refused", false},
        {"no_such_program", "CRASH_EXIT", "/bin/nope", false},
        {"crash", "CRASH_EXIT", "exit code 2", true},
        {"roll_crash", "CRASH_EXIT", "exit code 3", true},
        {"oom", "OOM", "out of memory", true},
        {"readiness", "PROBE", "Readiness probe failed", true},
        {"startup_probe", "PROBE", "startup probe", true},
        {"secret_env", "CONFIG_MISSING", "secret \"absent\" not found", false},
        {"secret_volume", "CONFIG_MISSING", "secret \"absent\" not found", false},
        {"service_account", "CONFIG_MISSING", "serviceaccount \"absent\" not found", false},
        {"cpu", "UNSCHEDULABLE_CPU", "Insufficient cpu", false},
        {"memory", "UNSCHEDULABLE_MEMORY", "Insufficient memory", false},
        {"selector", "UNSCHEDULABLE_NODE", "affinity/selector", false},
        {"quota", "QUOTA", "exceeded quota", false},
        {"pss", "ADMISSION_PSS", "violates PodSecurity", false},
    }));
    CAPTURE(row.name);
    const auto outcome = replay(read_frames(row.name), 60);
    CHECK(outcome.standing == kube::Standing::doomed);
    CHECK(outcome.after <= 30'000);
    REQUIRE(outcome.verdict.causes.size() == 1);
    const auto& cause = outcome.verdict.causes.front();
    CHECK(cause.code == row.code);
    CHECK(cause.message.find(row.words) != std::string::npos);
    CHECK_FALSE(cause.hint.empty());
    CHECK(outcome.verdict.logs.size() == (row.log ? 1 : 0));
    if (row.log) CHECK(outcome.verdict.logs.front().container == "waaft");
}

TEST_CASE("a slow deploy is not doomed, and a good one is ready") {
    const auto good = GENERATE("good", "one_crash", "roll_drain", "roll_good");
    CAPTURE(good);
    CHECK(replay(read_frames(good), 60).standing == kube::Standing::ready);
}

TEST_CASE("an old pod that drains is progress, and is counted") {
    const auto frames = read_frames("roll_drain");
    const auto verdict = kube::Rollout().look(frames.front().snapshot, 1);
    CHECK(verdict.standing == kube::Standing::ready);
    CHECK(verdict.draining == 1);
    CHECK(verdict.waiting_for == "1 of 1 new pods ready; 1 draining");
}

TEST_CASE("one pod that serves keeps a rollout from being doomed") {
    const auto outcome = replay(read_frames("host_port"), 200);
    CHECK(outcome.standing == kube::Standing::progressing);
    REQUIRE(outcome.verdict.causes.size() == 1);
    CHECK(outcome.verdict.causes.front().code == "UNSCHEDULABLE_PORT");
}

TEST_CASE("a node that is being added is progress, however long, until the autoscaler declines") {
    auto frames = read_frames("cpu");
    auto& snapshot = frames.back().snapshot;
    const auto uid = kube::uid_of(snapshot.pods.front());
    const auto event = [&](std::string_view reason, std::string_view time) {
        return kube::Object{{"kind", "Event"},
                            {"reason", reason},
                            {"message", "pod triggered scale-up: [{pool 1->2 (max: 3)}]"},
                            {"lastTimestamp", time},
                            {"involvedObject", kube::Object{{"uid", uid}}}};
    };
    snapshot.events.push_back(event("TriggeredScaleUp", "2026-11-24T05:20:00Z"));
    const auto waiting = replay({{0, snapshot}}, 600);
    CHECK(waiting.standing == kube::Standing::progressing);
    CHECK(waiting.verdict.causes.at(0).code == "SCALE_UP_PENDING");
    snapshot.events.push_back(event("NotTriggerScaleUp", "2026-11-24T05:21:00Z"));
    const auto declined = replay({{0, snapshot}}, 600);
    CHECK(declined.standing == kube::Standing::doomed);
    CHECK(declined.after == 5000);
    CHECK(declined.verdict.causes.at(0).code == "UNSCHEDULABLE_CPU");
}

TEST_CASE("a quota that draining pods still fill is progress") {
    auto frames = read_frames("quota");
    auto snapshot = frames.back().snapshot;
    const kube::Object owner{{"uid", kube::uid_of(snapshot.replica_sets.front())}, {"controller", true}};
    snapshot.pods.push_back({{"kind", "Pod"},
                             {"metadata", kube::Object{{"name", "old"},
                                                       {"uid", "old"},
                                                       {"deletionTimestamp", "2026-11-24T05:20:00Z"},
                                                       {"ownerReferences", boost::json::array{owner}}}}});
    CHECK(replay({{0, snapshot}}, 300).standing == kube::Standing::progressing);
}

TEST_CASE("what a registry says tells why a pull failed") {
    struct Row {
        std::string message, code;
    };
    const auto row = GENERATE(values<Row>({
        {"manifest unknown: manifest unknown", "IMAGE_NOT_FOUND"},
        {"pull access denied, repository does not exist or may require authorization", "IMAGE_AUTH"},
        {"no match for platform in manifest: not found", "IMAGE_ARCH"},
        {"no matching manifest for linux/arm64/v8 in the manifest list entries", "IMAGE_ARCH"},
        {"failed to authorize: failed to fetch oauth token: 403 Forbidden", "IMAGE_AUTH"},
        {"tls: failed to verify certificate: x509: certificate signed by unknown authority", "REGISTRY_UNREACHABLE"},
        {"429 Too Many Requests: toomanyrequests: rate limit", "REGISTRY_UNREACHABLE"},
        {"http: server gave HTTP response to HTTPS client", "REGISTRY_UNREACHABLE"},
    }));
    CAPTURE(row.message);
    CHECK(kube::pull_code(row.message) == row.code);
}

TEST_CASE("exit codes are told in words") {
    CHECK(kube::exit_sentence(137, "OOMKilled") == "exit code 137: killed, out of memory");
    CHECK(kube::exit_sentence(139, "Error") == "exit code 139: segmentation fault");
    CHECK(kube::exit_sentence(127, "Error") == "exit code 127: the program does not exist");
    CHECK(kube::exit_sentence(42, "Error") == "exit code 42");
}

TEST_CASE("a Redis that does not come is why a rollout fails, and one that is not there yet is waited for") {
    const auto object = [](const char* text) { return boost::json::parse(text).as_object(); };
    kube::Snapshot snapshot;
    snapshot.deployment =
        object(R"({"metadata":{"uid":"d","generation":1,"annotations":{"deployment.kubernetes.io/revision":"1"}},
        "spec":{"replicas":1},"status":{"observedGeneration":1,"updatedReplicas":1,"availableReplicas":1}})");
    snapshot.replica_sets.push_back(
        object(R"({"metadata":{"uid":"r","annotations":{"deployment.kubernetes.io/revision":"1"},
        "ownerReferences":[{"controller":true,"uid":"d"}]}})"));
    snapshot.pods.push_back(
        object(R"({"metadata":{"uid":"p","name":"waaft-1","ownerReferences":[{"controller":true,"uid":"r"}]},
        "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}})"));
    CHECK(kube::Rollout().look(snapshot, 1000).standing == kube::Standing::ready);

    snapshot.redis = object(R"({"kind":"StatefulSet","metadata":{"uid":"s","name":"waaft-redis","generation":2},
        "status":{"observedGeneration":2,"readyReplicas":1,"currentRevision":"a","updateRevision":"a"}})");
    CHECK(kube::Rollout().look(snapshot, 1000).standing == kube::Standing::ready);
    for (const auto* status :
         {R"({"observedGeneration":1,"readyReplicas":1,"currentRevision":"a","updateRevision":"a"})",
          R"({"observedGeneration":2,"readyReplicas":1,"currentRevision":"a","updateRevision":"b"})",
          R"({"observedGeneration":2,"currentRevision":"a","updateRevision":"a"})"}) {
        snapshot.redis["status"] = boost::json::parse(status);
        const auto verdict = kube::Rollout().look(snapshot, 1000);
        CHECK(verdict.standing == kube::Standing::progressing);
        CHECK(verdict.waiting_for.starts_with("Redis is not ready; "));
    }
    snapshot.pods.push_back(object(
        R"({"kind":"Pod","metadata":{"uid":"q","name":"waaft-redis-0","ownerReferences":[{"controller":true,"uid":"s"}]},
        "status":{"phase":"Pending","containerStatuses":[{"name":"redis","state":{"waiting":{"reason":"ImagePullBackOff",
        "message":"Back-off pulling image \"redis:none\": not found"}}}]}})"));
    kube::Rollout rollout;
    rollout.look(snapshot, 1000);
    const auto verdict = rollout.look(snapshot, 1000 + 600'000);
    CHECK(verdict.standing == kube::Standing::doomed);
    REQUIRE_FALSE(verdict.causes.empty());
    CHECK(verdict.causes.front().object == "Pod/waaft-redis-0");
}
