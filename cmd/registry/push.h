// An image folder into a registry, under one or more tags, and the proof that it is there.
//
// Thread: main. Ownership: values; nothing is kept. Units: bytes. Errors: as in failure.h, TAG_EXISTS,
// layout_unusable, interrupted. After an error the registry holds no tag that names something incomplete:
// blobs come first, then manifests, then tags; the same push again goes on from there.
// Source: OCI distribution spec 1.1, "Push".
#pragma once

#include "cmd/registry/push_blobs.h"

namespace waaft::registry {

struct PushOrder {
    Reference repository;           // host and repository
    std::vector<std::string> tags;  // the first is the version
    bool force = false;             // move tags that are taken
    Access access;
};

// From what waaft.yaml says: the version first, then its tags and `more`, each once. Errors: usage_image, usage_tag.
Result<PushOrder> make_push_order(const project::Project& project, const std::string& version,
                                  const std::vector<std::string>& more, const cmd::Environment& environment);

struct Pushed {
    std::string digest;
    std::vector<std::string> platforms;
    BlobsPushed blobs;
    bool unchanged = false;  // all tags were there already, with this digest
};

Result<Pushed> push(const PushOrder& order, const Layout& layout, cmd::Progress& progress,
                    const os::Interrupt* interrupt);

// "1.2" and "v1.2-3-gabcdef-dirty", but never "latest".
Result<void> check_tag(const std::string& tag);

}  // namespace waaft::registry
