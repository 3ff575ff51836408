// `waaft status`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; exit code 8 from --check when something is wrong.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command status_command(const Environment& environment);

}  // namespace waaft::cmd
