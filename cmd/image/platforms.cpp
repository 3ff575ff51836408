#include "cmd/image/platforms.h"

#include "cmd/image/name.h"
#include "cmd/kube/api.h"
#include "cmd/os/process.h"

#include <set>

namespace waaft::image {
namespace {

constexpr std::chrono::seconds cluster_limit{3};
constexpr std::size_t output_max = 1024 * 1024;
constexpr const char* node_lines =
    R"(jsonpath={range .items[*]}{.status.nodeInfo.operatingSystem}/{.status.nodeInfo.architecture}{"\n"}{end})";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::vector<std::string> platforms_of_nodes(std::string_view lines) {
    std::set<std::string> found;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        if (auto platform = parse_platform(std::string(lines.substr(0, end)))) found.insert(std::move(*platform));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return {found.begin(), found.end()};
}

Result<PlatformChoice> choose_platforms(const project::Project& project, const os::Interrupt& interrupt) {
    const kube::Target target{project.cluster.kubeconfig, project.cluster.context, {}};
    if (target.context.empty() && target.kubeconfig.empty()) return PlatformChoice{{}, "no cluster is named"};
    const auto name = target.context.empty() ? target.kubeconfig : target.context;
    os::ProcessSpec spec;
    spec.argv = kube::kubectl_argv(target, {"get", "nodes", "--output", node_lines});
    spec.timeout = cluster_limit;
    spec.output_max = output_max;
    const auto ran = os::run(spec, &interrupt);
    if (!ran && os::is_interrupt(ran.error())) return ran.error();
    const auto unknown = [&](const std::string& why) {
        return PlatformChoice{{}, "the cluster " + name + " does not say what its nodes are: " + why};
    };
    if (!ran && ran.error().code == "process_not_found") return unknown("kubectl is not installed");
    if (!ran) return unknown("no answer within 3 s");
    if (!ran->ok()) return unknown(first_line(ran->err));
    auto platforms = platforms_of_nodes(ran->out);
    if (platforms.empty()) return unknown("it has none for Linux yet");
    return PlatformChoice{std::move(platforms), "as the nodes of " + name};
}

}  // namespace waaft::image
