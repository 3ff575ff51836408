#include "server/net/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace waaft::net {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::from_v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress address;
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin())) {
        std::copy(bytes.begin() + 12, bytes.end(), address.bytes.begin());
        return address;
    }
    address.bytes = bytes;
    address.v6 = true;
    return address;
}

IpAddress IpAddress::from_sockaddr(const sockaddr& address) {
    IpAddress result;
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        std::array<std::uint8_t, 16> raw{};
        std::memcpy(raw.data(), &v6.sin6_addr, raw.size());
        return from_v6(raw);
    }
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        std::memcpy(result.bytes.data(), &v4.sin_addr, 4);
    }
    return result;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    // inet_pton stops at a zero byte, so a text with one must not get that far.
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
    const std::string copy(text);
    IpAddress address;
    if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
    std::array<std::uint8_t, 16> raw{};
    if (inet_pton(AF_INET6, copy.c_str(), raw.data()) == 1) return from_v6(raw);
    return std::nullopt;
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer.data(), buffer.size());
    return buffer.data();
}

bool IpAddress::loopback() const {
    if (!v6) return bytes[0] == 127;
    return bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1, [](auto byte) { return byte == 0; });
}

bool IpAddress::in_network(const IpAddress& network, unsigned bits) const {
    if (v6 != network.v6) return false;
    const std::size_t whole = bits / 8;
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), network.bytes.begin()))
        return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((bytes[whole] ^ network.bytes[whole]) >> (8 - rest)) == 0;
}

IpAddress IpAddress::network(unsigned bits) const {
    IpAddress result = *this;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned before = static_cast<unsigned>(i) * 8;
        const unsigned kept = bits <= before ? 0 : std::min(8U, bits - before);
        result.bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
    }
    return result;
}

std::uint64_t IpAddress::limit_key() const {
    std::uint64_t key = 0;
    if (!v6) {
        for (std::size_t i = 0; i < 4; ++i) key = key << 8 | bytes[i];
        return key | 0xffff'0000'0000ULL;  // 0:0:ffff::/48 is reserved, so no IPv6 prefix collides
    }
    for (std::size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
    return key;
}

}  // namespace waaft::net
