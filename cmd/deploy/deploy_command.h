// `waaft deploy`, `waaft rollback`, `waaft history`, `waaft destroy`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h and deploy.h.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command deploy_command(const Environment& environment);
Command rollback_command(const Environment& environment);
Command history_command(const Environment& environment);
Command destroy_command(const Environment& environment);

}  // namespace waaft::cmd
