// Which files the loader takes for a program: its interpreter and every library that it needs, found as
// ld.so finds them, without running anything.
//
// Thread: any. Ownership: values; the files' bytes are in the result. Units: bytes. Bounds: 1,024
// libraries. Errors: program_unusable (no ELF program), library_missing (`where` names the folders that
// were searched). Order of the search: DT_RPATH of the library and of the program unless there is a
// DT_RUNPATH, that, /etc/ld.so.cache, the usual folders. LD_LIBRARY_PATH is not asked: the image would
// not have it. Source: ld.so(8).
#pragma once

#include "cmd/image/elf.h"

#include <functional>
#include <string>
#include <vector>

namespace waaft::image {

// The bytes at an absolute path; an error if there is no such file.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct LoadedFile {
    std::string path;  // where the image has it
    std::string content;
    friend bool operator==(const LoadedFile&, const LoadedFile&) = default;
};

// Sorted by path. A library that lies where only ld.so.cache or a RUNPATH finds it goes beside libc:
// the image has no cache, and the program lies elsewhere there.
Result<std::vector<LoadedFile>> loaded_files(const std::string& program, const Elf& elf, const ReadFile& read);

}  // namespace waaft::image
