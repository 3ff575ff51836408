// Tokens from strangers: as they come, and with a payload of the fuzzer's under a right signature.
#include "server/auth/tokens.h"
#include "server/base/bytes.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>

using namespace waaft;
using namespace waaft::auth;

namespace {

const std::string secret(32, 's');

std::string sign(const std::string& purpose, std::string_view payload) {
    const std::string message = purpose + "\n" + std::string(payload);
    std::array<std::uint8_t, 32> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), as_bytes(message).data(), message.size(),
         mac.data(), &size);
    return to_base64url(as_bytes(payload)) + "." + to_base64url(mac);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Signer signer({secret});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // Nobody guesses a signature.
    if (signer.verify_resume(text).has_value() && text != signer.sign(*signer.verify_resume(text))) std::abort();
    static_cast<void>(signer.verify_link(text, 0));
    const auto resume = signer.verify_resume(sign("resume", text));
    if (resume.has_value() && !signer.verify_resume(signer.sign(*resume)).has_value()) std::abort();
    const auto link = signer.verify_link(sign("link", text), 0);
    if (link.has_value() && !signer.verify_link(signer.sign(*link), 0).has_value()) std::abort();
    return 0;
}
