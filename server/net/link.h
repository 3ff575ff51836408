// One accepted connection below HTTP and WebSocket: the descriptor, TLS on it, one writer, deadlines.
// Internal to server/net.
//
// Thread: the shard's. Ownership: shared by the pending operations on it; nothing pending: gone.
// Bounds: the queue by Limits::send_queue_max; a write without progress by Limits::send_timeout.
// Errors: the first reason to close stays in ended(). Nothing here calls the owner from within a
// call of the owner. Sources: SSL_read(3), SSL_write(3) (partial writes), sendmsg(2), RFC 9112 9.6
// (lingering close: a reset would destroy the answer on its way).
#pragma once

#include "server/net/ip_address.h"
#include "server/net/limits.h"
#include "server/net/shard.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <span>

#include <sys/types.h>

struct ssl_st;
struct ssl_ctx_st;

namespace waaft::net {

enum class Ended : std::uint8_t { no, finished, aborted, slow, timed_out, failed };

// What hangs on a Link once it is a WebSocket.
class LinkOwner {
public:
    virtual void on_bytes(std::size_t bytes) = 0;
    // In the turn after the link ended.
    virtual void on_link_ended() = 0;
    // The server stops: tell the handler now, afterwards it is not called any more.
    virtual void on_stop() = 0;

protected:
    ~LinkOwner() = default;
};

class Link : public std::enable_shared_from_this<Link>, public ListedLink {
public:
    using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
    enum class Io : std::uint8_t { ok, again, end };
    struct Read {
        Io io = Io::end;
        std::size_t bytes = 0;
    };

    Link(std::shared_ptr<Shard> shard, Socket socket, const IpAddress& peer, AddressLimits::Ticket ticket);
    ~Link();

    // TLS. handshake() is repeated after each wait_type() until it is not `again`.
    bool begin_tls(ssl_ctx_st& context);
    Io handshake();
    bool tls() const { return tls_ != nullptr; }

    Read read_some(std::span<std::uint8_t> into);
    // Wait for this before reading again; `more` says that reading again is worth it without.
    Socket::wait_type wait_type() const { return read_wants_write_ ? Socket::wait_write : Socket::wait_read; }
    bool more() const { return more_; }
    // The system has bytes that were not read yet, or the peer's end.
    bool readable();
    // The peer has sent its end, whether it was read or not.
    bool peer_gone();
    Socket& socket() { return socket_; }

    // Goes out at the end of this turn of the event loop.
    void send(SharedBytes bytes);
    void flush();
    std::size_t queued_bytes() const { return queued_bytes_; }
    // Forgets what is queued, except for what the peer has begun to receive.
    void drop_unsent();

    // Everything queued leaves, then the peer has a moment to close; `done` follows.
    void finish(std::function<void()> done);
    // Nothing unread can come any more, so finish() need not wait for the peer.
    void peer_is_done() { peer_done_ = true; }
    // The same moment, without waiting for anything: for a close frame that is queued.
    void expect_end();
    void abort(Ended why);
    Ended ended() const { return ended_; }

    // Ends the connection after so long unless armed anew. A quiet deadline is not counted.
    void arm_deadline(Duration after, bool quiet = false);
    void disarm_deadline() { phase_.disarm(); }

    void set_owner(LinkOwner* owner) { owner_ = owner; }
    LinkOwner* owner() const { return owner_; }
    void notify_bytes(std::size_t bytes) {
        if (owner_) owner_->on_bytes(bytes);
    }
    const IpAddress& peer() const { return peer_; }
    // For as long as this lives.
    void count_client(AddressLimits::Ticket ticket) { client_ticket_ = std::move(ticket); }
    Shard& shard() { return *shard_; }

private:
    struct Phase : Deadline {
        explicit Phase(Link& the_link) : link(the_link) {}
        void on_deadline() override;
        Link& link;
        bool quiet = false;
    };
    struct Stall : Deadline {
        explicit Stall(Link& the_link) : link(the_link) {}
        void on_deadline() override { link.abort(Ended::slow); }
        Link& link;
    };
    struct SslFree {
        void operator()(ssl_st* ssl) const;
    };

    ssize_t send_segments();
    Io write_plain();
    Io write_tls();
    Io tls_result(int result, bool reading);
    std::size_t gather(std::span<std::uint8_t> into) const;
    void wait_writable();
    void consume(std::size_t bytes);
    void on_drained();
    void linger();

    std::shared_ptr<Shard> shard_;
    Socket socket_;
    std::unique_ptr<ssl_st, SslFree> tls_;
    LinkOwner* owner_ = nullptr;
    AddressLimits::Ticket ticket_;
    AddressLimits::Ticket client_ticket_;  // of whom a proxy speaks for
    IpAddress peer_;
    Phase phase_{*this};
    Stall stall_{*this};

    std::vector<SharedBytes> queue_;  // empty and without memory when idle
    std::size_t queue_begin_ = 0;     // sent segments before it
    std::size_t sent_of_first_ = 0;   // bytes of the first segment that are sent
    std::size_t queued_bytes_ = 0;
    std::size_t tls_retry_bytes_ = 0;  // SSL_write wants exactly these again
    std::unique_ptr<std::function<void()>> finished_;
    Ended ended_ = Ended::no;
    bool flush_pending_ = false;
    bool waiting_writable_ = false;
    bool read_wants_write_ = false;
    bool more_ = false;
    bool peer_done_ = false;
    bool ending_ = false;  // linger once the queue is empty
};

}  // namespace waaft::net
