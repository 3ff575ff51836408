#include "cmd/load/connection.h"

#include "server/base/id.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace waaft::load {
namespace {

constexpr std::size_t header_max = 16 * 1024;

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

// RFC 6455, 4.2.2.
std::string accept_for(const std::string& key) {
    const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha1(), nullptr);
    return base64({digest.data(), size});
}

std::string error_text(int error) { return std::generic_category().message(error); }

// The mask of a frame is 32 bits of the loop's generator; the key needs 16 bytes.
std::string new_key(EventLoop& loop) {
    std::array<std::uint32_t, 4> bytes{loop.random(), loop.random(), loop.random(), loop.random()};
    return base64({reinterpret_cast<const char*>(bytes.data()), sizeof bytes});
}

std::string handshake_error(ssl_st* ssl) {
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) return std::string("tls: ") + X509_verify_cert_error_string(verdict);
    const unsigned long error = ERR_get_error();
    const char* const reason = ERR_reason_error_string(error);
    return std::string("tls: ") + (reason != nullptr ? reason : "the connection ended");
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes;
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

void Connection::SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Connection::~Connection() { release(); }

void Connection::open(std::optional<in_addr> source) {
    release();
    fd_ = socket(target_.address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return end(0, "socket: " + error_text(errno));
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (source) {
        setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        const sockaddr_in from{.sin_family = AF_INET, .sin_port = 0, .sin_addr = *source, .sin_zero = {}};
        if (bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
            return end(0, "bind: " + error_text(errno));
        }
    }
    stage_ = Stage::connecting;
    if (connect(fd_, target_.address.get(), target_.address.length) != 0 && errno != EINPROGRESS) {
        return end(0, "connect: " + error_text(errno));
    }
    watched_ = EPOLLOUT;
    loop_.add(fd_, watched_, *this);
}

void Connection::on_ready(std::uint32_t events) {
    if (stage_ == Stage::connecting) return on_connected();
    if (stage_ == Stage::handshaking) return shake_hands();
    if ((events & EPOLLOUT) != 0 && !out_.empty()) flush();
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && stage_ != Stage::closed) read();
}

void Connection::on_connected() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return end(0, "connect: " + error_text(error));
    if (!target_.endpoint.tls) return upgrade();
    tls_.reset(SSL_new(target_.context.get()));
    SSL_set_fd(tls_.get(), fd_);
    const std::string& host = target_.endpoint.host;
    if (is_address(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), host.c_str());
    } else {
        SSL_set_tlsext_host_name(tls_.get(), host.c_str());
        SSL_set1_host(tls_.get(), host.c_str());
    }
    stage_ = Stage::handshaking;
    shake_hands();
}

void Connection::shake_hands() {
    ERR_clear_error();
    const int result = SSL_connect(tls_.get());
    if (result == 1) return upgrade();
    const int why = SSL_get_error(tls_.get(), result);
    if (why == SSL_ERROR_WANT_READ) return watch(EPOLLIN);
    if (why == SSL_ERROR_WANT_WRITE) return watch(EPOLLOUT);
    end(0, handshake_error(tls_.get()));
}

void Connection::upgrade() {
    stage_ = Stage::upgrading;
    const std::string key = new_key(loop_);
    accept_ = accept_for(key);
    out_ = "GET /api/v1/ws HTTP/1.1\r\nHost: " + target_.endpoint.authority +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
           "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: waaft.v1\r\nOrigin: " + target_.endpoint.origin +
           (target_.key.empty() ? "" : "\r\nAuthorization: Bearer " + target_.key) + "\r\n\r\n";
    watch(EPOLLIN);
    flush();
}

// Everything up to the empty line; what follows are frames.
void Connection::on_upgrade(std::string_view bytes) {
    const auto end_of_header = bytes.find("\r\n\r\n");
    if (end_of_header == std::string_view::npos) {
        if (bytes.size() > header_max) return end(0, "upgrade: the answer is too long");
        pending_ = bytes;
        return;
    }
    const std::string_view header = bytes.substr(0, end_of_header);
    if (!header.starts_with("HTTP/1.1 101")) {
        return end(0, "upgrade: HTTP " + std::string(header.substr(9, header.find('\r') - 9)));
    }
    if (header.find(accept_) == std::string_view::npos) return end(0, "upgrade: a wrong Sec-WebSocket-Accept");
    accept_ = {};
    stage_ = Stage::open;
    const std::string rest(bytes.substr(end_of_header + 4));
    handler_.on_open();
    if (stage_ == Stage::open) pending_ = rest.substr(handle_frames(rest));
}

void Connection::read() {
    if (tls_) return read_tls();
    read_plain();
}

// The begin of an unfinished message goes to the front of the scratch buffer.
std::size_t Connection::take_pending() {
    auto& scratch = loop_.scratch();
    const std::size_t size = pending_.size();
    if (scratch.size() < size + 64 * 1024) scratch.resize(size * 2 + 64 * 1024);
    std::memcpy(scratch.data(), pending_.data(), size);
    return size;
}

void Connection::read_plain() {
    const std::size_t before = take_pending();
    auto& scratch = loop_.scratch();
    const ssize_t size = recv(fd_, scratch.data() + before, scratch.size() - before, 0);
    if (size == 0) return end(0, "closed without a close frame");
    if (size < 0) {
        if (errno != EAGAIN && errno != EINTR) end(0, error_text(errno));
        return;
    }
    handle(before + static_cast<std::size_t>(size));
}

