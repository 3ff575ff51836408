#include "server/auth/turn.h"

#include "server/base/bytes.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>

namespace waaft::auth {

TurnCredential turn_rest_credential(std::string_view secret, std::string_view user, UnixMs now, UnixMs ttl_ms) {
    TurnCredential credential;
    credential.username = std::to_string((now + ttl_ms) / 1000) + ":" + std::string(user);
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> mac{};
    unsigned size = 0;
    HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), as_bytes(credential.username).data(),
         credential.username.size(), mac.data(), &size);
    std::array<std::uint8_t, (SHA_DIGEST_LENGTH + 2) / 3 * 4 + 1> text{};  // EVP_EncodeBlock ends it with NUL
    const int length = EVP_EncodeBlock(text.data(), mac.data(), static_cast<int>(mac.size()));
    credential.password.assign(text.begin(), text.begin() + length);
    return credential;
}

}  // namespace waaft::auth
