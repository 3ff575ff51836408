// Opens the sockets that listen: one address or every one, v6 and v4 on one descriptor. Internal.
//
// Thread: any. Ownership: OwnedFd closes. Errors: port_in_use, address_bad, listen_failed.
// Source: ip(7), ipv6(7) (IPV6_V6ONLY), socket(7) (SO_REUSEPORT).
#pragma once

#include "server/base/result.h"

#include <cstdint>
#include <string>
#include <utility>

namespace waaft::net {

class OwnedFd {
public:
    explicit OwnedFd(int fd = -1) : fd_(fd) {}
    OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
    OwnedFd& operator=(OwnedFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~OwnedFd();
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_;
};

struct BoundSocket {
    OwnedFd fd;
    bool v6 = false;
    std::uint16_t port = 0;
};

enum class Sharing : std::uint8_t { shared, alone };

// Non-blocking, `shared` with SO_REUSEPORT; a stream socket is not listening yet. `type` is
// SOCK_STREAM or SOCK_DGRAM.
Result<BoundSocket> bind_socket(int type, const std::string& address, std::uint16_t port,
                                Sharing sharing = Sharing::shared);

}  // namespace waaft::net
