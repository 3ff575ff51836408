#include "cmd/deploy/shared.h"

#include "cmd/ui/failure.h"

namespace waaft::deploy {

std::vector<cmd::Option> shared_options(const Input& input) { return project::with_shared_options({}, input); }

Result<void, cmd::Errors> Session::start() {
    auto loaded = project::load(input, input.environment);
    if (!loaded) return loaded.error();
    for (const auto& warning : loaded->warnings) progress.warn(warning);
    project = std::move(loaded->project);
    const auto target = kube::choose_target(project, *input.common, streams, &interrupt);
    if (!target) return cmd::Errors{target.error()};
    auto started = kube::Api::start(*target, &interrupt);
    if (!started) return cmd::Errors{started.error()};
    api = std::move(*started);
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
