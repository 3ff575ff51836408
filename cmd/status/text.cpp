#include "cmd/status/text.h"

#include "cmd/ui/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace waaft::status {
namespace {

constexpr std::size_t label_width = 13;

std::string painted(std::string_view text, std::string_view sgr, bool color) {
    if (!color) return std::string(text);
    return "\033[" + std::string(sgr) + "m" + std::string(text) + "\033[0m";
}

std::string padded(std::string_view text, std::size_t width) {
    auto result = cmd::fit(text, width - 1);
    const auto shown = static_cast<std::size_t>(std::count_if(
        result.begin(), result.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
    return result + std::string(width - shown, ' ');
}

std::string decimal(double value, int digits) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return {text.data(), std::min(static_cast<std::size_t>(size), text.size() - 1)};
}

std::string count(std::int64_t number, std::string_view one, std::string_view many) {
    return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

std::string row(std::string_view label, std::string_view text) {
    const std::string indent(label_width + 2, ' ');
    return "  " + padded(label, label_width) + wrapped(cmd::clean_line(text), columns - label_width - 2, indent) + "\n";
}

std::string verdict(const Report& report, bool color) {
    if (!report.healthy()) return painted("something is wrong", "1;31", color);
    if (report.state == RolloutState::progressing) return painted("rolling out", "1;33", color);
    return painted(report.problems.empty() ? "all is well" : "works, with warnings",
                   report.problems.empty() ? "1;32" : "1;33", color);
}

std::string version_text(const Report& report) {
    auto text = report.version.empty() ? std::string("unknown") : report.version;
    if (!report.digest.empty()) text += "  " + report.digest.substr(0, 19);
    if (!report.revision.empty()) text += "  revision " + report.revision;
    return text;
}

std::string autoscaler_text(const Autoscaler& scaler) {
    auto text = count(scaler.current, "pod", "pods") + " of " + std::to_string(scaler.min) + " to " +
                std::to_string(scaler.max);
    for (const auto& metric : scaler.metrics) {
        const auto unit = metric.unit.empty() ? std::string() : " " + metric.unit;
        text += "; " + metric.name + " " + (metric.current.empty() ? std::string("?") : metric.current + unit) +
                " of " + metric.target + unit;
    }
    return text + "; " + scaler.why;
}

std::string certificate_text(const Report& report) {
    const auto left = (report.certificate->ends - report.at) / 1000;
    const auto date = kube::format_time(report.certificate->ends).substr(0, 10);
    if (left <= 0) return "ended on " + date;
    return "until " + date + ", " + (left < 2 * 86'400 ? short_age(left) : std::to_string(left / 86'400) + " days") +
           " left";
}

std::string now_text(const Report& report) {
    if (report.answered == 0) return "no pod answers";
    auto text = count(report.rooms, "room", "rooms") + ", " + count(report.people, "person", "people");
    if (report.mbps) text += ", " + decimal(*report.mbps, 1) + " Mbps";
    if (report.cpu_cores) text += ", CPU " + decimal(*report.cpu_cores, 2) + " cores";
    const auto pods = static_cast<std::int64_t>(report.pods.size());
    if (report.answered < pods)
        text += " (" + std::to_string(report.answered) + " of " + count(pods, "pod", "pods") + " answer)";
    return text;
}

std::string redis_text(const LiveRedis& redis) {
    if (!redis.up) return "away: " + (redis.trouble.empty() ? std::string("no pod reaches it") : redis.trouble);
    auto text = redis.version + ", " + decimal(redis.latency_ms, 1) + " ms, " +
                decimal(static_cast<double>(redis.used_memory) / (1 << 20U), 1);
    if (redis.max_memory > 0) text += " of " + decimal(static_cast<double>(redis.max_memory) / (1 << 20U), 0);
    text += " MiB, ";
    if (redis.appendonly != "yes") return text + "keeps nothing on a disk";
    if (redis.appendfsync.empty()) return text + "on a disk, how soon it does not tell";
    return text + (redis.appendfsync == "always" ? "on the disk before it answers"
                                                 : "on a disk, appendfsync " + redis.appendfsync);
}

std::string pod_state(const PodReport& pod) {
    if (pod.draining) return "draining";
    if (pod.ready) return pod.current ? "ready" : "ready, old";
    return pod.phase == "Running" ? "not ready" : cmd::clean_line(pod.phase);
}

std::string pod_state_painted(const PodReport& pod, std::size_t width, bool color) {
    const auto text = padded(pod_state(pod), width);
    if (pod.draining) return painted(text, "33", color);
    return pod.ready ? painted(text, "32", color) : painted(text, "31", color);
}

// 24 + 11 + 6 + 5 + 7 + 6 + 7 + 6 leave 6 for the node.
std::string pod_line(const PodReport& pod, bool color) {
    const auto& live = pod.live;
    const auto figure = [&](const std::optional<double>& value, int digits) {
        return value ? decimal(*value, digits) : std::string("-");
    };
    auto line = "  " + padded(pod.name, 24) + pod_state_painted(pod, 11, color) +
                padded(std::to_string(pod.restarts), 6) + padded(short_age(pod.age_s), 5);
    if (live.answered) {
        line += padded(std::to_string(live.people), 7) + padded(std::to_string(live.rooms), 6) +
                padded(figure(live.mbps, 1), 7) + padded(figure(live.cpu_cores, 2), 6);
    } else {
        line += padded("no answer", 26);
    }
    return line + cmd::fit(pod.node, columns - 74) + "\n";
}

std::string pods_text(const Report& report, bool color) {
    if (report.pods.empty()) return {};
    auto text = "\n  " + padded("POD", 24) + padded("STATE", 11) + padded("AGAIN", 6) + padded("AGE", 5) +
                padded("PEOPLE", 7) + padded("ROOMS", 6) + padded("MBPS", 7) + padded("CPU", 6) + "NODE\n";
    for (const auto& pod : report.pods) text += pod_line(pod, color);
    return text;
}

std::string problem_text(const Problem& problem, bool color) {
    const auto& cause = problem.cause;
    const auto mark = problem.severe ? painted("wrong  ", "1;31", color) : painted("warning", "1;33", color);
    const std::string indent(10, ' ');
    const auto first = cause.code + (cause.object.empty() ? std::string() : " " + cause.object);
    auto text = "  " + mark + " " + wrapped(cmd::clean_line(first), columns - indent.size(), indent) + "\n";
    text += indent + wrapped(cmd::clean_line(cause.message), columns - indent.size(), indent) + "\n";
    for (const auto& event : cause.events)
        text += indent + "event: " + cmd::fit(cmd::clean_line(event), columns - 17) + "\n";
    if (!cause.hint.empty()) {
        const std::string deeper = indent + "     ";
        text += indent + "try: " + wrapped(cmd::clean_line(cause.hint), columns - deeper.size(), deeper) + "\n";
    }
    return text;
}

}  // namespace

std::string short_age(std::int64_t seconds) {
    if (seconds < 120) return std::to_string(seconds) + "s";
    if (seconds < 7200) return std::to_string(seconds / 60) + "m";
    if (seconds < 2 * 86'400) return std::to_string(seconds / 3600) + "h";
    return std::to_string(seconds / 86'400) + "d";
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view indent) {
    std::string result;
    while (text.size() > width) {
        auto end = text.rfind(' ', width);
        if (end == std::string_view::npos || end == 0) end = text.find(' ', width);
        if (end == std::string_view::npos) break;
        result += std::string(text.substr(0, end)) + "\n" + std::string(indent);
        text.remove_prefix(end + 1);
    }
    return result + std::string(text);
}

std::string text_of(const Report& report, bool color) {
    auto text = painted(cmd::clean_line(report.name), "1", color) + " in " + cmd::clean_line(report.name_space) +
                " of " + cmd::clean_line(report.context) + ": " + verdict(report, color) + "\n\n";
    if (report.state != RolloutState::none) {
        text += row("version", version_text(report)) + row("image", report.image.substr(0, report.image.find('@'))) +
                row("rollout", report.rollout);
    }
    if (report.autoscaler) text += row("autoscaler", autoscaler_text(*report.autoscaler));
    if (!report.url.empty()) {
        const bool named = report.url.find(report.address) == std::string::npos && !report.address.empty();
        text += row("address", named ? report.url + " (" + report.address + ")" : report.url);
    }
    if (report.certificate) text += row("certificate", certificate_text(report));
    if (report.redis) text += row("redis", redis_text(*report.redis));
    if (report.state != RolloutState::none) text += row("now", now_text(report));
    text += pods_text(report, color);
    if (!report.problems.empty()) text += "\n";
    for (const auto& problem : report.problems) text += problem_text(problem, color);
    return text;
}

}  // namespace waaft::status
