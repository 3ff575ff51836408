// The connection against a socket that plays the server, byte by byte.
#include "cmd/load/connection.h"
#include "tests/support/catch.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

using namespace waaft;
using namespace waaft::load;

namespace {

struct Heard final : Connection::Handler {
    void on_open() override { open = true; }
    void on_text(std::string_view message) override { texts.emplace_back(message); }
    void on_closed(const Connection::Closed& why) override { closed = why; }
    bool open = false;
    std::vector<std::string> texts;
    std::optional<Connection::Closed> closed;
};

class FakeServer {
public:
    FakeServer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
        socklen_t size = sizeof address;
        bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        listen(listener_, 1);
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
    }
    ~FakeServer() {
        ::close(listener_);
        if (peer_ >= 0) ::close(peer_);
    }
    void take() { peer_ = accept(listener_, nullptr, nullptr); }
    std::string hear() const {
        std::array<char, 4096> buffer;
        const auto size = recv(peer_, buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }
    void say(const std::string& bytes) const { REQUIRE(::send(peer_, bytes.data(), bytes.size(), 0) > 0); }
    std::uint16_t port = 0;

private:
    int listener_;
    int peer_ = -1;
};

struct Fixture {
    Fixture() {
        target.endpoint = *parse_url("http://127.0.0.1:" + std::to_string(server.port));
        target.address = *resolve(target.endpoint);
        connection.open();
        server.take();
        loop.turn(soon());
        request = server.hear();
    }
    static TimePoint soon() { return Clock::now() + std::chrono::seconds(5); }
    // The answer that this request wants.
    std::string accepted() const {
        const auto at = request.find("Sec-WebSocket-Key: ") + 19;
        const std::string text = request.substr(at, 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        std::array<unsigned char, 20> digest;
        EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
        std::array<unsigned char, 29> base64;
        EVP_EncodeBlock(base64.data(), digest.data(), 20);
        return "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " +
               std::string(reinterpret_cast<char*>(base64.data())) + "\r\n\r\n";
    }
    void say(const std::string& bytes) {
        server.say(bytes);
        loop.turn(soon());
    }

    FakeServer server;
    EventLoop loop;
    Target target;
    Heard heard;
    Connection connection{loop, target, heard};
    std::string request;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the upgrade names the host, the origin and the protocol") {
    CHECK(request.starts_with("GET /api/v1/ws HTTP/1.1\r\n"));
    CHECK(request.find("\r\nOrigin: " + target.endpoint.origin + "\r\n") != std::string::npos);
    CHECK(request.find("\r\nSec-WebSocket-Protocol: waaft.v1\r\n") != std::string::npos);
    CHECK(request.find("Authorization") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "messages in any pieces") {
    const std::string all = accepted() + std::string("\x81\x03one", 5) + std::string("\x81\x03two", 5);
    for (const char byte : all) say(std::string(1, byte));
    CHECK(heard.open);
    CHECK(heard.texts == std::vector<std::string>{"one", "two"});
}

TEST_CASE_METHOD(Fixture, "a message right behind the upgrade, and one in two fragments") {
    say(accepted() + std::string("\x81\x03one\x01\x02tw", 9));
    say(std::string("\x80\x01o", 3));
    CHECK(heard.texts == std::vector<std::string>{"one", "two"});
}

TEST_CASE_METHOD(Fixture, "a ping is answered, a close says why") {
    say(accepted());
    say(std::string("\x89\x01z", 3));
    CHECK(server.hear().starts_with("\x8a\x81"));
    say(std::string("\x88\x06\x0f\xa1slow", 8));
    REQUIRE(heard.closed);
    CHECK(heard.closed->code == 4001);
    CHECK(heard.closed->reason == "slow");
    CHECK(heard.closed->was_open);
    CHECK(connection.is_closed());
}

TEST_CASE_METHOD(Fixture, "a refused upgrade says why") {
    say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(heard.closed);
    CHECK(heard.closed->reason == "upgrade: HTTP 503 Service Unavailable");
    CHECK_FALSE(heard.open);
}

TEST_CASE_METHOD(Fixture, "an answer to somebody else's key is refused") {
    say("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n");
    REQUIRE(heard.closed);
    CHECK_FALSE(heard.open);
}
