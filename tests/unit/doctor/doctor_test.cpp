// What waaft doctor makes of each answer: tables of answers and verdicts.
#include "cmd/doctor/cluster.h"
#include "cmd/doctor/redis.h"
#include "cmd/doctor/tools.h"
#include "tests/support/catch.h"

#include <boost/json/parse.hpp>

#include <algorithm>

using namespace waaft;
using namespace waaft::doctor;

namespace {

Answer json(const std::string& text) { return Answer(boost::json::parse(text).as_object()); }
Answer refused(const std::string& code) { return Answer(Error{code, "the answer was no", "somewhere", "a hint"}); }

project::Project defaults() { return {}; }

Result<os::ProcessResult> ended(int code, std::string out, std::string err) {
    os::ProcessResult result;
    result.exit_code = code;
    result.out = std::move(out);
    result.err = std::move(err);
    return result;
}

struct Row {
    Check check;
    State state;
    std::string detail;  // a part of it
    std::string fix;     // a part of it
};

void check(const std::vector<Row>& rows) {
    for (const auto& row : rows) {
        INFO(row.check.id << ": " << row.check.detail << " / " << row.check.fix);
        CHECK(row.check.state == row.state);
        CHECK(row.check.detail.find(row.detail) != std::string::npos);
        CHECK(row.check.fix.find(row.fix) != std::string::npos);
        if (row.state == State::failed) CHECK_FALSE(row.check.fix.empty());
    }
}

}  // namespace

TEST_CASE("docker and kubectl are judged by how they ended") {
    const Result<os::ProcessResult> missing = Error{"process_not_found", "there is no docker", "docker", {}};
    check({
        {judge_docker(ended(0, R"({"Server":{"Version":"20.10.24"}})", ""), true), State::passed, "20.10.24", ""},
        {judge_docker(missing, false), State::warning, "--builder native", "apt-get install docker.io"},
        {judge_docker(missing, true), State::failed, "not installed", "apt-get install docker.io"},
        {judge_docker(ended(1, "{}", "permission denied while trying"), true), State::failed, "permission denied",
         "usermod"},
        {judge_docker(ended(1, R"({"Client":{}})", "x\nCannot connect to the Docker daemon"), false), State::warning,
         "Cannot connect", "systemctl start docker"},
        {judge_docker(ended(0, "no json", ""), true), State::failed, "no engine", ""},
        {judge_kubectl(ended(0, R"({"clientVersion":{"gitVersion":"v1.34.4"}})", "")), State::passed, "v1.34.4", ""},
        {judge_kubectl(ended(0, "[]", "")), State::failed, "", "kubectl version"},
        {judge_kubectl(missing), State::failed, "not installed", "kubernetes.io"},
    });
}

TEST_CASE("rights that are missing are named by resource, with the command that gives them") {
    const std::vector<Right> rights{
        {"", "pods", "list"}, {"apps", "deployments", "get"}, {"apps", "deployments", "patch"}};
    const auto yes = json(R"({"status":{"allowed":true}})");
    const auto no = json(R"({"status":{"allowed":false}})");
    const auto me = json(R"({"status":{"userInfo":{"username":"jane doe"}}})");
    const kube::Target target{"", "kind", "live"};
    check({
        {judge_rights(rights, {yes, yes, yes}, me, target), State::passed, "live", ""},
        {judge_rights(rights, {yes, no, no}, me, target), State::failed, "deployments: get, patch",
         "kubectl --context kind --namespace live create rolebinding waaft-deployer --clusterrole=admin "
         "'--user=jane doe'"},
        {judge_rights(rights, {no, no, no}, refused("NOT_FOUND"), target), State::failed, "anything", "--user=YOU"},
        {judge_rights(rights, {yes, refused("CLUSTER_ERROR"), yes}, me, target), State::failed, "no", "hint"},
    });
    const auto needed = needed_rights();
    CHECK(std::any_of(needed.begin(), needed.end(), [](const Right& right) { return right.resource == "pods/proxy"; }));
}

TEST_CASE("the cluster's abilities") {
    auto gateway = defaults();
    gateway.expose.mode = project::Expose::gateway;
    auto gke = gateway;
    gke.cluster.provider = project::Provider::gke;
    gke.cluster.project = "acme-1";
    gke.cluster.zone = "europe-west1";
    gke.cluster.name = "one";
    const auto waiting =
        json(R"({"items":[{"metadata":{"name":"a","namespace":"n"},"spec":{"type":"LoadBalancer"}}]})");
    const auto given = json(R"({"items":[{"metadata":{"name":"a","namespace":"n"},"spec":{"type":"LoadBalancer"},
        "status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"}]}}}]})");
    const auto none = json(R"({"items":[]})");
    const auto gce = json(R"({"items":[{"spec":{"providerID":"gce://x"}}]})");
    check({
        {judge_version(json(R"({"major":"1","minor":"34+","gitVersion":"v1.34.4"})")), State::passed, "v1.34.4", ""},
        {judge_version(json(R"({"major":"1","minor":"27","gitVersion":"v1.27.1"})")), State::failed, "older",
         "upgrade"},
        {judge_version(refused("CLUSTER_UNREACHABLE")), State::failed, "no", "hint"},
        {judge_autoscaling(json("{}")), State::passed, "autoscaling/v2", ""},
        {judge_metrics(refused("KIND_UNKNOWN")), State::failed, "no metrics API", "metrics-server"},
        {judge_metrics(refused("CLUSTER_ERROR")), State::failed, "no", "apiservice"},
        {judge_metrics(refused("FORBIDDEN")), State::passed, "there", ""},
        {judge_metrics(none), State::warning, "no node yet", ""},
        {judge_metrics(json(R"({"items":[{}]})")), State::passed, "1 node", ""},
        {judge_load_balancer(none, none, defaults()), State::skipped, "not to be known", ""},
        {judge_load_balancer(none, gce, defaults()), State::passed, "GKE", ""},
        {judge_load_balancer(waiting, none, defaults()), State::warning, "n/a",
         "kubectl describe service --namespace n a"},
        {judge_load_balancer(given, none, defaults()), State::passed, "n/a", ""},
        {judge_load_balancer(given, none, gateway), State::skipped, "not needed", ""},
        {judge_gateway(refused("KIND_UNKNOWN"), defaults()), State::skipped, "not needed", ""},
        {judge_gateway(refused("KIND_UNKNOWN"), gateway), State::failed, "Gateway API", "kubectl apply"},
        {judge_gateway(refused("KIND_UNKNOWN"), gke), State::failed, "Gateway API",
         "gcloud container clusters update one --gateway-api=standard --location=europe-west1 --project=acme-1"},
        {judge_gateway(none, gateway), State::failed, "no GatewayClass", "kubectl get gatewayclass"},
    });
}

