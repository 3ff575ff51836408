// The decision between TLS and HTTP: what OpenSSL or Beast would take is never turned away.
#include "server/net/tls_sniff.h"

#include <cstddef>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using waaft::net::FirstByte;
    if (size == 0) return 0;
    const FirstByte first = waaft::net::sniff(data[0]);
    if ((data[0] == 22) != (first == FirstByte::tls)) std::abort();
    if (first == FirstByte::http && data[0] >= 0x80) std::abort();
    return 0;
}
