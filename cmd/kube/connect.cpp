#include "cmd/kube/connect.h"

#include <algorithm>

namespace waaft::kube {
namespace {

Error unnamed(const Contexts& contexts) {
    std::string there;
    for (const auto& name : contexts.names) there += (there.empty() ? "" : ", ") + name;
    return {"CONTEXT_UNNAMED",
            there.empty() ? "no cluster is named, and the kubeconfig has none"
                          : "no cluster is named; the kubeconfig has these contexts: " + there,
            "cluster.context", "name one with --context, or as cluster.context in waaft.yaml"};
}

bool may_ask(const cmd::CommonFlags& flags, const Contexts& contexts) {
    const auto& names = contexts.names;
    return cmd::can_ask() && !flags.json() && std::find(names.begin(), names.end(), contexts.current) != names.end();
}

}  // namespace

Result<Target> choose_target(const project::Project& project, const cmd::CommonFlags& flags,
                             const cmd::Streams& streams, const os::Interrupt* interrupt) {
    Target target{project.cluster.kubeconfig, project.cluster.context, project.cluster.namespace_};
    if (!target.context.empty()) return target;
    const auto contexts = read_contexts(target.kubeconfig, interrupt);
    if (!contexts) return contexts.error();
    if (!target.kubeconfig.empty() && contexts->names.size() == 1) {
        target.context = contexts->names.front();
        return target;
    }
    if (!may_ask(flags, *contexts)) return unnamed(*contexts);
    const auto question = "Use the cluster " + contexts->current + ", namespace " + target.name_space + "? [y/N] ";
    if (!cmd::confirm(streams, question, interrupt)) {
        if (interrupt != nullptr && interrupt->raised()) return interrupt->error();
        return unnamed(*contexts);
    }
    target.context = contexts->current;
    return target;
}

Result<std::unique_ptr<Api>> connect(const project::Project& project, const cmd::CommonFlags& flags,
                                     const cmd::Streams& streams, const os::Interrupt* interrupt) {
    const auto target = choose_target(project, flags, streams, interrupt);
    if (!target) return target.error();
    return Api::open(*target, interrupt);
}

}  // namespace waaft::kube
