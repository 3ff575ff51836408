// `waaft open`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; LB_PENDING (exit code 8) while there is no address.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command open_command(const Environment& environment);

}  // namespace waaft::cmd
