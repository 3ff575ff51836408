// Which image is deployed, by digest: what --image or a push's result says, or what the registry has under the
// configured name and version.
//
// Thread: main. Ownership: values. Errors: usage_image, usage_build_result; what cmd/registry/inspect.h says; those of
// git when the version has to be asked for.
#pragma once

#include "cmd/command.h"
#include "cmd/os/interrupt.h"
#include "cmd/project/project.h"

#include <string>
#include <vector>

namespace waaft::deploy {

struct ImageChoice {
    std::string reference;               // "host/org/waaft@sha256:..."
    std::string version;                 // for labels; may be empty
    std::vector<std::string> platforms;  // "linux/amd64"; empty: not known
    std::string note;                    // what could not be asked, for people
};

struct ImageWish {
    std::string image;         // --image
    std::string build_result;  // --build-result: a file, or "-"
};

Result<ImageChoice> choose_image(const project::Project& project, const ImageWish& wish,
                                 const cmd::Environment& environment, const os::Interrupt* interrupt);

// The platforms that nodes have and the image has not; empty: all is well, or nothing is known.
std::vector<std::string> missing_platforms(const std::vector<std::string>& image,
                                           const std::vector<std::string>& nodes);

// The result of `waaft push --output json`.
Result<ImageChoice> read_build_result(std::string_view json, const std::string& where);

}  // namespace waaft::deploy
