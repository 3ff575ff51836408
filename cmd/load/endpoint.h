// Where a server is: its URL taken apart, and the address that its name stands for.
//
// Thread: main; resolve() waits for the resolver. Ownership: values. Errors: Error{"usage_url" or "resolve"}.
// Source: RFC 3986 (the origin part alone), RFC 6454 (Origin).
#pragma once

#include "server/base/result.h"

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace waaft::load {

struct Endpoint {
    bool tls = false;
    std::string host;  // without brackets
    std::uint16_t port = 0;
    std::string authority;  // as in the Host header: "[::1]:3000"
    std::string origin;     // "http://[::1]:3000"
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// "http://host[:port]" or "https://...", a path is ignored.
Result<Endpoint> parse_url(const std::string& url);
Result<SocketAddress> resolve(const Endpoint& endpoint);
bool is_loopback(const SocketAddress& address);

}  // namespace waaft::load
