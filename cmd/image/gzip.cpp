#include "cmd/image/gzip.h"

#include <libdeflate.h>

#include <memory>
#include <new>

namespace waaft::image {

std::string gzip(std::string_view bytes) {
    constexpr int level = 6;
    const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
        libdeflate_alloc_compressor(level), libdeflate_free_compressor);
    if (!compressor) throw std::bad_alloc();
    std::string result(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
    // Never 0: the room is what the bound says.
    result.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), result.data(), result.size()));
    return result;
}

}  // namespace waaft::image
