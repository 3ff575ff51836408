// An IPv4 or IPv6 address as a value. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is IPv4.
//
// Thread: any. Ownership: values. Units: network byte order; IPv4 uses the first 4 bytes.
// Errors: parse() gives nullopt. Source: RFC 4291 section 2 (text forms, mapped addresses).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace waaft::net {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};
    bool v6 = false;

    // Without brackets and port; a zone ("%eth0") is refused.
    static std::optional<IpAddress> parse(std::string_view text);
    // The raw bytes of an IPv6 socket address, where an IPv4 one is mapped.
    static IpAddress from_v6(const std::array<std::uint8_t, 16>& bytes);
    // AF_INET or AF_INET6; anything else is the unspecified IPv4 address.
    static IpAddress from_sockaddr(const sockaddr& address);

    std::string text() const;
    bool loopback() const;
    // The leading `bits` are the same, and so is the family.
    bool in_network(const IpAddress& network, unsigned bits) const;
    // What limits count: an IPv4 address, or the /64 of an IPv6 one (a host there owns all of it).
    std::uint64_t limit_key() const;
    // With all but the leading `bits` zero.
    IpAddress network(unsigned bits) const;

    friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

}  // namespace waaft::net
