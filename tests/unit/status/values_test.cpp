// What is read of single things: a pod's own answer, an autoscaler, a certificate; and how it is drawn.
#include "cmd/status/autoscaler.h"
#include "cmd/status/certificate.h"
#include "cmd/status/collect.h"
#include "cmd/status/plot.h"
#include "cmd/status/statusz.h"
#include "cmd/status/text.h"
#include "tests/support/catch.h"

#include <boost/json/parse.hpp>

using namespace waaft::status;
using waaft::Error;
using waaft::Result;
using waaft::UnixMs;
using waaft::kube::Object;
using waaft::kube::parse_time;

namespace {

Object json(const std::string& text) { return boost::json::parse(text).as_object(); }

Live live(const std::string& text) { return read_live(Result<Object>(json(text))); }

const UnixMs noon = *parse_time("2026-11-24T12:00:00Z");

// An autoscaler that measures 30 of 60 %, with these conditions and this status.
Object hpa(const std::string& conditions, int current = 2, int desired = 2, bool measured = true) {
    return json(
        R"({"metadata":{"name":"waaft","creationTimestamp":"2026-11-24T11:00:00Z"},
        "spec":{"minReplicas":1,"maxReplicas":4,"behavior":{"scaleDown":{"stabilizationWindowSeconds":600}},
                "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":60}}}]},
        "status":{"currentReplicas":)" +
        std::to_string(current) + R"(,"desiredReplicas":)" + std::to_string(desired) +
        (measured
             ? R"(,"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":30}}}])"
             : "") +
        R"(,"conditions":[)" + conditions + "]}}");
}

}  // namespace

TEST_CASE("a pod's answer is read, and what is no such answer is none") {
    const auto good = live(R"({"schema":"waaft.statusz/1","version":"1.2","commit":"abc","stopping":true,"rooms":3,
        "members":7,"memoryBytes":1000,"cpuSeconds":1.5,"clockMs":5000,"totals":{"sent_bytes_total":4000000}})");
    CHECK(good.answered);
    CHECK(good.stopping);
    CHECK(good.rooms == 3);
    CHECK(good.people == 7);
    CHECK(good.sent_bytes == 4'000'000);
    CHECK(good.cpu_seconds == 1.5);
    CHECK_FALSE(live("{}").answered);
    CHECK_FALSE(live(R"({"schema":"other/1"})").answered);
    const auto bad = live(R"({"schema":"waaft.statusz/1","version":[],"rooms":"many","members":-5,"totals":3})");
    CHECK(bad.answered);
    CHECK(bad.people == 0);
    CHECK_FALSE(bad.cpu_seconds.has_value());
    const auto escape = live(R"({"schema":"waaft.statusz/1","version":"\u001b[2Jx"})");
    CHECK(escape.version == "x");
    const auto silent = read_live(Result<Object>(Error{"CLUSTER_ERROR", "no route", "pod", {}}));
    CHECK_FALSE(silent.answered);
    CHECK(silent.why == "no route");
}

TEST_CASE("rates come from two answers of one process") {
    const auto at = [](std::int64_t clock, std::int64_t sent, double cpu) {
        Live one;
        one.answered = true;
        one.clock_ms = clock;
        one.sent_bytes = sent;
        one.cpu_seconds = cpu;
        return one;
    };
    auto now = at(3000, 1'250'000, 2.0);
    add_rates(now, at(1000, 0, 1.0));
    CHECK(now.mbps == Approx(5.0));
    CHECK(now.cpu_cores == Approx(0.5));
    auto too_soon = at(1100, 10, 1.0);
    add_rates(too_soon, at(1000, 0, 1.0));
    CHECK_FALSE(too_soon.mbps.has_value());
    auto restarted = at(9000, 5, 0.1);
    add_rates(restarted, at(1000, 100, 3.0));
    CHECK_FALSE(restarted.mbps.has_value());
    CHECK_FALSE(restarted.cpu_cores.has_value());
}

