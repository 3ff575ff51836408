// One image from what was asked for, by docker or without it.
//
// Thread: main. Ownership: values. Units: bytes, Duration. Bounds: two seconds for the question whether an
// engine answers; a docker build as long as `timeout` says. Errors: IMAGE_ARCH, NO_BUILDER, BUILD_FAILED
// (with the last lines that docker wrote), usage_dockerfile, those of contents.h and output.h,
// process_timeout, and what Interrupt::error() says. What fails or is interrupted leaves no output.
#pragma once

#include "cmd/image/name.h"
#include "cmd/image/oci.h"
#include "cmd/os/interrupt.h"
#include "cmd/ui/causes.h"
#include "cmd/ui/progress.h"

#include <optional>
#include <string>
#include <vector>

namespace waaft::image {

enum class Builder : std::uint8_t { automatic, docker, native };
std::string_view to_string(Builder builder);

struct BuildOrder {
    ImageName name;
    Labels labels;
    Builder builder = Builder::automatic;
    std::vector<std::string> platforms;  // empty: the builder's own
    std::string platforms_why;           // if nobody named them

    // Of the native builder.
    std::string layout;  // folders and files to write; empty: not wanted
    std::string archive;
    std::string rootfs;         // "NAME.tar": one file
    bool layout_named = false;  // by the user, who then gets one
    bool layout_kept = true;    // false: for a push only

    // Of docker.
    std::string folder = ".";  // the build's context
    std::string dockerfile;    // from the current folder, not from that one
    std::string commit;        // of the tree
    bool no_cache = false;
    Duration timeout = std::chrono::hours(1);
};

struct Built {
    Builder builder = Builder::native;
    // Of the manifest or index. Of an image that is in the engine only: what that calls it, until it is pushed.
    // Empty: only bare files were written.
    std::string digest;
    std::vector<std::string> platforms;
    std::string layout;                       // empty: none was written
    std::string name;                         // in the engine; empty: it is not there
    std::optional<std::uint64_t> compressed;  // an engine does not know, bare files are not
    std::optional<std::uint64_t> uncompressed;
};

template <class T>
using Outcome = Result<T, cmd::Cause>;

Outcome<Built> build(const BuildOrder& order, cmd::Progress& progress, const os::Interrupt& interrupt);

}  // namespace waaft::image
