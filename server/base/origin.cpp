#include "server/base/origin.h"

#include "server/base/text.h"

#include <arpa/inet.h>

#include <array>

namespace waaft {
namespace {

std::uint16_t default_port(std::string_view scheme) {
    if (scheme == "https" || scheme == "wss") return 443;
    return scheme == "http" || scheme == "ws" ? 80 : 0;
}

// "[::1]" in one way of many; nullopt: no such address.
std::optional<std::string> normal_ipv6(std::string_view bracketed) {
    const std::string inner(bracketed.substr(1, bracketed.size() - 2));
    in6_addr address{};
    if (::inet_pton(AF_INET6, inner.c_str(), &address) != 1) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr) return std::nullopt;
    return "[" + std::string(text.data()) + "]";
}

std::optional<std::string> normal_host(std::string_view host) {
    if (host.starts_with('[')) return host.ends_with(']') ? normal_ipv6(host) : std::nullopt;
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.find_first_of("/@?#[]: \t") != std::string_view::npos) return std::nullopt;
    return lower_case(host);
}

}  // namespace

std::optional<Origin> origin_at(std::string_view scheme, std::string_view authority) {
    Origin origin;
    origin.scheme = lower_case(scheme);
    origin.port = default_port(origin.scheme);
    const auto colon = authority.rfind(':');
    const auto bracket = authority.rfind(']');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        const auto port = whole_number<std::uint16_t>(authority.substr(colon + 1));
        if (!port) return std::nullopt;
        origin.port = *port;
        authority = authority.substr(0, colon);
    }
    auto host = normal_host(authority);
    if (!host) return std::nullopt;
    origin.host = *std::move(host);
    return origin;
}

std::string text_of(const Origin& origin) {
    const std::string text = origin.scheme + "://" + origin.host;
    return origin.port == default_port(origin.scheme) ? text : text + ":" + std::to_string(origin.port);
}

std::optional<Origin> parse_origin(std::string_view text) {
    const auto end = text.find("://");
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    std::string_view authority = text.substr(end + 3);
    if (authority.ends_with('/')) authority.remove_suffix(1);
    return origin_at(text.substr(0, end), authority);
}

}  // namespace waaft
