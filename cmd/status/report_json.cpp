#include "cmd/status/report_json.h"

#include "cmd/ui/text.h"

#include <boost/json/array.hpp>

#include <cmath>

namespace waaft::status {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::string clean(const std::string& text) { return cmd::clean_line(text); }

value or_null(const std::string& text) { return text.empty() ? value() : value(clean(text)); }

// Three digits say enough.
value or_null(const std::optional<double>& number) {
    return number ? value(std::round(*number * 1000) / 1000) : value();
}

std::string_view name_of(RolloutState state) {
    switch (state) {
        case RolloutState::complete: return "complete";
        case RolloutState::progressing: return "progressing";
        case RolloutState::failing: return "failing";
        case RolloutState::none: break;
    }
    return "none";
}

value text(std::string_view view) { return value(std::string(view)); }

object live_json(const Live& live) {
    if (!live.answered) return {{"answered", false}, {"why", clean(live.why)}};
    return {{"answered", true},
            {"version", live.version},
            {"commit", live.commit},
            {"stopping", live.stopping},
            {"draining", live.draining},
            {"rooms", live.rooms},
            {"people", live.people},
            {"mbps", or_null(live.mbps)},
            {"cpuCores", or_null(live.cpu_cores)},
            {"memoryBytes", live.memory_bytes}};
}

object pod_json(const PodReport& pod) {
    return {{"name", clean(pod.name)},  {"node", or_null(pod.node)}, {"phase", clean(pod.phase)},
            {"ready", pod.ready},       {"draining", pod.draining},  {"current", pod.current},
            {"restarts", pod.restarts}, {"ageSeconds", pod.age_s},   {"live", live_json(pod.live)}};
}

value redis_json(const std::optional<LiveRedis>& redis) {
    if (!redis) return value();
    return object{{"up", redis->up},
                  {"version", or_null(redis->version)},
                  {"latencyMs", or_null(std::optional(redis->latency_ms))},
                  {"usedMemory", redis->used_memory},
                  {"maxMemory", redis->max_memory},
                  {"appendonly", or_null(redis->appendonly)},
                  {"appendfsync", or_null(redis->appendfsync)},
                  {"durable", redis->is_durable()},
                  {"trouble", or_null(redis->trouble)}};
}

value autoscaler_json(const std::optional<Autoscaler>& scaler) {
    if (!scaler) return value();
    array metrics;
    for (const auto& metric : scaler->metrics) {
        metrics.push_back(object{{"name", clean(metric.name)},
                                 {"unit", metric.unit},
                                 {"target", clean(metric.target)},
                                 {"current", or_null(metric.current)}});
    }
    return object{{"min", scaler->min},         {"max", scaler->max},
                  {"current", scaler->current}, {"desired", scaler->desired},
                  {"metrics", metrics},         {"measures", scaler->measuring == Measuring::works},
                  {"why", clean(scaler->why)}};
}

object problem_json(const Problem& problem) {
    const auto& cause = problem.cause;
    object json{
        {"severity", problem.severe ? "wrong" : "warning"}, {"code", cause.code}, {"message", clean(cause.message)}};
    if (!cause.object.empty()) json["object"] = clean(cause.object);
    if (!cause.container.empty()) json["container"] = clean(cause.container);
    if (!cause.hint.empty()) json["hint"] = clean(cause.hint);
    array events;
    for (const auto& event : cause.events) events.emplace_back(clean(event));
    if (!events.empty()) json["events"] = std::move(events);
    return json;
}

value certificate_json(const Report& report) {
    if (!report.certificate) return value();
    return object{{"secret", clean(report.certificate->secret)},
                  {"ends", kube::format_time(report.certificate->ends)},
                  {"secondsLeft", (report.certificate->ends - report.at) / 1000}};
}

}  // namespace

object json_of(const Report& report) {
    array pods;
    for (const auto& pod : report.pods) pods.push_back(pod_json(pod));
    array problems;
    for (const auto& problem : report.problems) problems.push_back(problem_json(problem));
    return {{"schema", "waaft.status/1"},
            {"result", "ok"},
            {"healthy", report.healthy()},
            {"time", kube::format_time(report.at)},
            {"context", clean(report.context)},
            {"namespace", clean(report.name_space)},
            {"name", clean(report.name)},
            {"version", or_null(report.version)},
            {"image", or_null(report.image)},
            {"digest", or_null(report.digest)},
            {"revision", or_null(report.revision)},
            {"rollout", object{{"state", text(name_of(report.state))},
                               {"text", clean(report.rollout)},
                               {"desired", report.desired},
                               {"ready", report.ready},
                               {"old", report.old},
                               {"draining", report.draining}}},
            {"autoscaler", autoscaler_json(report.autoscaler)},
            {"address", or_null(report.address)},
            {"url", or_null(report.url)},
            {"certificate", certificate_json(report)},
            {"live", object{{"pods", report.pods.size()},
                            {"answered", report.answered},
                            {"rooms", report.rooms},
                            {"people", report.people},
                            {"mbps", or_null(report.mbps)},
                            {"cpuCores", or_null(report.cpu_cores)}}},
            {"redis", redis_json(report.redis)},
            {"pods", std::move(pods)},
            {"problems", std::move(problems)}};
}

}  // namespace waaft::status
