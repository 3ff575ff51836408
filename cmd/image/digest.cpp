#include "cmd/image/digest.h"

#include "server/base/bytes.h"

#include <libdeflate.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>

namespace waaft::image {

std::string digest_of(std::string_view bytes) {
    std::array<std::uint8_t, 32> hash{};
    if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-256");
    }
    return "sha256:" + to_hex(hash);
}

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
