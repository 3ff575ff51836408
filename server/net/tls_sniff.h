// What a connection speaks, told from its first byte, so that TLS and plain HTTP share one port.
//
// Thread: any, no state. Ownership: values. Errors: FirstByte::neither.
// Source: RFC 8446 section 5.1 (a handshake record begins with 22), RFC 9110 section 5.6.2 and 9.1
// (a request begins with its method, a token; methods in use are letters; RFC 9112 section 2.2
// lets an empty line come first).
#pragma once

#include <cstdint>

namespace waaft::net {

enum class FirstByte : std::uint8_t { tls, http, neither };

constexpr FirstByte sniff(std::uint8_t byte) {
    if (byte == 0x16) return FirstByte::tls;
    const bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    return letter || byte == '\r' || byte == '\n' ? FirstByte::http : FirstByte::neither;
}

}  // namespace waaft::net