TEST_CASE("quota, Pod Security and processors against what is configured") {
    const auto quota = [](const std::string& hard) {
        return json(R"({"items":[{"metadata":{"name":"q"},"spec":{"hard":{)" + hard + R"(}}}]})");
    };
    const auto nodes = [](const std::string& architecture) {
        return json(R"({"items":[{"status":{"nodeInfo":{"architecture":")" + architecture + R"("}}}]})");
    };
    auto arm = defaults();
    arm.image.platforms = {"linux/arm64"};
    auto three = defaults();
    three.autoscaling.min = 3;
    check({
        {judge_quota(quota(R"("requests.cpu":"10")"), defaults()), State::passed, "20 pods", ""},
        {judge_quota(quota(R"("requests.cpu":"10","requests.memory":"1Gi")"), defaults()), State::warning, "4 pods",
         "waaft scale --max 4"},
        {judge_quota(quota(R"("pods":"2")"), three), State::failed, "autoscaling.min is 3", "quota"},
        {judge_quota(quota(R"("services":"2")"), defaults()), State::passed, "nothing limits", ""},
        {judge_quota(refused("FORBIDDEN"), defaults()), State::skipped, "cannot be read", ""},
        {judge_pod_security(refused("NOT_FOUND"), defaults()), State::passed, "makes it", ""},
        {judge_pod_security(json(R"({"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}})"),
                            defaults()),
         State::passed, "baseline", ""},
        {judge_pod_security(json("{}"), defaults()), State::warning, "no level", "kubectl label namespace waaft"},
        {judge_architecture(nodes("arm64"), arm), State::passed, "linux/arm64", ""},
        {judge_architecture(nodes("amd64"), arm), State::failed, "linux/amd64", "--platform linux/amd64"},
        {judge_architecture(nodes("riscv64"), defaults()), State::warning, "needs docker",
         "waaft build-image --builder docker"},
        {judge_architecture(nodes("amd64"), arm), State::failed, "linux/amd64", "--platform linux/amd64"},
        {judge_architecture(json(R"({"items":[]})"), defaults()), State::warning, "no node", ""},
    });
}

TEST_CASE("a kubectl command that mends something names its cluster") {
    const kube::Target target{"my config", "kind", "live"};
    CHECK(for_target("kubectl apply -f x", target) == "kubectl --kubeconfig 'my config' --context kind apply -f x");
    for (const auto* other : {"kubectl --context other create x", "waaft scale --max 4", ""}) {
        CHECK(for_target(other, target) == other);
    }
}

TEST_CASE("one's own Redis is judged from here, or by what pods say") {
    redis::RedisStatus seen;
    seen.up = true;
    seen.version = "7.0.15";
    seen.appendonly = "yes";
    seen.appendfsync = "always";
    status::Live silent;
    status::Live good;
    good.answered = true;
    good.redis = status::LiveRedis{
        .up = true, .version = "7.0.15", .appendonly = "yes", .appendfsync = "everysec", .trouble = {}};
    auto bad = good;
    bad.redis->up = false;
    bad.redis->trouble = "The password is wrong.";
    check({
        {judge_seen_from_here(seen, "redis://10.0.0.3"), State::passed, "7.0.15, noeviction, appendfsync always", ""},
        {judge_seen_from_here(Error{"redis_policy", "Redis may delete rooms.", "10.0.0.3", "set noeviction"}, ""),
         State::failed, "may delete rooms", "set noeviction"},
        {judge_seen_by_pods({}, "no way"), State::warning, "no way", "waaft deploy"},
        {judge_seen_by_pods({silent}, "no way"), State::warning, "no pod runs", "waaft deploy"},
        {judge_seen_by_pods({silent, good}, "no way"), State::passed,
         "seen by the pods (from here not: no way): 7.0.15, appendfsync everysec", ""},
        {judge_seen_by_pods({good, bad}, "no way"), State::failed, "The password is wrong.", "redis.address"},
    });
    auto project = defaults();
    CHECK(check_redis(nullptr, project, {}, nullptr).state == State::skipped);
    project.redis.mode = project::RedisMode::external;
    project.redis.address = "redis://127.0.0.1:1";
    check(
        {{check_redis(nullptr, project, {}, nullptr), State::warning, "could not be asked from here", "waaft deploy"}});
    project.secrets["redis.password"].existing = "memorystore/password";
    check({{check_redis(nullptr, project, {}, nullptr), State::warning, "its password is in the cluster alone", ""}});
}
