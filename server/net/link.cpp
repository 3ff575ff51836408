#include "server/net/link.h"

#include <boost/asio/post.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace waaft::net {
namespace {

constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t segments_per_write = 64;
constexpr std::size_t tls_record_max = 16384;
constexpr std::size_t kept_queue_capacity = 4;

}  // namespace

void Link::SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Link::Link(std::shared_ptr<Shard> shard, Socket socket, const IpAddress& peer, AddressLimits::Ticket ticket)
    : shard_(std::move(shard)), socket_(std::move(socket)), ticket_(std::move(ticket)), peer_(peer) {
    shard_->links.push_back(*this);
    shard_->counters.open.fetch_add(1, std::memory_order_relaxed);
}

Link::~Link() { shard_->counters.open.fetch_sub(1, std::memory_order_relaxed); }

bool Link::begin_tls(ssl_ctx_st& context) {
    tls_.reset(SSL_new(&context));
    if (!tls_ || SSL_set_fd(tls_.get(), socket_.native_handle()) != 1) return false;
    SSL_set_accept_state(tls_.get());
    return true;
}

Link::Io Link::handshake() {
    if (ended_ != Ended::no) return Io::end;
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    return result == 1 ? Io::ok : tls_result(result, true);
}

Link::Io Link::tls_result(int result, bool reading) {
    switch (SSL_get_error(tls_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            if (reading) read_wants_write_ = false;
            return Io::again;
        case SSL_ERROR_WANT_WRITE:
            if (reading) read_wants_write_ = true;
            return Io::again;
        default: ERR_clear_error(); return Io::end;
    }
}

Link::Read Link::read_some(std::span<std::uint8_t> into) {
    more_ = false;
    if (ended_ != Ended::no) return {Io::end, 0};
    if (!tls_) {
        const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
        if (got > 0) {
            more_ = static_cast<std::size_t>(got) == into.size();
            return {Io::ok, static_cast<std::size_t>(got)};
        }
        return {got < 0 && (errno == EAGAIN || errno == EINTR) ? Io::again : Io::end, 0};
    }
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(tls_.get(), into.data(), into.size(), &got);
    if (result != 1) return {tls_result(result, true), 0};
    more_ = SSL_has_pending(tls_.get()) == 1;
    return {Io::ok, got};
}

bool Link::readable() {
    if (ended_ != Ended::no) return false;
    pollfd it{socket_.native_handle(), POLLIN, 0};
    return ::poll(&it, 1, 0) == 1;
}

bool Link::peer_gone() {
    pollfd it{socket_.native_handle(), POLLRDHUP, 0};
    return ::poll(&it, 1, 0) == 1;
}

void Link::send(SharedBytes bytes) {
    if (ended_ != Ended::no || !bytes || bytes->empty()) return;
    if (queued_bytes_ + bytes->size() > shard_->options.limits.send_queue_max) {
        abort(Ended::slow);
        return;
    }
    queued_bytes_ += bytes->size();
    queue_.push_back(std::move(bytes));
    shard_->counters.frames_queued.fetch_add(1, std::memory_order_relaxed);
    if (flush_pending_ || waiting_writable_) return;
    flush_pending_ = true;
    shard_->flush_later(shared_from_this());
}

void Link::flush() {
    flush_pending_ = false;
    while (ended_ == Ended::no && !waiting_writable_ && queued_bytes_ > 0) {
        switch (tls_ ? write_tls() : write_plain()) {
            case Io::ok: stall_.disarm(); break;
            case Io::again: wait_writable(); break;
            case Io::end: abort(Ended::failed); break;
        }
    }
    if (ended_ == Ended::no && queued_bytes_ == 0 && ending_) on_drained();
}

// One segment is the common case, and send() is cheaper than sendmsg().
ssize_t Link::send_segments() {
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (queue_.size() - queue_begin_ == 1) {
        const std::string& only = *queue_[queue_begin_];
        return ::send(socket_.native_handle(), only.data() + sent_of_first_, only.size() - sent_of_first_, flags);
    }
    std::array<iovec, segments_per_write> parts;
    std::size_t count = 0;
    for (std::size_t i = queue_begin_; i < queue_.size() && count < parts.size(); ++i, ++count) {
        const std::size_t skip = count == 0 ? sent_of_first_ : 0;
        parts[count].iov_base = const_cast<char*>(queue_[i]->data()) + skip;  // sendmsg does not write to it
        parts[count].iov_len = queue_[i]->size() - skip;
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    return ::sendmsg(socket_.native_handle(), &message, flags);
}

Link::Io Link::write_plain() {
    const ssize_t sent = send_segments();
    if (sent < 0) return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? Io::again : Io::end;
    shard_->counters.writes.fetch_add(1, std::memory_order_relaxed);
    consume(static_cast<std::size_t>(sent));
    return Io::ok;
}

std::size_t Link::gather(std::span<std::uint8_t> into) const {
    std::size_t filled = 0;
    for (std::size_t i = queue_begin_; i < queue_.size() && filled < into.size(); ++i) {
        const std::size_t skip = i == queue_begin_ ? sent_of_first_ : 0;
        const std::size_t part = std::min(queue_[i]->size() - skip, into.size() - filled);
        std::memcpy(into.data() + filled, queue_[i]->data() + skip, part);
        filled += part;
    }
    return filled;
}

Link::Io Link::write_tls() {
    const std::size_t most = tls_retry_bytes_ > 0 ? tls_retry_bytes_ : tls_record_max;
    const std::size_t first = queue_[queue_begin_]->size() - sent_of_first_;
    const bool alone = first >= most || queue_.size() - queue_begin_ == 1;
    const std::size_t length = alone ? std::min(first, most) : gather(std::span(shard_->scratch).first(most));
    const void* data =
        alone ? static_cast<const void*>(queue_[queue_begin_]->data() + sent_of_first_) : shard_->scratch.data();
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(tls_.get(), data, length, &written);
    if (result != 1) {
        const Io io = tls_result(result, false);
        tls_retry_bytes_ = io == Io::again ? length : 0;
        return io;
    }
    tls_retry_bytes_ = 0;
    shard_->counters.writes.fetch_add(1, std::memory_order_relaxed);
    consume(written);
    return Io::ok;
}

void Link::consume(std::size_t bytes) {
    shard_->counters.bytes_sent.fetch_add(bytes, std::memory_order_relaxed);
    queued_bytes_ -= bytes;
    while (bytes > 0) {
        const std::size_t rest = queue_[queue_begin_]->size() - sent_of_first_;
        if (bytes < rest) {
            sent_of_first_ += bytes;
            break;
        }
        bytes -= rest;
        sent_of_first_ = 0;
        queue_[queue_begin_++].reset();
    }
    if (queue_begin_ == queue_.size()) {
        queue_.clear();
        queue_begin_ = 0;
        if (queue_.capacity() > kept_queue_capacity) std::vector<SharedBytes>().swap(queue_);
    } else if (queue_begin_ >= 64 && queue_begin_ * 2 >= queue_.size()) {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_begin_));
        queue_begin_ = 0;
    }
}

