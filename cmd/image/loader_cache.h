// The file that tells the dynamic loader where libraries are: /etc/ld.so.cache.
//
// Thread: any, no state. Ownership: values. Bounds: at most 65,536 entries, names of 4,096 bytes.
// Errors: LoaderCacheError, never an exception. Source: glibc, sysdeps/generic/dl-cache.h
// (struct cache_file_new; the older form before it is skipped).
#pragma once

#include "server/base/bytes.h"
#include "server/base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::image {

enum class LoaderCacheError : std::uint8_t { unknown_format, truncated, too_many };
std::string_view to_string(LoaderCacheError error);

// "libc.so.6" -> paths, in the order in which the loader looks. Variants for newer processors
// (glibc-hwcaps) are left out: an image must run on every node.
using LoaderCache = std::map<std::string, std::vector<std::string>, std::less<>>;

Result<LoaderCache, LoaderCacheError> read_loader_cache(Bytes file);

}  // namespace waaft::image
