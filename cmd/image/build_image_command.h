// `waaft build-image`.
//
// Thread: main. Ownership: values. Errors: those of build.h, name.h and cmd/project/load.h; with
// `--output json` as cmd/ui/failure.h writes them. Source: docs/schemas/build-image.json says what success is.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command build_image_command(const Environment& environment);

}  // namespace waaft::cmd
