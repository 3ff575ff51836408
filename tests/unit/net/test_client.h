// A client of raw sockets and OpenSSL, so that the server is tested from outside of its own code.
//
// Thread: the test's. Ownership: closes what it opened. Units: a read that brings nothing for a
// minute ends the test. Errors: Catch's FAIL.
#pragma once

#include "tests/support/catch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace waaft::net::test {

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

class Client {
public:
    explicit Client(std::uint16_t port, int receive_buffer = 0)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        timeval patience{60, 0};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        ssl_.reset();
        ::close(fd_);
    }

    void start_tls(const std::string& ca_file = {}, const std::string& name = "localhost") {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        if (!ca_file.empty()) {
            REQUIRE(SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) == 1);
            SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        }
        ssl_.reset(SSL_new(context_.get()));
        SSL_set1_host(ssl_.get(), name.c_str());
        SSL_set_fd(ssl_.get(), fd_);
        REQUIRE(SSL_connect(ssl_.get()) == 1);
    }
    SSL* ssl() { return ssl_.get(); }
    int fd() const { return fd_; }

    void write(std::string_view bytes) {
        if (ssl_) {
            REQUIRE(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0);
            return;
        }
        // A server that refuses the rest of what we say may have closed already.
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    // False at the end of the connection.
    bool fill() {
        std::array<char, 16384> buffer;
        const ssize_t got =
            ssl_ ? SSL_read(ssl_.get(), buffer.data(), buffer.size()) : ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EAGAIN) FAIL("nothing came for a minute; so far: " + in_.substr(0, 200));
        if (got <= 0) return false;
        in_.append(buffer.data(), static_cast<std::size_t>(got));
        return true;
    }
    std::string take(std::size_t count) {
        while (in_.size() < count)
            if (!fill()) FAIL("the connection ended; so far: " + in_.substr(0, 200));
        std::string out = in_.substr(0, count);
        in_.erase(0, count);
        return out;
    }
    std::string take_until(std::string_view end) {
        std::size_t at = 0;
        while ((at = in_.find(end)) == in_.npos)
            if (!fill()) FAIL("the connection ended; so far: " + in_.substr(0, 200));
        return take(at + end.size());
    }
    std::string take_all() {
        while (fill()) {
        }
        return std::exchange(in_, {});
    }

    struct Answer {
        int status = 0;
        std::string header;
        std::string body;
    };
    Answer answer(bool head = false) {
        Answer got;
        got.header = take_until("\r\n\r\n");
        got.status = std::stoi(got.header.substr(9, 3));
        const auto at = got.header.find("Content-Length: ");
        if (!head && at != got.header.npos) got.body = take(std::stoul(got.header.substr(at + 16)));
        return got;
    }

private:
    int fd_;
    std::unique_ptr<SSL_CTX, FreeSsl> context_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    std::string in_;
};

struct Frame {
    int opcode = 0;
    bool fin = false;
    std::string payload;
    int close_code() const {
        return payload.size() < 2
                   ? 0
                   : static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    }
};

inline std::string frame_header(int opcode, std::uint64_t size, bool fin = true, bool masked = true) {
    std::string out;
    out.push_back(static_cast<char>((fin ? 0x80 : 0) | opcode));
    const int mask_bit = masked ? 0x80 : 0;
    if (size < 126) {
        out.push_back(static_cast<char>(mask_bit | static_cast<int>(size)));
    } else {
        const int bytes = size <= 0xffff ? 2 : 8;
        out.push_back(static_cast<char>(mask_bit | (bytes == 2 ? 126 : 127)));
        for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(size >> (8 * i)));
    }
    return out;
}

inline std::string masked_frame(int opcode, std::string_view payload, bool fin = true) {
    constexpr std::string_view mask = "\x12\x34\x56\x78";
    std::string out = frame_header(opcode, payload.size(), fin).append(mask);
    for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
    return out;
}

constexpr std::string_view handshake_fields =
    "Host: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

inline std::string upgrade(Client& client) {
    client.write("GET /ws HTTP/1.1\r\n" + std::string(handshake_fields));
    return client.take_until("\r\n\r\n");
}

inline Frame read_frame(Client& client) {
    Frame frame;
    const std::string head = client.take(2);
    frame.fin = (head[0] & 0x80) != 0;
    frame.opcode = head[0] & 0x0f;
    std::size_t size = static_cast<unsigned char>(head[1]);
    REQUIRE(size < 128);  // a server does not mask
    if (size >= 126) {
        const std::string wide = client.take(size == 126 ? 2 : 8);
        size = 0;
        for (const char byte : wide) size = size << 8 | static_cast<unsigned char>(byte);
    }
    frame.payload = client.take(size);
    return frame;
}

}  // namespace waaft::net::test
