// `waaft bench chat`, `waaft bench cluster` and `waaft bench image`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; a goal that is missed is no error.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command bench_command();

}  // namespace waaft::cmd
