#include "cmd/load/load_report.h"

#include <cstdio>

namespace waaft::load {
namespace {

namespace json = boost::json;

double ms_of(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

std::string fixed(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [name, count] : counts) {
        text += (text.empty() ? "" : "; ") + std::to_string(count) + " x " + name;
    }
    return text.empty() ? "none" : text;
}

json::object counts_json(const std::map<std::string, std::uint64_t>& counts) {
    json::object object;
    for (const auto& [name, count] : counts) object[name] = count;
    return object;
}

std::string phase_text(const ChatLoadReport::Phase& phase) {
    const auto percentile = [&](double fraction) { return fixed(ms_of(phase.latency.percentile(fraction)), 2); };
    std::string text = "deliveries  " + std::to_string(phase.deliveries) + " in " + fixed(phase.measured_seconds, 1) +
                       " s, " + fixed(phase.deliveries_per_second(), 0) + " a second\n";
    text += "latency     p50 " + percentile(0.5) + " ms, p99 " + percentile(0.99) + " ms, p99.9 " + percentile(0.999) +
            " ms, max " + fixed(ms_of(phase.latency.max()), 2) + " ms\n";
    text += "schedule    the latest send was " + fixed(ms_of(phase.behind.max()), 2) + " ms behind\n";
    if (phase.server_cpu_seconds > 0) {
        text += "server      " + fixed(phase.server_cpu_seconds, 2) + " s of CPU time, " +
                fixed(static_cast<double>(phase.deliveries) / phase.server_cpu_seconds, 0) + " deliveries for each\n";
    }
    return text;
}

json::object phase_json(const ChatLoadReport::Phase& phase) {
    const auto& latency = phase.latency;
    return {{"seconds", phase.measured_seconds},
            {"deliveries", phase.deliveries},
            {"deliveriesPerSecond", phase.deliveries_per_second()},
            {"latencyMs",
             {{"p50", ms_of(latency.percentile(0.5))},
              {"p99", ms_of(latency.percentile(0.99))},
              {"p999", ms_of(latency.percentile(0.999))},
              {"max", ms_of(latency.max())}}},
            {"behindMs", ms_of(phase.behind.max())},
            {"behindP99Ms", ms_of(phase.behind.percentile(0.99))},
            {"serverCpuSeconds", phase.server_cpu_seconds}};
}

}  // namespace

std::string report_text(const ChatLoadReport& report) {
    std::string text = "clients     " + std::to_string(report.joined) + " of " + std::to_string(report.clients) +
                       " joined in " + fixed(report.join_seconds, 1) + " s\n";
    text += "messages    " + std::to_string(report.sent) + " sent, " + std::to_string(report.acked) + " acked, " +
            std::to_string(report.unacked) + " unanswered, refused: " + counts_text(report.refused) + "\n";
    for (const auto& phase : report.phases) text += phase_text(phase);
    if (report.server_rss_joined > 0) {
        text += "memory      " + fixed(static_cast<double>(report.server_rss_joined) / 1048576, 1) +
                " MiB of the server when all had joined\n";
    }
    text += "order       " + std::to_string(report.disorder.lost) + " lost, " +
            std::to_string(report.disorder.duplicated) + " duplicated, " + std::to_string(report.disorder.reordered) +
            " reordered\n";
    return text + "closed      " + counts_text(report.closes) + "\n";
}

json::object report_json(const ChatLoadReport& report) {
    json::array phases;
    for (const auto& phase : report.phases) phases.push_back(phase_json(phase));
    return {{"schema", "waaft.load/1"},
            {"good", report.good()},
            {"interrupted", report.interrupted},
            {"clients", report.clients},
            {"joined", report.joined},
            {"joinSeconds", report.join_seconds},
            {"sent", report.sent},
            {"acked", report.acked},
            {"unacked", report.unacked},
            {"refused", counts_json(report.refused)},
            {"phases", phases},
            {"lost", report.disorder.lost},
            {"duplicated", report.disorder.duplicated},
            {"reordered", report.disorder.reordered},
            {"closes", counts_json(report.closes)},
            {"serverRssBefore", report.server_rss_before},
            {"serverRssJoined", report.server_rss_joined}};
}

}  // namespace waaft::load
