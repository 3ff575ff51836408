// `waaft logs`.
//
// Thread: main. Ownership: values; the kubectl processes that it starts are ended with it. Errors: see cmd/command.h.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command logs_command(const Environment& environment);

}  // namespace waaft::cmd
