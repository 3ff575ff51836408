// What is where in a tar archive, without unpacking it: for what `docker save` writes.
//
// Thread: any. Ownership: values; the archive stays where it is. Units: bytes from its begin. Bounds:
// 100,000 entries, paths of 4 KiB. Errors: Malformed. Source: POSIX.1-2017, pax(1) (ustar and pax
// headers); GNU tar's long names.
#pragma once

#include "cmd/registry/malformed.h"
#include "server/base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace waaft::registry {

struct TarFile {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::string link;  // of a symbolic or hard link; empty: a file
};

// Reads `size` bytes at `offset`; fewer at the end of the archive or when it cannot be read.
using ReadAt = std::function<std::string(std::uint64_t offset, std::size_t size)>;

// By path, without "./" in front; folders are left out.
Result<std::map<std::string, TarFile>, Malformed> index_tar(const ReadAt& read);

}  // namespace waaft::registry
