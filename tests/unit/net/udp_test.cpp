#include "server/net/udp.h"
#include "tests/support/catch.h"

#include <boost/asio/io_context.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace waaft;
using namespace waaft::net;

namespace {

struct Fd {
    explicit Fd(int family) : value(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {}
    ~Fd() { ::close(value); }
    int value;
};

// Echoes back in virtual quiet: the test drives the event loop itself.
struct Echo {
    boost::asio::io_context io;
    std::vector<UdpAddress> from;
    std::unique_ptr<UdpSocket> socket;

    explicit Echo(const std::string& address) {
        socket = UdpSocket::open(io, address, 0, [this](Bytes datagram, const UdpAddress& sender) {
                     from.push_back(sender);
                     socket->reply(datagram);
                 }).value();
    }
    void drain() {
        while (io.run_for(std::chrono::milliseconds(50)) > 0) {
        }
    }
};

bool connect_to(const Fd& fd, int family, const char* ip, std::uint16_t port) {
    sockaddr_storage storage{};
    storage.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET6) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
        inet_pton(AF_INET6, ip, &v6.sin6_addr);
        v6.sin6_port = htons(port);
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
        inet_pton(AF_INET, ip, &v4.sin_addr);
        v4.sin_port = htons(port);
    }
    return ::connect(fd.value, reinterpret_cast<sockaddr*>(&storage), sizeof storage) == 0;
}

std::size_t receive_all(const Fd& fd) {
    std::array<char, 4096> buffer;
    std::size_t count = 0;
    while (::recv(fd.value, buffer.data(), buffer.size(), 0) > 0) ++count;
    return count;
}

}  // namespace

TEST_CASE("datagrams are answered from the address they were sent to, v4 and v6 on one socket") {
    Echo echo("");
    // A connected socket takes answers from that address alone: 127.0.0.2 must answer as 127.0.0.2.
    const struct {
        int family;
        const char* ip;
        bool v6;
    } table[] = {{AF_INET, "127.0.0.1", false}, {AF_INET, "127.0.0.2", false}, {AF_INET6, "::1", true}};
    for (const auto& row : table) {
        CAPTURE(row.ip);
        const Fd fd(row.family);
        if (!connect_to(fd, row.family, row.ip, echo.socket->port())) continue;  // a machine without IPv6
        for (int i = 0; i < 100; ++i) REQUIRE(::send(fd.value, "x", 1, 0) == 1);
        echo.drain();
        CHECK(receive_all(fd) == 100);
        REQUIRE(echo.from.size() == 100);
        CHECK(echo.from.front().v6 == row.v6);
        CHECK(echo.from.front().port != 0);
        CHECK(echo.from.front().ip[0] == (row.v6 ? 0 : 127));
        echo.from.clear();
    }
    CHECK(echo.socket->counters().received == echo.socket->counters().sent);
}

TEST_CASE("a datagram that is too long is dropped and counted, and the rest is served") {
    Echo echo("127.0.0.1");
    const Fd fd(AF_INET);
    REQUIRE(connect_to(fd, AF_INET, "127.0.0.1", echo.socket->port()));
    const std::string large(2049, 'x');
    REQUIRE(::send(fd.value, large.data(), 2049, 0) == 2049);
    REQUIRE(::send(fd.value, large.data(), 2048, 0) == 2048);
    REQUIRE(::send(fd.value, "", 0, 0) == 0);
    echo.drain();
    CHECK(echo.from.size() == 2);
    CHECK(echo.socket->counters().dropped_large == 1);
}

TEST_CASE("a socket that is gone calls nobody, and a reply outside of a call does nothing") {
    Echo echo("127.0.0.1");
    const Fd fd(AF_INET);
    REQUIRE(connect_to(fd, AF_INET, "127.0.0.1", echo.socket->port()));
    echo.socket->reply(as_bytes("unasked"));
    REQUIRE(::send(fd.value, "x", 1, 0) == 1);
    echo.io.poll_one();
    echo.socket.reset();
    echo.drain();
    CHECK(echo.from.size() <= 1);
    CHECK(receive_all(fd) == echo.from.size());
    CHECK(UdpSocket::open(echo.io, "nowhere", 0, {}).error().code == "address_bad");
}
