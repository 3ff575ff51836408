#include "cmd/deploy/shared.h"

#include "cmd/ui/failure.h"

#include <iterator>

namespace waaft::deploy {

std::vector<cmd::Option> shared_options(const Input& input) {
    auto options = cmd::common_options(input.common);
    auto more = project::project_options(input.project);
    options.insert(options.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return options;
}

cmd::Option flag(std::string name, std::string value, std::string doc, std::function<void(const std::string&)> put) {
    cmd::Option option;
    option.name = std::move(name);
    option.value = std::move(value);
    option.doc = std::move(doc);
    option.set = [put = std::move(put)](const std::string&, const std::string& text) { put(text); };
    return option;
}

Result<void, cmd::Errors> Session::start() {
    if (!input.common->wrong.empty()) return input.common->wrong;
    auto flags = *input.project;
    flags.file = input.common->file;
    flags.environment = input.common->environment;
    auto loaded = project::load(flags, input.environment);
    if (!loaded) return loaded.error();
    for (const auto& warning : loaded->warnings) progress.warn(warning);
    project = std::move(loaded->project);
    auto connected = kube::connect(project, *input.common, streams, &interrupt);
    if (!connected) return cmd::Errors{connected.error()};
    api = std::move(*connected);
    return {};
}

Work Session::work(Duration otherwise) {
    const auto given = input.common->timeout;
    return {.api = *api,
            .progress = progress,
            .interrupt = interrupt,
            .name = project.name,
            .deadline = Clock::now() + (given == Duration::zero() ? otherwise : given)};
}

Result<cmd::Exit, cmd::Errors> finish(const cmd::Streams& streams, const Input& input, std::string_view schema,
                                      Result<cmd::Exit, cmd::Errors> done) {
    if (done || !input.common->json()) return done;
    return cmd::write_failure(streams.out, schema, done.error());
}

}  // namespace waaft::deploy
