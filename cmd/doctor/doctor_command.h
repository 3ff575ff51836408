// `waaft doctor`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; exit code 4 when a check failed.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command doctor_command(const Environment& environment);

}  // namespace waaft::cmd