void Link::wait_writable() {
    waiting_writable_ = true;
    if (!stall_.armed()) shard_->arm(stall_, shard_->options.limits.send_timeout);
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        self->waiting_writable_ = false;
        if (!error) self->flush();
    });
}

void Link::drop_unsent() {
    std::size_t keep = std::max(sent_of_first_ > 0 ? std::size_t{1} : 0, tls_retry_bytes_);
    std::size_t end = queue_begin_;
    std::size_t bytes = 0;
    for (; end < queue_.size() && keep > bytes; ++end)
        bytes += queue_[end]->size() - (end == queue_begin_ ? sent_of_first_ : 0);
    queue_.resize(end);
    queued_bytes_ = bytes;
}

void Link::finish(std::function<void()> done) {
    finished_ = std::make_unique<std::function<void()>>(std::move(done));
    if (ended_ != Ended::no) {
        // The caller may stand in the middle of something; it hears of it in the next turn.
        boost::asio::post(shard_->io, [self = shared_from_this()] {
            if (const auto finished = std::move(self->finished_)) (*finished)();
        });
        return;
    }
    expect_end();
    if (queued_bytes_ == 0 && !flush_pending_) {
        flush_pending_ = true;
        shard_->flush_later(shared_from_this());
    }
}

void Link::expect_end() {
    ending_ = true;
    if (queued_bytes_ == 0)
        arm_deadline(linger_time, true);
    else
        phase_.disarm();
}

void Link::on_drained() {
    ending_ = false;
    arm_deadline(linger_time, true);
    if (!finished_) return;
    if (tls_) SSL_shutdown(tls_.get());
    ::shutdown(socket_.native_handle(), SHUT_WR);
    if (peer_done_)
        abort(Ended::finished);
    else
        linger();
}

void Link::linger() {
    // One read a turn: a peer that sends without a break holds up nobody until the deadline.
    if (read_some(shard_->scratch).io == Io::end) {
        abort(Ended::finished);
        return;
    }
    socket_.async_wait(wait_type(), [self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->linger();
    });
}

void Link::abort(Ended why) {
    if (ended_ != Ended::no) return;
    ended_ = why;
    if (why == Ended::slow) shard_->counters.closed_slow.fetch_add(1, std::memory_order_relaxed);
    phase_.disarm();
    stall_.disarm();
    std::vector<SharedBytes>().swap(queue_);
    queue_begin_ = sent_of_first_ = queued_bytes_ = tls_retry_bytes_ = 0;
    boost::system::error_code ignored;
    socket_.close(ignored);
    ticket_ = {};
    client_ticket_ = {};
    boost::asio::post(shard_->io, [self = shared_from_this()] {
        if (const auto done = std::move(self->finished_)) (*done)();
        if (self->owner_) self->owner_->on_link_ended();
    });
}

void Link::arm_deadline(Duration after, bool quiet) {
    if (ended_ != Ended::no) return;
    phase_.quiet = quiet;
    shard_->arm(phase_, after);
}

void Link::Phase::on_deadline() {
    if (quiet) {
        link.abort(Ended::finished);
        return;
    }
    link.shard().counters.timed_out.fetch_add(1, std::memory_order_relaxed);
    link.abort(Ended::timed_out);
}

}  // namespace waaft::net
