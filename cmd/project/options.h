// The flags that all commands with a waaft.yaml have in common, and the project as they say it.
//
// Thread: main. Ownership: the options' closures share the flags. Errors: those of project/load.h, and what the common
// flags collected.
#pragma once

#include "cmd/project/load.h"
#include "cmd/ui/progress.h"

#include <functional>
#include <memory>
#include <vector>

namespace waaft::project {

struct CommandFlags {
    std::shared_ptr<cmd::CommonFlags> common = std::make_shared<cmd::CommonFlags>();
    std::shared_ptr<Flags> project = std::make_shared<Flags>();
};

// Those of `own`, then of the common ones and the project's those that the command `takes`; all without it.
std::vector<cmd::Option> with_shared_options(std::vector<cmd::Option> own, const CommandFlags& flags,
                                             const std::function<bool(const cmd::Option&)>& takes = {});

// --config and -e are among the common flags; the first thing that a command does.
Result<Loaded, cmd::Errors> load(const CommandFlags& flags, const cmd::Environment& environment);

}  // namespace waaft::project
