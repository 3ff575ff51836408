// SHA-256 of bytes as they come, written as registries do: "sha256:<hex>".
//
// Thread: one for each Sha256. Ownership: RAII over EVP_MD_CTX. Errors: std::bad_alloc if OpenSSL gives
// none. Source: OCI image spec, descriptor.md "Digests".
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace waaft::registry {

class Sha256 {
public:
    Sha256();
    void add(std::string_view bytes);
    std::string digest();  // once, at the end

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string digest_of(std::string_view bytes);

}  // namespace waaft::registry
