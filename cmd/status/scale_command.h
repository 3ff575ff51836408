// `waaft scale`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; exit code 8 when the new pods cannot run, 70 when they
// do not in time; the new limits stay then.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command scale_command(const Environment& environment);

}  // namespace waaft::cmd
