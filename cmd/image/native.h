// The builder that needs no engine: packs the running program itself.
//
// Thread: main. Ownership: values. Units: bytes. Errors: as in build.h. Source: oci.h, contents.h.
#pragma once

#include "cmd/image/build.h"

namespace waaft::image {

Result<Built> build_native(const BuildOrder& order, cmd::Progress& progress, const os::Interrupt& interrupt);

}  // namespace waaft::image
