// `waaft load chat URL`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; exit code 1 when anything was lost.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command load_command();

}  // namespace waaft::cmd
