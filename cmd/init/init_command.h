// `waaft init`: the files that a project begins with.
//
// Thread: main. Ownership: values. Nothing is asked, and no file that is there is changed without --force; what is
// refused is refused before anything is written. Errors: output_exists, file_unwritable, usage_*, config_*; see
// cmd/command.h. JSON: {"schema":"waaft.init/1","result":"written","written":["..."],"kept":["..."],"next":["..."]}.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command init_command();

}  // namespace waaft::cmd
