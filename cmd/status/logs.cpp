#include "cmd/status/logs.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace waaft::status {
namespace {

using kube::Object;

bool has_log(const Object& status, bool previous) {
    if (previous) return kube::has(status, {"lastState", "terminated"});
    return kube::has(status, {"state", "running"}) || kube::has(status, {"state", "terminated"}) ||
           kube::has(status, {"lastState", "terminated"});
}

}  // namespace

std::vector<LogSource> log_sources(const kube::Objects& pods, const LogOptions& options) {
    std::vector<LogSource> sources;
    for (const auto& pod : pods) {
        const auto& statuses =
            kube::list(pod, {"status", options.init ? "initContainerStatuses" : "containerStatuses"});
        for (const auto& entry : statuses) {
            const auto* status = entry.if_object();
            if (status == nullptr || !has_log(*status, options.previous)) continue;
            sources.push_back(
                {kube::name_of(pod), kube::text(*status, {"name"}), kube::number(*status, {"restartCount"})});
        }
    }
    return sources;
}

std::vector<std::string> log_argv(const kube::Target& target, const LogSource& source, const LogOptions& options,
                                  const std::string& since_time) {
    std::vector<std::string> arguments{"logs", source.pod, "--container", source.container};
    if (options.follow) arguments.emplace_back("--follow");
    if (options.previous) arguments.emplace_back("--previous");
    if (!since_time.empty()) {
        arguments.push_back("--since-time=" + since_time);
    } else {
        if (!options.since.empty()) arguments.push_back("--since=" + options.since);
        if (!options.tail.empty()) arguments.push_back("--tail=" + options.tail);
    }
    return kube::kubectl_argv(target, std::move(arguments));
}

std::map<std::string, std::string> short_names(const std::vector<LogSource>& sources, std::string_view deployment) {
    std::map<std::string, std::string> names;
    std::size_t width = 0;
    for (const auto& source : sources) {
        std::string_view name = source.pod;
        if (name.starts_with(std::string(deployment) + "-")) name.remove_prefix(deployment.size() + 1);
        names[source.pod] = name;
        width = std::max(width, name.size());
    }
    for (auto& [pod, name] : names) name.resize(width, ' ');
    return names;
}

}  // namespace waaft::status
