// What each command about a running deployment begins with: its flags, waaft.yaml, the way to the cluster.
//
// Thread: main. Ownership: a Session owns the project and the way to the cluster. Errors: those of
// project::load() and kube::connect().
#pragma once

#include "cmd/kube/connect.h"
#include "cmd/project/options.h"
#include "cmd/ui/progress.h"

#include <memory>
#include <string_view>
#include <vector>

namespace waaft::status {

using SessionFlags = project::CommandFlags;

// Those of `own`, then the common ones, then the project's. --timeout is for commands that wait for something.
std::vector<cmd::Option> with_session_options(std::vector<cmd::Option> own, const SessionFlags& flags,
                                              bool waits = false);
// A switch, and an option with a value.
cmd::Option switch_option(std::string name, std::string doc, std::function<void()> set);
cmd::Option value_option(std::string name, std::string value, std::string doc,
                         std::function<void(const std::string& flag, const std::string& text)> set);

struct Session {
    project::Loaded loaded;
    std::unique_ptr<kube::Api> api;

    const project::Project& project() const { return loaded.project; }
};

// Only the project; for what needs no cluster, and the first half of open_session().
Result<project::Loaded, cmd::Errors> load_project(const SessionFlags& flags, const cmd::Environment& environment);
Result<Session, cmd::Errors> open_session(const SessionFlags& flags, const cmd::Environment& environment,
                                          const cmd::Streams& streams, const os::Interrupt* interrupt);

// The answer of a command that failed: as JSON if that was asked for, else for main to print.
Result<cmd::Exit, cmd::Errors> failed(const SessionFlags& flags, const cmd::Streams& streams, std::string_view schema,
                                      const cmd::Errors& errors);

}  // namespace waaft::status
