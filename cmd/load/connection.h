// One WebSocket to a server, non-blocking: TCP, TLS if asked for, the upgrade, text messages.
//
// Thread: the loop's. Ownership: the caller owns it, the loop only points to it; it must outlive the
// loop's turns or be closed. Bounds: a message by message_max; keeps no buffer while it is idle.
// Errors: on_closed says at which stage it ended and why, once. Source: RFC 6455.
#pragma once

#include "cmd/load/endpoint.h"
#include "cmd/load/event_loop.h"
#include "cmd/load/ws_frames.h"

#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace waaft::load {

// What all connections of one run have in common.
struct Target {
    Endpoint endpoint;
    SocketAddress address;
    std::string key;                      // API key; empty: the Origin suffices
    std::shared_ptr<ssl_ctx_st> context;  // for https
};

class Connection final : public Pollable {
public:
    // Why and how it ended: "connect: refused", "upgrade: HTTP 503", "4001 slow", "reset".
    struct Closed {
        std::uint16_t code = 0;  // of a close frame; 0: there was none
        std::string reason;
        bool was_open = false;
    };
    class Handler {
    public:
        virtual void on_open() = 0;
        virtual void on_text(std::string_view message) = 0;
        virtual void on_closed(const Closed& closed) = 0;

    protected:
        ~Handler() = default;
    };

    static constexpr std::size_t message_max = 64u << 20;

    Connection(EventLoop& loop, const Target& target, Handler& handler)
        : loop_(loop), target_(target), handler_(handler) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Begins anew; from `source` if it is given.
    void open(std::optional<in_addr> source = {});
    void send_text(std::string_view message);
    // A close frame, then the socket; on_closed is not called.
    void close();
    // The socket alone, with RST if `reset`; on_closed is not called.
    void cut(bool reset);

    // Off: takes nothing that arrives, as a program that hangs, until it is switched on.
    void set_reading(bool on);

    bool is_open() const { return stage_ == Stage::open; }
    bool is_closed() const { return stage_ == Stage::closed; }
    // When the bytes that are handled now were read.
    TimePoint received_at() const { return received_at_; }

    void on_ready(std::uint32_t events) override;

private:
    enum class Stage : std::uint8_t { closed, connecting, handshaking, upgrading, open };
    struct SslFree {
        void operator()(ssl_st* ssl) const;
    };

    void on_connected();
    void shake_hands();
    void upgrade();
    void on_upgrade(std::string_view bytes);
    void read();
    void read_plain();
    void read_tls();
    std::size_t take_pending();
    bool handle(std::size_t bytes);
    std::size_t handle_frames(std::string_view bytes);
    bool handle_frame(const Frame& frame);
    void send_frame(Opcode opcode, std::string_view payload);
    void flush();
    void flush_plain();
    void flush_tls();
    void watch(std::uint32_t events);
    void end(std::uint16_t code, std::string reason);
    void release();

    EventLoop& loop_;
    const Target& target_;
    Handler& handler_;
    int fd_ = -1;
    Stage stage_ = Stage::closed;
    std::uint32_t watched_ = 0;
    bool reading_ = true;
    std::unique_ptr<ssl_st, SslFree> tls_;
    std::string pending_;    // the begin of a message whose end has not come
    std::string fragments_;  // the parts of a fragmented message
    std::string out_;
    std::string accept_;  // what the upgrade must answer
    TimePoint received_at_;
};

}  // namespace waaft::load
