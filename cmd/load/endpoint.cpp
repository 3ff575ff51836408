#include "cmd/load/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

namespace waaft::load {
namespace {

Error bad_url(const std::string& url) {
    return {"usage_url", "the server must be given as http://host:port or https://host:port", url, {}};
}

bool parse_port(std::string_view text, std::uint16_t& port) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

Result<Endpoint> parse_url(const std::string& url) {
    Endpoint endpoint;
    std::string_view rest = url;
    endpoint.tls = rest.starts_with("https://");
    if (!endpoint.tls && !rest.starts_with("http://")) return bad_url(url);
    rest.remove_prefix(endpoint.tls ? 8 : 7);
    rest = rest.substr(0, rest.find('/'));
    endpoint.authority = rest;
    endpoint.origin = (endpoint.tls ? "https://" : "http://") + endpoint.authority;
    endpoint.port = endpoint.tls ? 443 : 80;
    const auto bracket = rest.find(']');
    const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        if (!parse_port(rest.substr(colon + 1), endpoint.port)) return bad_url(url);
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[')) {
        if (!rest.ends_with(']')) return bad_url(url);
        rest = rest.substr(1, rest.size() - 2);
    }
    endpoint.host = rest;
    if (endpoint.host.empty() || endpoint.host.find_first_of("@?# \r\n") != std::string::npos) return bad_url(url);
    return endpoint;
}

Result<SocketAddress> resolve(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
    if (failed != 0) {
        return Error{
            "resolve", std::string("the server's name cannot be resolved: ") + gai_strerror(failed), endpoint.host, {}};
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
    SocketAddress address;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    address.length = found->ai_addrlen;
    return address;
}

bool is_loopback(const SocketAddress& address) {
    if (address.storage.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

}  // namespace waaft::load
