#include "cmd/registry/digest.h"

#include "server/base/bytes.h"

#include <array>
#include <new>

namespace waaft::registry {

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

void Sha256::add(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

std::string Sha256::digest() {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> value{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context_.get(), value.data(), &size) != 1) throw std::bad_alloc();
    return "sha256:" + to_hex(Bytes(value.data(), size));
}

std::string digest_of(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.digest();
}

}  // namespace waaft::registry
