#include "server/net/bind_address.h"

#include "server/net/ip_address.h"
#include "server/net/server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace waaft::net {
namespace {

struct RawAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

RawAddress raw_address(const IpAddress& ip, std::uint16_t port) {
    RawAddress raw;
    if (ip.v6) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(raw.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, ip.bytes.data(), 16);
        raw.size = sizeof v6;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(raw.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, ip.bytes.data(), 4);
        raw.size = sizeof v4;
    }
    return raw;
}

Error bind_error(int code, const std::string& address, std::uint16_t port) {
    const std::string where = (address.empty() ? std::string("*") : address) + ':' + std::to_string(port);
    const std::string why = std::strerror(code);
    if (code == EADDRINUSE)
        return {"port_in_use", "another program listens on port " + std::to_string(port) + " already", where,
                "stop that program, or choose another port with the setting listen.port"};
    if (code == EACCES)
        return {"listen_failed", "the system does not permit this port: " + why, where,
                "choose a port above 1023 with the setting listen.port, or grant CAP_NET_BIND_SERVICE"};
    if (code == EADDRNOTAVAIL)
        return {"address_bad", "this machine does not have the address", where,
                "leave the setting listen.address empty to listen on every address"};
    return {"listen_failed", "cannot listen: " + why, where, "check the settings listen.address and listen.port"};
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
    return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                               : reinterpret_cast<sockaddr_in&>(storage).sin_port);
}

// 0 or errno.
int bind_one(BoundSocket& bound, int type, const IpAddress& ip, bool dual, std::uint16_t port, Sharing sharing) {
    bound.fd = OwnedFd(::socket(ip.v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!bound.fd) return errno;
    const int one = 1;
    const int only = dual ? 0 : 1;
    if (sharing == Sharing::shared) setsockopt(bound.fd.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (type == SOCK_STREAM) setsockopt(bound.fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (ip.v6 && setsockopt(bound.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0) return errno;
    const auto raw = raw_address(ip, port);
    if (::bind(bound.fd.get(), reinterpret_cast<const sockaddr*>(&raw.storage), raw.size) != 0) return errno;
    bound.v6 = ip.v6;
    bound.port = bound_port(bound.fd.get());
    return 0;
}

}  // namespace

OwnedFd::~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
}

Result<BoundSocket> bind_socket(int type, const std::string& address, std::uint16_t port, Sharing sharing) {
    BoundSocket bound;
    if (!address.empty()) {
        const auto ip = IpAddress::parse(address);
        if (!ip)
            return Error{"address_bad", "not an IP address", address,
                         "write the setting listen.address like 192.0.2.1 or ::1"};
        if (const int code = bind_one(bound, type, *ip, false, port, sharing); code != 0)
            return bind_error(code, address, port);
        return bound;
    }
    IpAddress any6;
    any6.v6 = true;
    const int code = bind_one(bound, type, any6, true, port, sharing);
    if (code == 0) return bound;
    if (code != EAFNOSUPPORT && code != EADDRNOTAVAIL) return bind_error(code, address, port);
    if (const int code4 = bind_one(bound, type, IpAddress{}, false, port, sharing); code4 != 0)
        return bind_error(code4, address, port);
    return bound;
}

Result<void> check_port_free(const std::string& address, std::uint16_t port) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        if (const auto bound = bind_socket(type, address, port, Sharing::alone); !bound.has_value())
            return bound.error();
    }
    return {};
}

}  // namespace waaft::net
