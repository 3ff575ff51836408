// A shard's share of the public UDP port: receives in batches, answers in place.
//
// Thread: the thread of the given io_context, callback included. Ownership: the caller owns the
// UdpSocket; after it is destroyed no callback runs. Units: bytes; a datagram is at most 2048 bytes
// (longer ones are dropped). Bounds: nothing is queued; what the socket does not take is dropped
// and counted. Errors: port_in_use, address_bad, listen_failed. Source: recvmmsg(2), ip(7), ipv6(7).
#pragma once

#include "server/base/bytes.h"
#include "server/base/result.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace waaft::net {

// Network byte order; v4 uses the first 4 bytes.
struct UdpAddress {
    std::array<std::uint8_t, 16> ip{};
    bool v6 = false;
    std::uint16_t port = 0;
    friend bool operator==(const UdpAddress&, const UdpAddress&) = default;
};

struct UdpCounters {
    std::atomic<std::uint64_t> received{0};
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> dropped_full{0};   // the socket took no more
    std::atomic<std::uint64_t> dropped_large{0};  // longer than a datagram may be
};

class UdpSocket {
public:
    using OnDatagram = std::function<void(Bytes datagram, const UdpAddress& from)>;

    // Binds with SO_REUSEPORT and starts to receive. Address empty: every address, v6 and v4.
    static Result<std::unique_ptr<UdpSocket>> open(boost::asio::io_context& io, const std::string& address,
                                                   std::uint16_t port, OnDatagram on_datagram);
    virtual ~UdpSocket() = default;

    // Answers the datagram that on_datagram is being called with, from the address it was sent to.
    // Outside of that call it does nothing.
    virtual void reply(Bytes datagram) = 0;
    virtual std::uint16_t port() const = 0;
    virtual const UdpCounters& counters() const = 0;
};

}  // namespace waaft::net
