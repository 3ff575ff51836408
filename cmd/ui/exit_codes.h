// Which exit code an Error or a Cause stands for: the one table of the program.
//
// Thread: any. Ownership: values. Errors: none. The README's list of exit codes says the same.
#pragma once

#include "cmd/command.h"

#include <string_view>

namespace waaft::cmd {

// Of one code, such as "process_timeout" or "IMAGE_NOT_FOUND"; unexpected if the table does not have it.
Exit exit_of_code(std::string_view code);

// An interrupt first, then the first error that the table has.
Exit exit_of(const Errors& errors);

}  // namespace waaft::cmd
