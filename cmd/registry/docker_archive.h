// An image of the Docker engine as an OCI layout: `docker save` into a folder for a while, then a
// manifest of ours over the engine's configuration and the layers, packed with gzip.
//
// Thread: main. Ownership: the folder is the caller's. Units: bytes. Bounds: those of tar_index.h and
// manifest.h. The same image gives the same bytes. Errors: preflight_docker, IMAGE_NOT_FOUND,
// layout_unusable, file_unwritable, and what Interrupt::error() says.
// Source: Docker image specification v1.2 ("Combined Image JSON + Filesystem Changeset Format"), which
// every engine writes as manifest.json; the engine's own digests need containerd's store.
#pragma once

#include "cmd/os/interrupt.h"
#include "cmd/ui/progress.h"
#include "server/base/time.h"

#include <string>

namespace waaft::registry {

// Writes the layout of `name` ("waaft:1.2") into `folder`/layout and answers that path. `timeout` is that of
// the engine; zero: none.
Result<std::string> layout_of_engine(const std::string& name, const std::string& folder, cmd::Progress& progress,
                                     Duration timeout, const os::Interrupt* interrupt);

// The same of an archive that is there already. An OCI layout in it is taken as it stands.
Result<std::string> layout_of_archive(const std::string& archive, const std::string& folder, cmd::Progress& progress,
                                      const os::Interrupt* interrupt);

}  // namespace waaft::registry
