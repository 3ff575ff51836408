#include "cmd/deploy/diff.h"
#include "cmd/deploy/evidence.h"
#include "cmd/deploy/image.h"
#include "cmd/deploy/lease.h"
#include "cmd/deploy/preflight.h"
#include "cmd/deploy/revision.h"
#include "cmd/deploy/rollback.h"
#include "tests/support/catch.h"

#include <boost/json/parse.hpp>

using namespace waaft;

namespace {

kube::Object object(std::string_view text) {
    return boost::json::parse(boost::json::string_view(text.data(), text.size())).as_object();
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a plan shows each field that changes, and nothing that the cluster itself keeps") {
    struct Row {
        std::string name, before, after;
        Lines lines;
    };
    const auto row = GENERATE(values<Row>({
        {"a value", R"({"spec":{"a":1}})", R"({"spec":{"a":2}})", {"~ spec.a: 1 -> 2"}},
        {"more and less", R"({"spec":{"a":1}})", R"({"spec":{"b":"x"}})", {"- spec.a: 1", "+ spec.b: x"}},
        {"by name",
         R"({"c":[{"name":"x","v":1},{"name":"y"}]})",
         R"({"c":[{"name":"y"},{"name":"x","v":2}]})",
         {"~ c[x].v: 1 -> 2"}},
        {"element gone",
         R"({"c":[{"name":"x"},{"name":"y"}]})",
         R"({"c":[{"name":"x"}]})",
         {R"(- c[y]: {"name":"y"})"}},
        {"plain list", R"({"c":[1,2]})", R"({"c":[1]})", {"~ c: [1,2] -> [1]"}},
        {"texts by line",
         R"({"data":{"f":"a\nb\nc\n"}})",
         R"({"data":{"f":"a\nx\nc\n"}})",
         {"~ data.f:", "    - b", "    + x"}},
        {"secret",
         R"({"kind":"Secret","data":{"p":"b25l","q":"x"}})",
         R"({"kind":"Secret","data":{"p":"dHdv"}})",
         {"~ data.p: *** (changed)", "- data.q: ***"}},
    }));
    CAPTURE(row.name);
    const auto before = object(row.before);
    const auto change = deploy::compare(&before, object(row.after));
    REQUIRE(change.has_value());
    CHECK(change->action == "update");
    CHECK(change->lines == row.lines);
}

TEST_CASE("what the cluster keeps is no change; what is not there is created") {
    const auto live = object(R"({"kind":"Service","metadata":{"name":"w","uid":"1","resourceVersion":"5","generation":2,
        "managedFields":[],"annotations":{"deployment.kubernetes.io/revision":"3"}},"status":{"x":1}})");
    const auto planned = object(R"({"kind":"Service","metadata":{"name":"w","annotations":{}}})");
    CHECK_FALSE(deploy::compare(&live, planned).has_value());
    const auto created = deploy::compare(nullptr, planned);
    REQUIRE(created.has_value());
    CHECK(created->action == "create");
    CHECK(created->object == "Service/w");
}

TEST_CASE("a revision survives its Secret") {
    deploy::Revision revision{.number = 7,
                              .status = "failed",
                              .image = "h/r@sha256:1",
                              .at = "2026-11-24T05:00:01Z",
                              .by = "u@h",
                              .cause = "OOM",
                              .note = {},
                              .objects = {object(R"({"kind":"Service"})")}};
    const auto back = deploy::from_secret(deploy::to_secret(revision, "waaft"));
    REQUIRE(back.has_value());
    CHECK(back->number == 7);
    CHECK(back->status == "failed");
    CHECK(back->cause == "OOM");
    CHECK(back->objects == revision.objects);
    // As the cluster answers it: [{"kind":"Service"}]
    const auto stored = object(R"({"metadata":{"annotations":{"waaft/revision":"2","waaft/status":"deployed"}},
        "data":{"objects":"W3sia2luZCI6IlNlcnZpY2UifV0="}})");
    const auto read = deploy::from_secret(stored);
    REQUIRE(read.has_value());
    CHECK(read->objects == revision.objects);
}

TEST_CASE("a Secret that is no revision is left out") {
    for (const auto* text : {R"({})", R"({"metadata":{"annotations":{"waaft/revision":"x"}}})",
                             R"({"metadata":{"annotations":{"waaft/revision":"1"}},"data":{"objects":"***"}})",
                             R"({"metadata":{"annotations":{"waaft/revision":"1"}},"stringData":{"objects":"[1]"}})",
                             R"({"metadata":{"annotations":{"waaft/revision":"0"}},"stringData":{"objects":"[]"}})"}) {
        CAPTURE(text);
        CHECK_FALSE(deploy::from_secret(object(text)).has_value());
    }
}

