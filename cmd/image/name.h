// What an image is called, and what git knows of the tree that it is made from.
//
// Thread: main. Ownership: values. Bounds: ten seconds for each question to git. Errors: usage_image,
// usage_version, usage_platform, and what Interrupt::error() says; a folder without git is no error.
// Source: OCI distribution specification (tags), git-describe(1).
#pragma once

#include "cmd/os/interrupt.h"
#include "server/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::image {

struct ImageName {
    std::string familiar;    // "org/waaft:1.2", as docker shows it
    std::string full;        // "docker.io/org/waaft:1.2"
    std::string repository;  // "docker.io/org/waaft"
    std::string tag;         // "1.2"
};

// Of "org/waaft" and "1.2".
Result<ImageName> name_image(const std::string& repository, const std::string& version);

struct Tree {
    std::string version;         // git describe --always --dirty, fit for a tag; empty: no git
    std::string commit;          // 12 digits
    std::string source;          // "https://host/org/waaft", of the remote "origin"; empty: none
    std::int64_t committed = 0;  // seconds since 1970; 0: no git
};
Result<Tree> read_tree(const std::string& folder, const os::Interrupt& interrupt);

// What a tag cannot have becomes '-'; at most 128 characters.
std::string as_tag(std::string_view text);

// The address of a remote for a browser, without user and password; empty: it has none.
std::string public_url(std::string_view remote);

// "linux/amd64"; "linux/arm64/v8" is "linux/arm64".
Result<std::string> parse_platform(const std::string& text);

}  // namespace waaft::image
