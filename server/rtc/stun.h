// STUN Binding on the public UDP port: parse a request, write the answer. Sans-IO.
//
// Thread: any, no state. Ownership: spans are only read during the call. Errors: StunDrop, a named
// reason per datagram that gets no answer. Source: RFC 8489 (format 5, Binding 2.1,
// XOR-MAPPED-ADDRESS 14.2, FINGERPRINT 14.7, UNKNOWN-ATTRIBUTES 14.13).
#pragma once

#include "server/base/bytes.h"
#include "server/base/result.h"

#include <array>
#include <cstdint>
#include <string>

namespace waaft::rtc {

// Network byte order; v4 uses the first 4 bytes.
struct SocketAddress {
    std::array<std::uint8_t, 16> ip{};
    bool v6 = false;
    std::uint16_t port = 0;
};

enum class StunDrop : std::uint8_t {
    too_short,
    not_stun,
    bad_length,
    not_a_binding_request,
    bad_fingerprint,
    bad_attribute
};
std::string_view to_string(StunDrop drop);

// The datagram to send back: a success with XOR-MAPPED-ADDRESS (and FINGERPRINT if the request had
// one), or error 420 naming unknown comprehension-required attributes.
Result<std::string, StunDrop> answer_binding(Bytes datagram, const SocketAddress& from);

// A Binding request, as the page or a probe would send it.
std::string make_binding_request(const std::array<std::uint8_t, 12>& transaction);

}  // namespace waaft::rtc
