// What a registry has under a name: for `deploy`, which runs images by digest and must know for which
// processors they are.
//
// Thread: main. Ownership: values. Errors: as in failure.h: IMAGE_NOT_FOUND, REGISTRY_AUTH ...
#pragma once

#include "cmd/registry/credentials.h"
#include "cmd/registry/reference.h"

#include <map>
#include <string>
#include <vector>

namespace waaft::registry {

struct ImageInfo {
    Reference reference;  // as it was asked for, with the digest
    std::string media_type;
    std::vector<std::string> platforms;         // "linux/amd64"
    std::map<std::string, std::string> labels;  // of the first platform
};

// `reference` has a tag or a digest.
Result<ImageInfo> inspect(const Reference& reference, const Access& access, const os::Interrupt* interrupt);

}  // namespace waaft::registry
