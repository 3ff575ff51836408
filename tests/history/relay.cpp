#include "tests/history/relay.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace waaft::history {
namespace {

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// On any port.
int bound_socket(in_addr_t address, std::uint16_t& port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw_errno("socket");
    sockaddr_in name{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(address)}, .sin_zero = {}};
    socklen_t size = sizeof name;
    if (bind(fd, reinterpret_cast<const sockaddr*>(&name), size) != 0) throw_errno("bind");
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) throw_errno("getsockname");
    port = ntohs(name.sin_port);
    return fd;
}

void send_at_once(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Under way, or -1.
int connect_to(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw_errno("socket");
    send_at_once(fd);
    const sockaddr_in name{
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    if (connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 || errno == EINPROGRESS) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

Relay::Relay(load::EventLoop& loop, std::uint16_t target) : loop_(loop), target_(target) {
    listener_ = bound_socket(INADDR_ANY, port_);
    if (listen(listener_, SOMAXCONN) != 0) throw_errno("listen");
    loop_.add(listener_, EPOLLIN, *this);
}

Relay::~Relay() {
    for (const auto& pair : pairs_) close(*pair);
    loop_.remove(listener_);
    ::close(listener_);
}

void Relay::lead_to(std::uint16_t target) {
    target_ = target;
    for (const auto& pair : pairs_) close(*pair);
}

void Relay::set_silent(bool silent) {
    silent_ = silent;
    loop_.change(listener_, silent ? 0U : static_cast<std::uint32_t>(EPOLLIN), *this);
    for (const auto& pair : pairs_) {
        if (!pair->ended) watch(pair->from);
        if (!pair->ended) watch(pair->to);
    }
}

void Relay::sweep() {
    std::erase_if(pairs_, [](const auto& pair) { return pair->ended; });
}

void Relay::on_ready(std::uint32_t) {
    while (true) {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        take(fd);
    }
}

void Relay::take(int fd) {
    send_at_once(fd);
    const int to = connect_to(target_);
    if (to < 0) {
        ::close(fd);
        return;
    }
    auto pair = std::make_unique<Pair>(Pair{*this, {}, {}, false});
    pair->from.fd = fd;
    pair->to.fd = to;
    for (End* end : {&pair->from, &pair->to}) {
        end->pair = pair.get();
        end->other = end == &pair->from ? &pair->to : &pair->from;
        end->watched = EPOLLIN;
        loop_.add(end->fd, EPOLLIN, *end);
    }
    pairs_.push_back(std::move(pair));
}

void Relay::watch(End& end) {
    std::uint32_t events = 0;
    if (!silent_ && end.other->out.size() < waiting_max) events |= EPOLLIN;
    if (!silent_ && !end.out.empty()) events |= EPOLLOUT;
    if (events == end.watched || end.fd < 0) return;
    end.watched = events;
    loop_.change(end.fd, events, end);
}

void Relay::End::on_ready(std::uint32_t events) {
    Relay& relay = pair->relay;
    if (pair->ended || fd < 0) return;
    if (relay.silent_) {
        // It ended, of which the other one does not hear now.
        relay.close(*this);
        return;
    }
    if ((events & EPOLLOUT) != 0) relay.flush(*this);
    if (pair->ended || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    std::vector<char>& buffer = relay.loop_.scratch();
    const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0 || other->fd < 0) return relay.close(*pair);
    other->out.append(buffer.data(), static_cast<std::size_t>(size));
    relay.flush(*other);
}

void Relay::flush(End& end) {
    const ssize_t size = send(end.fd, end.out.data(), end.out.size(), MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN) return close(*end.pair);
    if (size > 0) end.out.erase(0, static_cast<std::size_t>(size));
    watch(end);
    watch(*end.other);
}

void Relay::close(Pair& pair) {
    pair.ended = true;
    close(pair.from);
    close(pair.to);
}

void Relay::close(End& end) {
    if (end.fd < 0) return;
    loop_.remove(end.fd);
    ::close(std::exchange(end.fd, -1));
}

}  // namespace waaft::history
