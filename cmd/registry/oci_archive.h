// An OCI layout out of a tar archive, as it stands: its digests stay.
//
// Thread: main. Ownership: `archive` is the caller's. Units: bytes. Bounds: those of manifest.h; only
// blobs whose names are digests are unpacked. Errors: file_unwritable, what Interrupt::error() says.
// Source: OCI image spec 1.1, image-layout.md.
#pragma once

#include "cmd/os/interrupt.h"
#include "cmd/registry/file.h"
#include "cmd/registry/tar_index.h"
#include "cmd/ui/progress.h"

namespace waaft::registry {

struct Archive {
    const ReadFile& file;
    const std::map<std::string, TarFile>& files;
};

// False: the archive has no layout, or one with layers that are not packed (engines from 25 on save those).
Result<bool> unpack_layout(const Archive& archive, const std::string& folder, cmd::Progress& progress,
                           const os::Interrupt* interrupt);

}  // namespace waaft::registry
