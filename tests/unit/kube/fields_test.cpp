#include "cmd/kube/fields.h"
#include "cmd/kube/api_error.h"
#include "cmd/kube/kinds.h"
#include "tests/support/catch.h"

using namespace waaft;

TEST_CASE("what is absent reads as empty") {
    const kube::Object pod{{"kind", "Pod"}, {"metadata", kube::Object{{"name", "a"}}}, {"status", 3}};
    CHECK(kube::title_of(pod) == "Pod/a");
    CHECK(kube::text(pod, {"status", "phase"}).empty());
    CHECK(kube::text(pod, {"metadata", "name", "more"}).empty());
    CHECK(kube::number(pod, {"spec", "replicas"}, 1) == 1);
    CHECK(kube::list(pod, {"metadata"}).empty());
    CHECK(kube::controller_of(pod).empty());
}

TEST_CASE("times and quantities are read") {
    CHECK(kube::parse_time("1970-01-01T00:01:00Z") == 60'000);
    CHECK(kube::parse_time("2026-11-24T05:10:31.25Z") == kube::parse_time("2026-11-24T05:10:31Z").value() + 250);
    CHECK_FALSE(kube::parse_time("yesterday"));
    CHECK(kube::format_time(60'000) == "1970-01-01T00:01:00Z");
    CHECK(kube::parse_quantity("500m") == 500);
    CHECK(kube::parse_quantity("2") == 2000);
    CHECK(kube::parse_quantity("1Ki") == 1'024'000);
    CHECK(kube::parse_quantity("1e3") == 1'000'000);
    CHECK(kube::parse_quantity("120550n") == 1);
    CHECK_FALSE(kube::parse_quantity("much"));
}

TEST_CASE("each kind has its place") {
    struct Row {
        std::string api_version, kind, path;
    };
    const auto row = GENERATE(values<Row>({
        {"v1", "Namespace", "/api/v1/namespaces/x"},
        {"v1", "ConfigMap", "/api/v1/namespaces/live/configmaps/x"},
        {"apps/v1", "Deployment", "/apis/apps/v1/namespaces/live/deployments/x"},
        {"networking.k8s.io/v1", "Ingress", "/apis/networking.k8s.io/v1/namespaces/live/ingresses/x"},
    }));
    const kube::Kind kind{row.api_version, row.kind};
    const auto resource = kube::known_resource(kind);
    REQUIRE(resource);
    CHECK(kube::path_of(kind, *resource, "live", "x") == row.path);
    CHECK_FALSE(kube::known_resource({"example.org/v1", "Deployment"}));
}

TEST_CASE("what the cluster refuses has a cause code") {
    const auto status = [](int code, std::string_view message) {
        return R"({"kind":"Status","status":"Failure","message":")" + std::string(message) + R"(","code":)" +
               std::to_string(code) + "}";
    };
    struct Row {
        int http;
        std::string body, code;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {403, status(403, "pods is forbidden: User bob cannot list resource pods"), "FORBIDDEN"},
        {403, status(403, "pods x is forbidden: violates PodSecurity restricted:latest: privileged"), "ADMISSION_PSS"},
        {403, status(403, "services x is forbidden: exceeded quota: small"), "QUOTA"},
        {403, status(403, "unable to create new content in namespace x because it is being terminated"),
         "NAMESPACE_TERMINATING"},
        {403, status(403, "admission webhook w denied the request: no"), "ADMISSION_DENIED"},
        {401, status(401, "Unauthorized"), "UNAUTHORIZED"},
        {404, status(404, "namespaces nope not found"), "NOT_FOUND"},
        {404, "404 page not found", "KIND_UNKNOWN"},
        {422, status(422, "Deployment.apps x is invalid: spec.replicas"), "INVALID_OBJECT"},
        {429, status(429, "too many requests"), "CLUSTER_BUSY"},
        {500, "dial tcp 127.0.0.1:6444: connect: connection refused", "CLUSTER_UNREACHABLE"},
        {500, "getting credentials: exec: executable gke-gcloud-auth-plugin not found", "UNAUTHORIZED"},
        {500, "something else", "CLUSTER_ERROR"},
        {409,
         R"({"kind":"Status","message":"Apply failed","reason":"Conflict","code":409,"details":{"causes":[
            {"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\"","field":".spec.replicas"}]}})",
         "CONFLICT"},
    }));
    CAPTURE(row.body);
    const auto error = kube::error_of_status(row.http, row.body, "Deployment/x");
    CHECK(error.code == row.code);
    CHECK(error.where == "Deployment/x");
    if (row.code == "CONFLICT") CHECK(error.what.find(".spec.replicas: conflict with") != std::string::npos);
}

TEST_CASE("kubectl's own errors have a cause code") {
    CHECK(kube::error_of_kubectl("error: context \"x\" does not exist\n").code == "CONTEXT_UNKNOWN");
    CHECK(kube::error_of_kubectl("error: stat /nowhere: no such file or directory").code == "KUBECTL_FAILED");
    CHECK_FALSE(kube::error_of_kubectl("").what.empty());
}

TEST_CASE("a load balancer is an IP or a host name, the first that there is") {
    const auto host = [](boost::json::array addresses) { return kube::host_in(addresses); };
    CHECK(host({}).empty());
    CHECK(host({3, kube::Object{{"ports", 1}}}).empty());
    CHECK(host({kube::Object{{"ip", "192.0.2.7"}}, kube::Object{{"ip", "192.0.2.8"}}}) == "192.0.2.7");
    CHECK(host({kube::Object(), kube::Object{{"hostname", "lb.example.org"}}}) == "lb.example.org");
    CHECK(host({kube::Object{{"type", "IPAddress"}, {"value", "192.0.2.9"}}}) == "192.0.2.9");
}
