// What deploy, rollback, history and destroy have in common: the project, the way to the cluster, the ends.
//
// Thread: main. Ownership: a Session owns what one run of a command uses. Errors: see start().
#pragma once

#include "cmd/deploy/watch.h"
#include "cmd/kube/connect.h"
#include "cmd/project/options.h"

#include <optional>

namespace waaft::deploy {

// Of one command line; shared with the options' closures.
struct Input : project::CommandFlags {
    cmd::Environment environment;
};
std::vector<cmd::Option> shared_options(const Input& input);
using cmd::flag;

struct Session {
    Session(const cmd::Streams& the_streams, const Input& the_input)
        : streams(the_streams), input(the_input), progress(the_streams, the_input.common->progress) {}

    const cmd::Streams& streams;
    const Input& input;
    os::Interrupt interrupt;
    cmd::Progress progress;
    project::Project project;
    std::unique_ptr<kube::Api> api;

    // Reads the project and starts the way to the cluster, which the first request waits for.
    Result<void, cmd::Errors> start();
    Work work(Duration otherwise);
};

// Runs a command and ends it: with `--output json` its failure is an object of `schema` too.
Result<cmd::Exit, cmd::Errors> finish(const cmd::Streams& streams, const Input& input, std::string_view schema,
                                      Result<cmd::Exit, cmd::Errors> done);

}  // namespace waaft::deploy
