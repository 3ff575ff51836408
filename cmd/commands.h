// The table of subcommands.
//
// Thread: main. Ownership: values; `environment` is copied where it is needed. Errors: see command.h.
#pragma once

#include "cmd/command.h"
#include "server/app/build_info.h"
#include "server/app/config.h"

#include <functional>
#include <vector>

namespace waaft::cmd {

app::BuildInfo build_info();

// Runs the server until it is told to stop; main gives app::run_server.
using RunServer = Result<void> (*)(const app::Config&, const app::BuildInfo&);

Command serve_command(const Environment& environment, RunServer run_server);
Command version_command();
Command config_command(const Environment& environment);
Command key_command();
// `all` gives the table that is completed.
Command completion_command(std::function<std::vector<Command>()> all);

std::vector<Command> all_commands(const Environment& environment, RunServer run_server);

}  // namespace waaft::cmd
