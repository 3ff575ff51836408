// Where a finished image goes: a folder in OCI layout, one file for `docker load`, or the bare files, in a folder or
// one tar.
// Each appears whole or not at all: written beside, synced, renamed.
//
// Thread: any. Ownership: none is kept. Units: bytes. Errors: file_unwritable with the path and the
// system's reason (a full disk says so), output_exists for a folder that holds something else.
// Source: OCI image specification (image-layout.md), Docker image specification v1.2 ("Combined Image
// JSON + Filesystem Changeset Format").
#pragma once

#include "cmd/image/oci.h"

#include <string>

namespace waaft::image {

// An older layout at that path is replaced.
Result<void> write_layout(const std::string& folder, const Image& image, const ImageName& name);

// A docker archive (engines before 25) and an OCI layout in one tar.
Result<void> write_archive(const std::string& file, const Image& image, const ImageName& name);

// The files as the image has them, in a folder that is new or empty. False: without root they belong to
// the caller instead of their owners.
Result<bool> write_rootfs(const std::string& folder, const Contents& contents);

// The same files as one tar, for a Dockerfile's ADD: it keeps owners and modes, whoever writes it.
Result<void> write_rootfs_tar(const std::string& file, const Contents& contents);

}  // namespace waaft::image