TEST_CASE("prune goes by what revisions had, and never takes a namespace") {
    const auto service = object(R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}})");
    const auto old = object(R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"old"}})");
    const auto space = object(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}})");
    std::vector<deploy::Revision> revisions(3);
    for (std::int64_t i = 0; i < 3; ++i) revisions[static_cast<std::size_t>(i)].number = i + 1;
    revisions[0].objects = {space, service, old};
    revisions[1].objects = {service, old};
    revisions[0].status = "deployed";
    revisions[1].status = "failed";
    revisions[2].status = "pending";
    CHECK(deploy::pruned_objects(revisions, {service}) == kube::Objects{old});
    REQUIRE(deploy::last_deployed(revisions, 3) != nullptr);
    CHECK(deploy::last_deployed(revisions, 3)->number == 1);
    CHECK(deploy::last_deployed(revisions, 1) == nullptr);
    CHECK(deploy::next_number(revisions) == 4);
    CHECK(deploy::next_number({}) == 1);
}

TEST_CASE("a lock holds for others until its end, by the cluster's clock") {
    const UnixMs now = 1'800'000'000'000;
    auto lease = deploy::make_lease("waaft", "me", now);
    CHECK(kube::text(lease, {"metadata", "name"}) == "waaft-deploy");
    CHECK(kube::text(lease, {"spec", "renewTime"}).ends_with(".000000Z"));
    CHECK(deploy::held_for(lease, "me", now) == 0);
    CHECK(deploy::held_for(lease, "you", now) == 30'000);
    CHECK(deploy::held_for(lease, "you", now + 29'000) == 1000);
    CHECK(deploy::held_for(lease, "you", now + 30'000) == 0);
    lease["spec"].get_object()["holderIdentity"] = "";
    CHECK(deploy::held_for(lease, "you", now) == 0);
}

TEST_CASE("the result of a push names the image") {
    const std::string digest = "sha256:" + std::string(64, 'a');
    const auto read = [&](const std::string& text) { return deploy::read_build_result(text, "push.json"); };
    const auto good = read(R"({"schema":"waaft.push/1","image":"127.0.0.1:5000/org/waaft@)" + digest +
                           R"(","tags":["127.0.0.1:5000/org/waaft:1.2"],"platforms":["linux/amd64"]})");
    REQUIRE(good.has_value());
    CHECK(good->reference == "127.0.0.1:5000/org/waaft@" + digest);
    CHECK(good->version == "1.2");
    CHECK(good->platforms == Lines{"linux/amd64"});
    for (const auto* bad : {"", "[]", "{}", R"({"image":"org/waaft:1"})", R"({"image":3})", "{"}) {
        CAPTURE(bad);
        const auto wrong = read(bad);
        REQUIRE(wrong.has_error());
        CHECK(wrong.error().code == "usage_build_result");
    }
}

TEST_CASE("an image must run on one of the nodes at least") {
    CHECK(deploy::missing_platforms({"linux/amd64"}, {"linux/amd64"}).empty());
    CHECK(deploy::missing_platforms({"linux/arm64/v8"}, {"linux/amd64", "linux/arm64"}).empty());
    CHECK(deploy::missing_platforms({"linux/arm64"}, {"linux/amd64"}) == Lines{"linux/amd64"});
    CHECK(deploy::missing_platforms({}, {"linux/amd64"}).empty());
    CHECK(deploy::missing_platforms({"linux/arm64"}, {}).empty());
}

TEST_CASE("what a cluster cannot do is told before anything changes") {
    deploy::ClusterFacts facts;
    facts.platforms = {"linux/amd64"};
    const auto errors = deploy::objections(facts, {"linux/arm64"}, "h/r@sha256:1");
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].code == "HPA_NO_METRICS");
    CHECK(errors[1].code == "IMAGE_ARCH");
    facts.has_metrics = true;
    CHECK(deploy::objections(facts, {"linux/amd64"}, "h/r@sha256:1").empty());
}

TEST_CASE("one Service for TCP and UDP goes by the cluster's version") {
    using project::Provider;
    CHECK(deploy::has_mixed_protocol("v1.34.4", Provider::any));
    CHECK_FALSE(deploy::has_mixed_protocol("v1.25.9", Provider::any));
    CHECK(deploy::has_mixed_protocol("v1.34.1-gke.2190000", Provider::gke));
    CHECK_FALSE(deploy::has_mixed_protocol("v1.34.1-gke.2180000", Provider::gke));
    CHECK(deploy::has_mixed_protocol("v1.35.0-gke.1", Provider::gke));
    CHECK_FALSE(deploy::has_mixed_protocol("", Provider::any));
}

TEST_CASE("evidence is one JSON object; a rollout out of time has the cause TIMEOUT") {
    deploy::Watched watched;
    watched.waiting_for = "0 of 1 new pods ready";
    const auto causes = deploy::causes_of(watched, "waaft");
    REQUIRE(causes.size() == 1);
    CHECK(causes.front().code == "TIMEOUT");
    watched.causes = causes;
    watched.logs.emplace_back("pod/server", "line\n");
    const auto evidence = object(deploy::evidence_json(watched, "h/r@sha256:1", 0));
    CHECK(kube::text(evidence, {"schema"}) == "waaft.evidence/1");
    CHECK(kube::text(evidence, {"logs", "pod/server"}) == "line\n");
    watched.standing = kube::Standing::ready;
    watched.causes.clear();
    CHECK(deploy::causes_of(watched, "waaft").empty());
}
