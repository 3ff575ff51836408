// Datagrams on the public port: an answer, never much larger than its request, or a named drop.
#include "server/rtc/stun.h"

#include <algorithm>
#include <cstdlib>

using namespace waaft;
using namespace waaft::rtc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    SocketAddress from;
    from.v6 = size % 2 == 0;
    from.port = static_cast<std::uint16_t>(size);
    const auto sent = answer_binding(Bytes(data, size), from);
    if (sent.has_error()) {
        if (to_string(sent.error()) == "unknown") std::abort();
        return 0;
    }
    if (size < 20 || sent->size() > 3 * size || sent->size() > 128 || sent->size() % 4 != 0) std::abort();
    if (!std::equal(data + 4, data + 20, as_bytes(*sent).begin() + 4)) std::abort();
    const auto echoed = answer_binding(as_bytes(*sent), from);
    // Two servers must not talk to each other for ever.
    if (echoed.has_value() || echoed.error() != StunDrop::not_a_binding_request) std::abort();
    return 0;
}
