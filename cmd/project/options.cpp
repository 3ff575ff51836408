#include "cmd/project/options.h"

namespace waaft::project {

std::vector<cmd::Option> with_shared_options(std::vector<cmd::Option> own, const CommandFlags& flags,
                                             const std::function<bool(const cmd::Option&)>& takes) {
    const auto add = [&](std::vector<cmd::Option> options) {
        for (auto& option : options) {
            if (!takes || takes(option)) own.push_back(std::move(option));
        }
    };
    add(cmd::common_options(flags.common));
    add(project_options(flags.project));
    return own;
}

Result<Loaded, cmd::Errors> load(const CommandFlags& flags, const cmd::Environment& environment) {
    if (!flags.common->wrong.empty()) return flags.common->wrong;
    auto project = *flags.project;
    project.file = flags.common->file;
    project.environment = flags.common->environment;
    return load(project, environment);
}

}  // namespace waaft::project
