#include "server/net/ws_session.h"

#include "server/net/link_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <array>
#include <optional>
#include <utility>

namespace waaft::net {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr std::uint16_t close_binary_refused = 1003;
constexpr std::uint16_t close_bad_utf8 = 1007;
constexpr std::uint16_t close_abnormal = 1006;
constexpr std::uint16_t close_going_away = 1001;
constexpr std::uint16_t close_slow = 4001;  // PROTOCOL.md, close codes
// RFC 6455 section 5.2, as a client sends them; and more than a header and a whole control frame.
constexpr std::size_t empty_frame_size = 6;
constexpr std::size_t frame_header_max = 14;
constexpr std::size_t frame_begun_max = 256;

class WsSession final : public WsConnection, public LinkOwner, public std::enable_shared_from_this<WsSession> {
public:
    WsSession(std::shared_ptr<Link> link, Peer peer, std::unique_ptr<WsHandler> handler)
        : link_(std::move(link)), handler_(std::move(handler)), peer_(std::move(peer)), stream_(std::in_place, link_) {
        link_->shard().counters.websockets.fetch_add(1, std::memory_order_relaxed);
    }
    ~WsSession() {
        link_->set_owner(nullptr);
        link_->shard().counters.websockets.fetch_sub(1, std::memory_order_relaxed);
    }

    void accept(const Request& request, const std::string& subprotocol);

    void send(SharedBytes frames) override;
    void close(std::uint16_t code, std::string_view reason) override;
    void abort() override { link_->abort(Ended::aborted); }
    std::size_t queued_bytes() const override { return link_->queued_bytes(); }
    bool readable() override { return link_->readable(); }
    const Peer& peer() const override { return peer_; }

    void on_bytes(std::size_t bytes) override;
    // Beast may have paused an operation (a close that waits for a read that waits for the close);
    // such a one holds this session, which holds the stream: only taking the stream away frees them.
    void on_link_ended() override {
        const auto self = shared_from_this();
        on_end(boost::asio::error::operation_aborted);
        stream_.reset();
    }
    void on_stop() override {
        closing_code_ = close_going_away;
        closed_by_ = ClosedBy::us;
        tell_closed();
    }

private:
    void on_accepted(const error_code& error);
    void read();
    void on_read(const error_code& error, std::size_t bytes);
    void on_whole(std::string_view message, std::size_t last_read);
    void on_end(const error_code& error);
    void start_closing(ClosedBy by, std::uint16_t code, std::string_view reason);
    void tell_closed();

