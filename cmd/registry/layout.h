// An image as a folder of files (OCI image layout), read to be pushed.
//
// Thread: any. Ownership: values; the files stay where they are. Units: bytes. Bounds: as in manifest.h.
// Errors: layout_unusable, with the file. Source: OCI image spec 1.1, image-layout.md.
#pragma once

#include "cmd/registry/manifest.h"

#include <string>
#include <vector>

namespace waaft::registry {

struct LayoutManifest {
    Descriptor descriptor;
    std::string bytes;
};

struct LayoutBlob {
    Descriptor descriptor;
    std::string path;
};

struct Layout {
    std::vector<LayoutManifest> manifests;  // what an index names before the index; the image itself is the last
    std::vector<LayoutBlob> blobs;          // each once
    std::vector<std::string> platforms;     // "linux/amd64"
    const LayoutManifest& root() const { return manifests.back(); }
};

// The one image of the folder; several that differ by platform are pushed as one index.
Result<Layout> read_layout(const std::string& folder);

}  // namespace waaft::registry
