#include "server/net/udp.h"

#include "server/net/bind_address.h"
#include "server/net/ip_address.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace waaft::net {
namespace {

constexpr std::size_t batch_size = 32;
constexpr std::size_t datagram_max = 2048;
constexpr int batches_per_turn = 8;

UdpAddress to_address(const sockaddr_storage& storage) {
    const auto& raw = reinterpret_cast<const sockaddr&>(storage);
    const IpAddress ip = IpAddress::from_sockaddr(raw);
    const auto port = storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                                    : reinterpret_cast<const sockaddr_in&>(storage).sin_port;
    return {ip.bytes, ip.v6, ntohs(port)};
}

// The answer leaves from the address that was asked, by whatever interface the routes say; only
// link-local addresses mean nothing without their interface.
void forget_interface(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            reinterpret_cast<in_pktinfo*>(CMSG_DATA(part))->ipi_ifindex = 0;
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            auto* info = reinterpret_cast<in6_pktinfo*>(CMSG_DATA(part));
            if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
        }
    }
}

// Shared with its pending wait; `on_datagram` is null once the UdpSocket is gone.
class Receiver : public std::enable_shared_from_this<Receiver> {
public:
    Receiver(boost::asio::io_context& io, BoundSocket bound, UdpSocket::OnDatagram on_datagram)
        : port(bound.port), descriptor_(io, bound.fd.release()), on_datagram_(std::move(on_datagram)) {
        for (std::size_t i = 0; i < batch_size; ++i) {
            parts_[i] = {buffers_[i].data(), datagram_max};
            messages_[i].msg_hdr.msg_name = &from_[i];
            messages_[i].msg_hdr.msg_iov = &parts_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
            messages_[i].msg_hdr.msg_control = control_[i].bytes.data();
        }
    }

    void wait() {
        descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [self = shared_from_this()](const boost::system::error_code& error) {
                                   if (!error) self->receive_some();
                               });
    }

    void reply(Bytes datagram);

    void close() {
        on_datagram_ = nullptr;
        boost::system::error_code ignored;
        descriptor_.close(ignored);
    }

    const std::uint16_t port;
    UdpCounters counters;

private:
    struct alignas(cmsghdr) Control {
        std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
    };

    void receive_some();
    bool receive_batch();

    boost::asio::posix::stream_descriptor descriptor_;
    UdpSocket::OnDatagram on_datagram_;
    std::array<std::array<std::uint8_t, datagram_max>, batch_size> buffers_;
    std::array<sockaddr_storage, batch_size> from_;
    std::array<Control, batch_size> control_;
    std::array<iovec, batch_size> parts_;
    std::array<mmsghdr, batch_size> messages_{};
    msghdr* current_ = nullptr;  // of the datagram that on_datagram_ is called with
};

void Receiver::receive_some() {
    for (int i = 0; i < batches_per_turn && on_datagram_; ++i) {
        if (!receive_batch()) break;
    }
    if (on_datagram_) wait();
}

// False: nothing more is there.
bool Receiver::receive_batch() {
    for (auto& message : messages_) {
        message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
        message.msg_hdr.msg_controllen = sizeof(Control);
    }
    const int got = ::recvmmsg(descriptor_.native_handle(), messages_.data(), batch_size, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < got && on_datagram_; ++i) {
        auto& message = messages_[static_cast<std::size_t>(i)];
        counters.received.fetch_add(1, std::memory_order_relaxed);
        if (message.msg_hdr.msg_flags & MSG_TRUNC) {
            counters.dropped_large.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        current_ = &message.msg_hdr;
        on_datagram_({static_cast<const std::uint8_t*>(message.msg_hdr.msg_iov->iov_base), message.msg_len},
                     to_address(from_[static_cast<std::size_t>(i)]));
        current_ = nullptr;
    }
    return got == static_cast<int>(batch_size);
}

void Receiver::reply(Bytes datagram) {
    if (!current_) return;
    // The control data that came in (which address it was sent to) names the source going out.
    msghdr message = *current_;
    iovec part{const_cast<std::uint8_t*>(datagram.data()), datagram.size()};  // sendmsg does not write to it
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_flags = 0;
    if (message.msg_controllen == 0) message.msg_control = nullptr;
    forget_interface(message);
    const ssize_t sent = ::sendmsg(descriptor_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    (sent < 0 ? counters.dropped_full : counters.sent).fetch_add(1, std::memory_order_relaxed);
}

class OwnedUdpSocket final : public UdpSocket {
public:
    explicit OwnedUdpSocket(std::shared_ptr<Receiver> receiver) : receiver_(std::move(receiver)) {}
    ~OwnedUdpSocket() override { receiver_->close(); }
    void reply(Bytes datagram) override { receiver_->reply(datagram); }
    std::uint16_t port() const override { return receiver_->port; }
    const UdpCounters& counters() const override { return receiver_->counters; }

private:
    std::shared_ptr<Receiver> receiver_;
};

}  // namespace

Result<std::unique_ptr<UdpSocket>> UdpSocket::open(boost::asio::io_context& io, const std::string& address,
                                                   std::uint16_t port, OnDatagram on_datagram) {
    auto bound = bind_socket(SOCK_DGRAM, address, port);
    if (!bound) return bound.error();
    const int one = 1;
    if (bound->v6)
        setsockopt(bound->fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
    else
        setsockopt(bound->fd.get(), IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
    auto receiver = std::make_shared<Receiver>(io, std::move(*bound), std::move(on_datagram));
    receiver->wait();
    return std::unique_ptr<UdpSocket>(std::make_unique<OwnedUdpSocket>(std::move(receiver)));
}

}  // namespace waaft::net
