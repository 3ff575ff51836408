// What an image of waaft has in it: the program, the libraries that it loads, the certificates of public
// authorities, the copyright files of all of them, and the few files and folders that a program without a
// distribution needs.
//
// Thread: any. Ownership: values. Units: bytes, modes as in chmod(2). Bounds: 512 MiB a file.
// Errors: program_unusable, library_missing, certificates_missing, file_unreadable.
#pragma once

#include "cmd/image/libraries.h"
#include "cmd/image/tar.h"

#include <set>
#include <string>
#include <vector>

namespace waaft::image {

// Of the image's user; no machine has a user of that number by default.
constexpr std::uint32_t user_id = 65532;

struct ContentFile {
    TarEntry entry;
    std::string content;
};
using ContentFiles = std::vector<ContentFile>;  // sorted by path, folders before what is in them

struct Contents {
    std::string architecture;                 // "amd64"
    ContentFiles system;                      // changes when the distribution does
    ContentFiles program;                     // changes with each build
    std::set<std::string> without_copyright;  // packages and files
};

// `path` is the program's and names the libraries' $ORIGIN.
Result<Contents> collect_contents(const std::string& path, const ReadFile& read);

// Reads at most 512 MiB.
Result<std::string> read_content(const std::string& path);

// "amd64" of the program itself, so that another architecture can be refused before anything is read.
Result<std::string> architecture_of_program(const std::string& path);

}  // namespace waaft::image