    std::shared_ptr<Link> link_;
    std::unique_ptr<WsHandler> handler_;  // null once it knows that this is closed
    Peer peer_;
    std::optional<websocket::stream<LinkStream, false>> stream_;
    std::array<char, 256> small_;  // most messages fit; an idle connection holds nothing else
    std::string large_;            // the part of a longer message that has arrived
    std::size_t large_used_ = 0;
    // What the handler was not told of yet: control frames, and bytes of frames that brought nothing.
    std::size_t control_frames_ = 0;
    std::size_t idle_bytes_ = 0;
    ClosedBy closed_by_ = ClosedBy::error;
    std::uint16_t closing_code_ = close_abnormal;
    bool open_ = false;
    bool closing_ = false;
};

void WsSession::accept(const Request& request, const std::string& subprotocol) {
    link_->set_owner(this);
    link_->arm_deadline(link_->shard().options.limits.request_timeout);
    stream_->set_option(
        websocket::stream_base::timeout{websocket::stream_base::none(), websocket::stream_base::none(), false});
    stream_->control_callback([this](websocket::frame_type type, boost::beast::string_view payload) {
        ++control_frames_;
        idle_bytes_ -= std::min(idle_bytes_, payload.size() + empty_frame_size);
        if (type == websocket::frame_type::close) link_->peer_is_done();
    });
    stream_->read_message_max(link_->shard().options.limits.message_max);
    stream_->set_option(websocket::stream_base::decorator([subprotocol](websocket::response_type& response) {
        response.set(http::field::server, "waaft");  // or Beast writes its own name
        if (!subprotocol.empty()) response.set(http::field::sec_websocket_protocol, subprotocol);
    }));
    http::request<http::empty_body> handshake{http::verb::get, request.target, 11};
    for (const auto& [name, value] : request.headers) handshake.insert(name, value);
    // Beast reads these lists from their first line; HttpReader has read all of them.
    handshake.set(http::field::connection, "Upgrade");
    handshake.set(http::field::upgrade, "websocket");
    stream_->async_accept(handshake,
                          [self = shared_from_this()](const error_code& error) { self->on_accepted(error); });
}

void WsSession::on_accepted(const error_code& error) {
    if (!stream_) return;
    stream_->set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
    if (error || !handler_) {
        if (error && link_->ended() == Ended::no)
            link_->shard().counters.bad_requests.fetch_add(1, std::memory_order_relaxed);
        handler_.reset();
        link_->finish([] {});
        return;
    }
    link_->disarm_deadline();
    open_ = true;
    handler_->on_open(*this);
    read();
}

void WsSession::read() {
    const auto into = large_.empty() ? boost::asio::buffer(small_)
                                     : boost::asio::buffer(large_.data() + large_used_, large_.size() - large_used_);
    stream_->async_read_some(
        into, [self = shared_from_this()](const error_code& error, std::size_t bytes) { self->on_read(error, bytes); });
}

// Called before the bytes are read: of what came earlier all but the beginning of a frame is. Beast passes over empty
// fragments without a word, so they are found by what they weigh.
void WsSession::on_bytes(std::size_t bytes) {
    if (!open_ || !handler_ || closing_) return;
    handler_->on_alive();
    std::size_t frames = std::exchange(control_frames_, 0);
    if (idle_bytes_ > frame_begun_max) frames += std::exchange(idle_bytes_, 0) / empty_frame_size;
    idle_bytes_ += bytes;
    if (frames > 0) handler_->on_overhead(frames);
}

void WsSession::on_read(const error_code& error, std::size_t bytes) {
    if (error || !handler_ || !stream_) {
        on_end(error);
        return;
    }
    idle_bytes_ -= std::min(idle_bytes_, bytes + frame_header_max);
    if (stream_->is_message_done()) {
        if (large_.empty()) {
            on_whole({small_.data(), bytes}, bytes);
        } else {
            const std::string message = std::exchange(large_, {});
            on_whole({message.data(), std::exchange(large_used_, 0) + bytes}, bytes);
        }
    } else {
        if (large_.empty()) large_.assign(small_.data(), bytes);
        large_used_ += bytes;
        // Grows with what has really arrived, not with what a frame header promises.
        if (large_.size() - large_used_ < small_.size()) large_.resize(large_used_ * 2 + 4096);
    }
    read();
}

void WsSession::on_whole(std::string_view message, std::size_t last_read) {
    if (closing_) return;
    if (!stream_->got_text()) {
        start_closing(ClosedBy::error, close_binary_refused, "text only");
        return;
    }
    // Beast looks whether the last character is whole only when the last frame carries bytes.
    if (last_read == 0 && !is_utf8(message)) {
        start_closing(ClosedBy::error, close_bad_utf8, "UTF-8 that ends in the middle");
        return;
    }
    handler_->on_text(message);
}

void WsSession::send(SharedBytes frames) {
    // Not open: Beast has answered the peer's close frame, and nothing may follow that (RFC 6455 section 5.5.1).
    if (closing_ || !stream_ || !stream_->is_open() || !frames || link_->ended() != Ended::no) return;
    if (link_->queued_bytes() + frames->size() <= link_->shard().options.limits.send_queue_max) {
        link_->send(std::move(frames));
        return;
    }
    // There is no use in what the peer has not begun to receive; the code tells it why, if it reads on.
    link_->shard().counters.closed_slow.fetch_add(1, std::memory_order_relaxed);
    link_->drop_unsent();
    start_closing(ClosedBy::slow, close_slow, "slow");
}

void WsSession::close(std::uint16_t code, std::string_view reason) {
    if (!closing_ && link_->ended() == Ended::no) start_closing(ClosedBy::us, code, reason);
}

void WsSession::start_closing(ClosedBy by, std::uint16_t code, std::string_view reason) {
    closing_ = true;
    closed_by_ = by;
    closing_code_ = code;
    websocket::close_reason frame(static_cast<websocket::close_code>(code));
    frame.reason.assign(reason.data(), std::min(reason.size(), frame.reason.max_size()));
    stream_->async_close(frame, [](const error_code&) {});
    link_->expect_end();
}

void WsSession::on_end(const error_code& error) {
    if (!handler_) return;
    if (!closing_) {
        if (link_->ended() == Ended::slow) {
            closed_by_ = ClosedBy::slow;
            closing_code_ = close_slow;
        } else if (link_->ended() == Ended::aborted) {
            closed_by_ = ClosedBy::us;
        } else if (error == websocket::error::closed) {
            closed_by_ = ClosedBy::peer;
            closing_code_ = stream_->reason().code;
        } else if (error.category() == make_error_code(websocket::error::closed).category()) {
            link_->shard().counters.closed_protocol.fetch_add(1, std::memory_order_relaxed);
            closed_by_ = ClosedBy::error;
            closing_code_ = error == websocket::error::message_too_big     ? 1009
                            : error == websocket::error::bad_frame_payload ? 1007
                                                                           : 1002;
        } else {
            closed_by_ = ClosedBy::peer;
        }
    } else if (closed_by_ == ClosedBy::error) {
        link_->shard().counters.closed_protocol.fetch_add(1, std::memory_order_relaxed);
    }
    link_->abort(Ended::finished);
    tell_closed();
}

void WsSession::tell_closed() {
    open_ = false;
    closing_ = true;
    if (const auto handler = std::exchange(handler_, nullptr)) handler->on_closed(closed_by_, closing_code_);
}

}  // namespace

void start_websocket(std::shared_ptr<Link> link, Request request, Handler::Upgrade upgrade) {
    auto peer = request.peer;
    const auto session = std::make_shared<WsSession>(std::move(link), std::move(peer), std::move(upgrade.handler));
    session->accept(request, upgrade.subprotocol);
}

std::string text_frame(std::string_view payload) {
    std::string frame;
    frame.reserve(payload.size() + 10);
    frame.push_back(static_cast<char>(0x81));
    if (payload.size() < 126) {
        frame.push_back(static_cast<char>(payload.size()));
    } else {
        const bool wide = payload.size() > 0xffff;
        frame.push_back(static_cast<char>(wide ? 127 : 126));
        for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8)
            frame.push_back(static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift & 0xff));
    }
    return frame.append(payload);
}

}  // namespace waaft::net
