// The other files that a project may begin with: a pipeline for a CI system, a Dockerfile.
//
// Thread: any, no state. Ownership: values. Errors: usage_repository if nobody said where the image goes, usage_image
// for a reference that is none. No file holds a secret: pipelines take them from the CI system's own store, by
// standard input or a file, never as an argument.
#pragma once

#include "cmd/project/project.h"

#include <string>
#include <string_view>

namespace waaft::init {

struct File {
    std::string path;  // from the folder of waaft.yaml
    std::string text;
};

File dockerfile();

// Where the image that pipelines run in is, unless somebody says otherwise: the tag `ci` beside the server's own.
std::string default_ci_image(const project::Project& project);

// `system` is "github" or "gitlab".
Result<File> pipeline(std::string_view system, const project::Project& project, const std::string& ci_image);

}  // namespace waaft::init
