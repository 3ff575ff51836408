// What a Dockerfile asks of waaft before docker builds from it: its first line may be
//
//   # waaft: rootfs=build/rootfs.tar
//
// and then the image's bare files are written there, so that `ADD build/rootfs.tar /` finds them.
//
// Thread: any, no state. Ownership: values. Errors: usage_dockerfile for a path that is not below the build's
// folder or no .tar. Source: `waaft init --dockerfile` writes such a file.
#pragma once

#include "server/base/result.h"

#include <string>
#include <string_view>

namespace waaft::image {

// The path, from the build's folder; empty: nothing is asked for. `name` is the file's, for errors.
Result<std::string> wanted_rootfs(std::string_view dockerfile, const std::string& name);

}  // namespace waaft::image
