#include "tests/unit/redis/relay.h"

#include "tests/support/catch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace waaft::redis::testing {
namespace {

sockaddr_in relay_loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

constexpr int look_every_ms = 10;

}  // namespace

Relay::Relay(std::uint16_t target) : target_(target) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = relay_loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { work(); });
}

Relay::~Relay() {
    over_ = true;
    thread_.join();
    ::close(listener_);
}

void Relay::accept_one() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = relay_loopback(target_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        pairs_.push_back({client, server});
        return;
    }
    ::close(client);
    ::close(server);
}

bool Relay::pass(int from, int to) {
    std::array<char, 65536> buffer{};
    const auto size = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN;
    for (ssize_t sent = 0; sent < size;) {
        const auto some = ::send(to, buffer.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
        if (some <= 0) return false;
        sent += some;
    }
    return size > 0;
}

void Relay::work() {
    const auto end = [](const Pair& pair) {
        ::close(pair.client);
        ::close(pair.server);
    };
    while (!over_) {
        std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
        for (const Pair& pair : pairs_) {
            waiting.push_back({pair.client, POLLIN, 0});
            waiting.push_back({pair.server, POLLIN, 0});
        }
        // While it is silent it only looks whether it still is.
        const bool silent = silent_;
        ::poll(waiting.data(), silent ? 0 : waiting.size(), look_every_ms);
        std::erase_if(pairs_, [&, cut = cut_.exchange(false)](const Pair& pair) {
            const bool alive = !cut && (silent || (pass(pair.client, pair.server) && pass(pair.server, pair.client)));
            if (!alive) end(pair);
            return !alive;
        });
        if (!silent && (waiting[0].revents & POLLIN) != 0) accept_one();
    }
    for (const Pair& pair : pairs_) end(pair);
}

}  // namespace waaft::redis::testing