void Connection::read_tls() {
    while (stage_ != Stage::closed) {
        const std::size_t before = take_pending();
        auto& scratch = loop_.scratch();
        std::size_t used = before;
        int result = 1;
        while (result == 1 && used < scratch.size()) {
            std::size_t size = 0;
            ERR_clear_error();
            result = SSL_read_ex(tls_.get(), scratch.data() + used, scratch.size() - used, &size);
            used += result == 1 ? size : 0;
        }
        const int why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(tls_.get(), result);
        if (used > before && !handle(used)) return;
        if (why == SSL_ERROR_WANT_READ) return;
        if (why != SSL_ERROR_NONE)
            return end(0, why == SSL_ERROR_SYSCALL && errno != 0 ? error_text(errno) : "closed without a close frame");
    }
}

// The first `bytes` of the scratch buffer. False: the connection is gone.
bool Connection::handle(std::size_t bytes) {
    received_at_ = Clock::now();
    const std::string_view all(loop_.scratch().data(), bytes);
    if (!pending_.empty()) pending_ = {};
    if (stage_ == Stage::upgrading) {
        on_upgrade(all);
        return stage_ != Stage::closed;
    }
    const std::size_t used = handle_frames(all);
    if (stage_ == Stage::closed) return false;
    if (used < all.size()) pending_ = all.substr(used);
    return true;
}

std::size_t Connection::handle_frames(std::string_view bytes) {
    std::size_t used = 0;
    while (stage_ == Stage::open) {
        Frame frame;
        std::size_t size = 0;
        const FrameRead read = read_server_frame(bytes.substr(used), message_max, frame, size);
        if (read == FrameRead::partial) break;
        if (read == FrameRead::bad) {
            end(0, "a malformed frame");
            break;
        }
        used += size;
        if (!handle_frame(frame)) break;
    }
    return used;
}

bool Connection::handle_frame(const Frame& frame) {
    switch (frame.opcode) {
        case Opcode::text:
        case Opcode::continuation:
            if (frame.fin && fragments_.empty()) {
                handler_.on_text(frame.payload);
            } else {
                fragments_ += frame.payload;
                if (fragments_.size() > message_max) {
                    end(0, "a message is too long");
                } else if (frame.fin) {
                    handler_.on_text(std::exchange(fragments_, {}));
                }
            }
            break;
        case Opcode::ping: send_frame(Opcode::pong, frame.payload); break;
        case Opcode::close: {
            const auto high = frame.payload.size() >= 2 ? static_cast<std::uint8_t>(frame.payload[0]) : 0;
            const auto low = frame.payload.size() >= 2 ? static_cast<std::uint8_t>(frame.payload[1]) : 0;
            const auto code = static_cast<std::uint16_t>(high << 8 | low);
            std::string reason(frame.payload.substr(std::min<std::size_t>(2, frame.payload.size())));
            send_frame(Opcode::close, frame.payload.substr(0, 2));
            end(code == 0 ? 1005 : code, std::move(reason));
            break;
        }
        default: break;
    }
    return stage_ == Stage::open;
}

void Connection::send_text(std::string_view message) { send_frame(Opcode::text, message); }

void Connection::send_frame(Opcode opcode, std::string_view payload) {
    if (stage_ != Stage::open) return;
    const bool idle = out_.empty();
    append_client_frame(out_, opcode, payload, loop_.random());
    if (idle) flush();
}

void Connection::flush() {
    if (tls_) return flush_tls();
    flush_plain();
}

void Connection::flush_plain() {
    const ssize_t sent = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        // The reading side tells why: there may be a close frame.
        out_ = {};
        return;
    }
    if (sent == static_cast<ssize_t>(out_.size())) {
        out_ = {};
        return watch(EPOLLIN);
    }
    out_.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
    watch(EPOLLIN | EPOLLOUT);
}

void Connection::flush_tls() {
    while (!out_.empty()) {
        ERR_clear_error();
        std::size_t sent = 0;
        const int result = SSL_write_ex(tls_.get(), out_.data(), out_.size(), &sent);
        if (result != 1) {
            const int why = SSL_get_error(tls_.get(), result);
            if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ) return watch(EPOLLIN | EPOLLOUT);
            out_ = {};
            return;
        }
        out_.erase(0, sent);
    }
    out_ = {};
    watch(EPOLLIN);
}

void Connection::watch(std::uint32_t events) {
    if (!reading_) events &= ~static_cast<std::uint32_t>(EPOLLIN);
    if (watched_ == events) return;
    watched_ = events;
    loop_.change(fd_, events, *this);
}

void Connection::set_reading(bool on) {
    reading_ = on;
    if (stage_ == Stage::open) watch(on ? watched_ | EPOLLIN : watched_);
}

void Connection::close() {
    if (stage_ == Stage::open) send_frame(Opcode::close, std::string_view("\x03\xe8", 2));  // 1000
    release();
}

void Connection::cut(bool reset) {
    if (fd_ >= 0 && reset) {
        const linger now{1, 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    release();
}

void Connection::end(std::uint16_t code, std::string reason) {
    const Closed closed{code, std::move(reason), stage_ == Stage::open};
    release();
    handler_.on_closed(closed);
}

void Connection::release() {
    tls_.reset();
    if (fd_ >= 0) {
        loop_.remove(fd_);
        ::close(fd_);
    }
    fd_ = -1;
    stage_ = Stage::closed;
    watched_ = 0;
    reading_ = true;
    pending_ = {};
    fragments_ = {};
    out_ = {};
}

}  // namespace waaft::load
