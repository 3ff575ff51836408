#include "server/net/server.h"

#include "server/net/bind_address.h"
#include "server/net/http_connection.h"
#include "server/net/limits.h"
#include "server/net/proxies.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace waaft::net {
namespace {

constexpr int listen_backlog = 4096;
// So many that nobody waits in the backlog for long, where the first is the first to go on and none is ever dropped.
constexpr int accepts_per_turn = 128;
constexpr std::chrono::milliseconds accept_pause{100};

// Shared with its pending waits.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
public:
    Acceptor(std::shared_ptr<Shard> shard, OwnedFd fd, bool v6)
        : shard_(std::move(shard)), descriptor_(shard_->io, fd.release()), pause_(shard_->io), v6_(v6) {
        reserve();
    }

    void wait() {
        descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [self = shared_from_this()](const boost::system::error_code& error) {
                                   if (!error) self->accept_later();
                               });
    }

    void stop() {
        boost::system::error_code ignored;
        descriptor_.close(ignored);
        pause_.cancel();
    }

private:
    void reserve() { reserve_ = OwnedFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
    void accept_later();
    void accept_some();
    void on_error(int code);
    void wait_after(std::chrono::milliseconds pause);
    void admit(OwnedFd fd, const IpAddress& peer);

    std::shared_ptr<Shard> shard_;
    boost::asio::posix::stream_descriptor descriptor_;
    boost::asio::steady_timer pause_;
    OwnedFd reserve_;  // given up to accept, and close, a connection when no descriptor is left
    bool v6_;
};

// After all that is ready now: who is connected comes first.
void Acceptor::accept_later() {
    boost::asio::post(shard_->io, [self = shared_from_this()] { self->accept_some(); });
}

void Acceptor::accept_some() {
    for (int i = 0; i < accepts_per_turn && descriptor_.is_open(); ++i) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        auto* address = reinterpret_cast<sockaddr*>(&storage);
        OwnedFd fd(::accept4(descriptor_.native_handle(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd && (errno == ECONNABORTED || errno == EINTR)) continue;
        if (!fd && errno != EAGAIN) {
            on_error(errno);
            return;
        }
        if (!fd) break;
        shard_->counters.accepted.fetch_add(1, std::memory_order_relaxed);
        admit(std::move(fd), IpAddress::from_sockaddr(*address));
    }
    if (descriptor_.is_open()) wait();
}

void Acceptor::on_error(int code) {
    shard_->counters.accept_errors.fetch_add(1, std::memory_order_relaxed);
    if ((code == EMFILE || code == ENFILE) && reserve_) {
        // A peer that is refused at once can try another address; one in the backlog just hangs.
        reserve_ = OwnedFd();
        OwnedFd(::accept4(descriptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
        reserve();
    }
    wait_after(accept_pause);
}

void Acceptor::wait_after(std::chrono::milliseconds pause) {
    pause_.expires_after(pause);
    pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && self->descriptor_.is_open()) self->wait();
    });
}

void Acceptor::admit(OwnedFd fd, const IpAddress& peer) {
    AddressLimits::Ticket ticket;
    if (const auto& limits = shard_->options.address_limits) {
        const auto& proxies = shard_->options.proxies;
        auto place = limits->admit(peer, !(proxies && proxies->trusts(peer)));
        if (!place) {
            shard_->counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        ticket = std::move(*place);
    }
    const int one = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Link::Socket socket(shard_->io.get_executor());
    boost::system::error_code error;
    socket.assign(v6_ ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4(), fd.get(), error);
    if (error) {
        shard_->counters.accept_errors.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    fd.release();
    socket.native_non_blocking(true, error);
    auto link = std::make_shared<Link>(shard_, std::move(socket), peer, std::move(ticket));
    std::make_shared<HttpConnection>(std::move(link))->start();
}

class ListeningServer final : public Server {
public:
    ListeningServer(std::shared_ptr<Shard> shard, std::shared_ptr<Acceptor> acceptor)
        : shard_(std::move(shard)), acceptor_(std::move(acceptor)) {}
    ~ListeningServer() override { stop(); }

    std::uint16_t port() const override { return shard_->port; }
    const Counters& counters() const override { return shard_->counters; }
    void stop_accepting() override { acceptor_->stop(); }
    void stop() override {
        acceptor_->stop();
        shard_->stop();
    }

private:
    std::shared_ptr<Shard> shard_;
    std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace

Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, const ServerOptions& options, Handler& handler) {
    auto bound = bind_socket(SOCK_STREAM, options.address, options.port);
    if (!bound) return bound.error();
    if (::listen(bound->fd.get(), listen_backlog) != 0) {
        if (errno == EADDRINUSE)
            return Error{"port_in_use", "another program listens on this port already", std::to_string(options.port),
                         "stop that program, or choose another port with the setting listen.port"};
        return Error{"listen_failed", std::string("cannot listen: ") + std::strerror(errno),
                     std::to_string(options.port), "check the settings listen.address and listen.port"};
    }
    auto shard = std::make_shared<Shard>(io, options, handler);
    shard->port = bound->port;
    auto acceptor = std::make_shared<Acceptor>(shard, std::move(bound->fd), bound->v6);
    acceptor->wait();
    return std::unique_ptr<Server>(std::make_unique<ListeningServer>(std::move(shard), std::move(acceptor)));
}

}  // namespace waaft::net
