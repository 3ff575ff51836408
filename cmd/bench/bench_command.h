// `waaft bench chat`, `waaft bench cluster`, `waaft bench image` and `waaft bench overload`.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h; a goal that is missed is no error, but
// a run that counts for nothing, because its load generator was late, is.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command bench_command();

}  // namespace waaft::cmd
