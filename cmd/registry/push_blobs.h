// The files of an image on their way into a registry, four at a time.
//
// Thread: main calls and draws; four workers send. Ownership: values; workers have ended when it returns.
// Units: bytes. Errors: the first that a worker met, as in failure.h; layout_unusable. What was begun and
// not ended is taken back (DELETE) where the registry still knows it; docker-registry 2.8 does not after a cut
// inside a piece, and removes such a remainder by itself. No name ever stands for something half-written.
#pragma once

#include "cmd/registry/layout.h"
#include "cmd/registry/session.h"
#include "cmd/registry/upload.h"
#include "cmd/ui/progress.h"

namespace waaft::registry {

struct BlobsPushed {
    std::uint64_t uploaded_bytes = 0;
    std::size_t uploaded = 0;
    std::size_t skipped = 0;  // were there already
};

Result<BlobsPushed> push_blobs(Session& session, const std::vector<LayoutBlob>& blobs, const UploadOptions& options,
                               cmd::Progress& progress);

}  // namespace waaft::registry