TEST_CASE("the autoscaler says why it does or does not move") {
    const std::string able = R"({"type":"AbleToScale","status":"True","reason":"ReadyForNewScale"},)";
    const std::string active = R"({"type":"ScalingActive","status":"True","reason":"ValidMetricFound"},)";
    const auto limited = [](const std::string& status, const std::string& reason) {
        return R"({"type":"ScalingLimited","status":")" + status + R"(","reason":")" + reason + R"("})";
    };
    struct Row {
        std::string conditions;
        int current, desired;
        std::string why;
        Measuring measuring;
    };
    const std::vector<Row> rows{
        {able + active + limited("False", "DesiredWithinRange"), 2, 2, "steady", Measuring::works},
        {able + active + limited("False", "DesiredWithinRange"), 2, 3, "adds pods", Measuring::works},
        {able + active + limited("True", "TooManyReplicas"), 4, 4, "wants more than 4 pods and may not",
         Measuring::works},
        {able + active + limited("True", "TooFewReplicas"), 0, 1, "adds pods up to its minimum", Measuring::works},
        {able + active + limited("True", "TooManyReplicas"), 5, 4, "takes pods away down to its maximum",
         Measuring::works},
        {able + active + limited("True", "TooFewReplicas"), 1, 1, "would take away pods, but 1 is the minimum",
         Measuring::works},
        {R"({"type":"AbleToScale","status":"True","reason":"ScaleDownStabilized"},)" + active +
             limited("False", "DesiredWithinRange"),
         2, 2, "would take away pods; it waits until they were not needed for 600 s", Measuring::works},
        {able + R"({"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric",
                   "message":"no metrics returned","lastTransitionTime":"2026-11-24T11:50:00Z"})",
         1, 0, "cannot measure, so it does not move", Measuring::broken},
        {able + R"({"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric",
                   "lastTransitionTime":"2026-11-24T11:59:30Z"})",
         1, 0, "waits for its first measurement", Measuring::begins},
        {R"({"type":"AbleToScale","status":"False","reason":"FailedGetScale","message":"not found"})", 1, 0,
         "cannot change the number of pods", Measuring::broken},
    };
    for (const auto& row : rows) {
        INFO(row.why);
        const auto scaler = autoscaler_of(hpa(row.conditions, row.current, row.desired), noon);
        REQUIRE(scaler.has_value());
        CHECK(scaler->why == row.why);
        CHECK(scaler->measuring == row.measuring);
        CHECK(scaler->at_max == (row.current == 4));
        CHECK(scaler->cpu_percent == 30);
    }
    CHECK_FALSE(autoscaler_of({}, noon).has_value());
    const auto unmeasured = autoscaler_of(hpa(able + active + limited("False", "x"), 1, 1, false), noon);
    CHECK_FALSE(unmeasured->cpu_percent.has_value());
    CHECK(unmeasured->metrics.at(0).current.empty());
    CHECK(unmeasured->metrics.at(0).target == "60");
}

TEST_CASE("bytes that are no certificate have no end") {
    CHECK_FALSE(end_of_certificate("").has_value());
    CHECK_FALSE(end_of_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").has_value());
    CHECK_FALSE(certificate_of(json(R"({"data":{"tls.crt":"no base64"}})")).has_value());
    CHECK_FALSE(certificate_of({}).has_value());
}

TEST_CASE("bars reach from nothing to the largest value") {
    CHECK(bars({0.0, 5.0, 10.0}, false) == "_=#");
    CHECK(bars({1.0, std::nullopt, 1.0}, false) == "# #");
    CHECK(bars({0.0, 0.0}, true) == "▁▁");
    CHECK(bars({}, true).empty());
}

TEST_CASE("texts are broken at blanks, ages are short, query values are quoted") {
    CHECK(wrapped("one two three", 7, "  ") == "one two\n  three");
    CHECK(wrapped("unbreakable", 4, "") == "unbreakable");
    CHECK(short_age(90) == "90s");
    CHECK(short_age(3600) == "60m");
    CHECK(short_age(3 * 86'400) == "3d");
    CHECK(query_value("a/b=c,d") == "a%2Fb%3Dc%2Cd");
}
