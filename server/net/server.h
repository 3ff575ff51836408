// One shard's share of the public TCP port: TLS or plain by the first byte, HTTP/1.1, WebSocket.
//
// Thread: everything here, callbacks included, runs on the thread of the given io_context; only
// the shared objects (TlsContext, AddressLimits) are used from several. Ownership: Server owns its
// acceptor and connections; the handler outlives it. Bounds: Limits; every queue has one.
// Errors: bytes from strangers end in a named counter (Counters) and an HTTP status or close code.
// Sources: RFC 9112 (HTTP/1.1), RFC 6455 (WebSocket), RFC 8446 section 5.1 (first byte 0x16).
#pragma once

#include "server/base/bytes.h"
#include "server/base/result.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace waaft::net {

class TlsContext;      // tls.h: the certificate in force, replaced while running
class AddressLimits;   // limits.h: connections and handshakes per address, over all shards
class TrustedProxies;  // proxies.h

struct Limits {
    std::size_t header_max = 8192;
    std::size_t body_max = 16384;
    std::size_t message_max = 65536;
    std::size_t send_queue_max = 1 << 20;
    // Who has waited longer for its turn to be established is told so; about what people take for an interruption.
    std::chrono::milliseconds newcomer_patience{1'000};
    std::chrono::milliseconds first_byte_timeout{10'000};
    std::chrono::milliseconds request_timeout{20'000};
    std::chrono::milliseconds send_timeout{10'000};
    std::chrono::milliseconds keep_alive_timeout{15'000};
};

// Who sent a request, after trusted proxies were believed.
struct Peer {
    std::string address;      // textual, without port
    std::string address_key;  // the address, or the /64 of an IPv6 one: what limits and bans count
    std::string network_key;  // the /24 or /48 around it
    bool overdue = false;     // it waited longer than Limits::newcomer_patience for its turn before this request
    bool loopback = false;
    bool proxied = false;  // a trusted proxy passes it on, and answers for the host that it names
    bool tls = false;      // towards the client (X-Forwarded-Proto of a trusted proxy counts)
};

struct Request {
    std::string method;
    std::string target;        // as sent
    std::string path;          // percent-decoded, without query
    bool path_broken = false;  // its escapes are none: path is as it was sent
    std::string query;         // raw
    std::string host;          // Host, or X-Forwarded-Host of a trusted proxy
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    Peer peer;

    // Case-insensitive; empty if absent.
    std::string_view header(std::string_view name) const;
    // Percent-decoded value of a query parameter; empty if absent.
    std::string query_value(std::string_view name) const;
};

struct Response {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    SharedBytes body;  // may be null
};

// Answers one request, at once or later, on the shard's thread. Destroyed unanswered it sends 500.
class Responder {
public:
    class Sink {
    public:
        virtual ~Sink() = default;
        virtual void respond(Response response) = 0;
    };
    explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&&) noexcept = default;
    ~Responder();
    void send(Response response);

private:
    std::shared_ptr<Sink> sink_;
};

// A WebSocket after the upgrade. Lives until WsHandler::on_closed() has returned.
class WsConnection {
public:
    virtual ~WsConnection() = default;
    // Queues one or more whole frames (see text_frame). Written at once if the socket takes it,
    // several queued ones in one sendmsg or TLS record. Over send_queue_max the connection is
    // closed as slow. After close() it does nothing.
    virtual void send(SharedBytes frames) = 0;
    // Sends what is queued, then a close frame, waits briefly for the peer's, and closes.
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    // Closes the socket now; on_closed follows from the event loop.
    virtual void abort() = 0;
    virtual std::size_t queued_bytes() const = 0;
    // Something of the peer lies unread: if it seems silent, it is us who do not listen.
    virtual bool readable() = 0;
    virtual const Peer& peer() const = 0;
};

enum class ClosedBy : std::uint8_t { peer, us, slow, error };

class WsHandler {
public:
    virtual ~WsHandler() = default;
    virtual void on_open(WsConnection& connection) = 0;
    // One whole text message, valid UTF-8, valid only during the call. Binary messages are refused
    // with 1003 by the connection itself.
    virtual void on_text(std::string_view message) = 0;
    // Any bytes arrived (also pongs): the peer is alive.
    virtual void on_alive() {}
    // So many frames without content came: control frames and empty fragments, which cost as much as a message.
    virtual void on_overhead(std::size_t) {}
    virtual void on_closed(ClosedBy by, std::uint16_t code) = 0;
};

class Handler {
public:
    virtual ~Handler() = default;
    virtual void on_request(Request request, Responder responder) = 0;
    // For a well-formed WebSocket handshake: the handler of the new connection, or the refusal.
    // `subprotocol` is written into the answer if it is not empty.
    struct Upgrade {
        std::unique_ptr<WsHandler> handler;
        std::string subprotocol;
        Response refusal;  // used if handler is null
    };
    virtual Upgrade on_upgrade(const Request& request) = 0;
    // How many steps of connections that are not established yet (first bytes, TLS handshakes) this turn of the loop
    // may have, after all who are connected were served. Asked each turn in which such a step is ready; with 0 they
    // wait.
    virtual unsigned newcomers_per_turn() { return 64; }
};

// Counted by one shard, read by any thread.
struct Counters {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> websockets{0};
    std::atomic<std::uint64_t> tls_failed{0};
    std::atomic<std::uint64_t> refused_connections{0};  // over a limit of connections
    std::atomic<std::uint64_t> timed_out{0};            // no first byte, request or handshake in time
    std::atomic<std::uint64_t> bad_requests{0};
    std::atomic<std::uint64_t> closed_slow{0};
    std::atomic<std::uint64_t> closed_protocol{0};
    std::atomic<std::uint64_t> accept_errors{0};  // no open files left and such
    std::atomic<std::uint64_t> bytes_sent{0};
    std::atomic<std::uint64_t> frames_queued{0};
    std::atomic<std::uint64_t> writes{0};  // system calls that wrote
};

struct ServerOptions {
    std::string address;  // empty: every address, v6 and v4
    std::uint16_t port = 0;
    bool plain_only = false;     // tls off: everything is plain HTTP and is served
    bool redirect_plain = true;  // plain from elsewhere than loopback is sent to https://
    Limits limits;
    std::shared_ptr<TlsContext> tls;  // null with plain_only
    std::shared_ptr<AddressLimits> address_limits;
    std::shared_ptr<const TrustedProxies> proxies;
};

class Server {
public:
    virtual ~Server() = default;
    // The port in use (asked for as 0: the one the system gave; other shards then bind to it).
    virtual std::uint16_t port() const = 0;
    virtual const Counters& counters() const = 0;
    // No new connections. Those that are open go on.
    virtual void stop_accepting() = 0;
    // Closes what is still open; afterwards the io_context has no work of ours.
    virtual void stop() = 0;
};

// Whether nobody has the TCP and UDP port. SO_REUSEPORT alone would let a second server of the same
// user take half of the first one's connections, unseen. Errors: port_in_use, address_bad, listen_failed.
Result<void> check_port_free(const std::string& address, std::uint16_t port);

// Binds with SO_REUSEPORT and starts to accept. Errors: port_in_use, address_bad, listen_failed.
Result<std::unique_ptr<Server>> listen(boost::asio::io_context& io, const ServerOptions& options, Handler& handler);

// One unmasked text frame (RFC 6455 section 5.2), ready to be sent to anybody.
std::string text_frame(std::string_view payload);

}  // namespace waaft::net
