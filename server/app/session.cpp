#include "server/app/frame.h"
#include "server/app/post_office.h"
#include "server/app/sessions.h"
#include "server/auth/turn.h"
#include "server/base/id.h"
#include "server/signaling/codec.h"

#include <algorithm>

namespace waaft::app {

using signaling::CloseCode;
using signaling::ErrorCode;

namespace {

constexpr float malformed_max = 10;
constexpr float over_rate_max = 200;
// ICE candidates and a reconnect's re-sent messages come in bursts.
constexpr float burst_seconds = 4;
// Descriptions and candidates go to one reader unseen by anybody else: their length is bounded, too. Coming into a room
// with five others costs a sender about 80 KiB.
constexpr float signal_bytes_per_second = 64 * 1024;
constexpr float signal_burst_bytes = 384 * 1024;

// "[::1]:3000" -> "[::1]", "live.example.org" -> itself.
std::string_view without_port(std::string_view host) {
    const auto colon = host.rfind(':');
    const auto bracket = host.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return host;
    return host.substr(0, colon);
}

// What an error about this message refers to: its nonce, if it has one.
std::string subject_of(const signaling::ClientMessage& message) {
    return std::visit(
        [](const auto& what) -> std::string {
            if constexpr (requires { what.nonce; })
                return what.nonce;
            else
                return {};
        },
        message);
}

}  // namespace

signaling::Ice make_ice(const Services& services, std::string_view host, UnixMs now) {
    const Config& config = services.config;
    signaling::Ice ice;
    ice.relay_only = config.relay_only;
    signaling::IceServer stun;
    stun.urls = config.stun_urls;
    if (stun.urls.empty() && !host.empty()) {
        stun.urls.push_back("stun:" + std::string(without_port(host)) + ":" + std::to_string(services.port));
    }
    if (!stun.urls.empty()) ice.servers.push_back(std::move(stun));
    if (config.turn_urls.empty()) return ice;
    signaling::IceServer turn;
    turn.urls = config.turn_urls;
    if (!services.turn_secret.empty()) {
        const auto credential =
            auth::turn_rest_credential(services.turn_secret, random_member_id(), now, config.turn_ttl.count());
        turn.username = credential.username;
        turn.credential = credential.password;
    } else {
        turn.username = config.turn_username;
        turn.credential = services.turn_password;
    }
    ice.servers.push_back(std::move(turn));
    return ice;
}

Session::Session(Sessions& sessions, ConnectionId id, std::string host)
    : sessions_(sessions), id_(id), host_(std::move(host)) {}

Session::~Session() = default;

void Session::on_open(net::WsConnection& connection) {
    connection_ = &connection;
    const TimePoint now = Clock::now();
    alive_at_ = sessions_.clock_.read(now);
    messages_ = {static_cast<float>(sessions_.services_.config.messages_per_second) * burst_seconds, now};
    signal_bytes_ = {signal_burst_bytes, now};
    sessions_.opened(*this);
}

void Session::on_alive() { alive_at_ = sessions_.turning_time(); }

void Session::on_closed(net::ClosedBy, std::uint16_t) {
    state_ = State::closing;
    connection_ = nullptr;
    sessions_.closed(*this);
}

void Session::on_overhead(std::size_t frames) {
    const TimePoint now = Clock::now();
    for (; frames > 0 && connection_; --frames) {
        if (!within_rate(now) && over_rate_.add(now, over_rate_max)) return connection_->abort();
    }
}

bool Session::counted(bool allowed) {
    if (!allowed) sessions_.counters_.rate_limited.fetch_add(1, std::memory_order_relaxed);
    return allowed;
}

bool Session::within_rate(TimePoint now) {
    const auto rate = static_cast<float>(sessions_.services_.config.messages_per_second);
    return counted(messages_.take(now, 1, rate, rate * burst_seconds));
}

bool Session::within_signal_bytes(TimePoint now, std::size_t bytes) {
    return counted(signal_bytes_.take(now, static_cast<float>(bytes), signal_bytes_per_second, signal_burst_bytes));
}

void Session::on_text(std::string_view message) {
    if (state_ == State::closing) return;
    const TimePoint now = Clock::now();
    alive_at_ = sessions_.clock_.read(now);
    sessions_.counters_.messages_in.fetch_add(1, std::memory_order_relaxed);
    const bool allowed = within_rate(now);
    auto decoded = signaling::decode(message, sessions_.services_.config.chat_text_max);
    if (!decoded.has_value()) {
        sessions_.counters_.malformed.fetch_add(1, std::memory_order_relaxed);
        if (malformed_.add(now, malformed_max)) return close(CloseCode::bad_message);
        const signaling::DecodeError error = decoded.error();
        return refuse(error.code, error.detail, error.re);
    }
    if (!allowed && over_rate_.add(now, over_rate_max)) return close(CloseCode::rate_limited);
    if (std::holds_alternative<signaling::Pong>(*decoded)) return;
    if (!allowed) {
        return refuse(ErrorCode::rate_limited, "", subject_of(*decoded));
    }
    if (auto* wish = std::get_if<signaling::Join>(&*decoded)) return join(std::move(*wish), message.size());
    if (state_ != State::joined) return refuse(ErrorCode::not_joined, "", "");
    if (std::holds_alternative<signaling::Signal>(*decoded) && !within_signal_bytes(now, message.size()))
        return refuse(ErrorCode::rate_limited, "", "signal");
    auto boxed = std::make_unique<signaling::ClientMessage>(std::move(*decoded));
    sessions_.post_home(home_, ClientMail{id_, room_, message.size(), std::move(boxed)}, *this);
}

void Session::join(signaling::Join wish, std::size_t bytes) {
    if (state_ != State::fresh) return refuse(ErrorCode::already_joined, "", "join");
    Services& services = sessions_.services_;
    if (services.draining) return close(CloseCode::busy);  // the next try reaches another server
    auto returning = sessions_.returning(wish);
    const Work work = returning ? Work::resume : Work::join;
    // Who waited too long to be heard found more people than can be taken; others of them were sooner.
    const bool too_many = work == Work::join && connection_->peer().overdue;
    if (too_many || !sessions_.load_.takes(work, Clock::now())) return turn_away(work);
    state_ = State::joining;
    home_ = services.post_office->home_of(wish.room);
    room_name_ = wish.room;
    auto mail = std::make_unique<JoinMail>();
    mail->connection = id_;
    mail->bytes = bytes;
    mail->join = std::move(wish);
    mail->returning = std::move(returning);
    mail->address_key = connection_->peer().address_key;
    mail->network_key = connection_->peer().network_key;
    mail->loopback = connection_->peer().loopback;
    mail->ice = make_ice(services, host_, read_clocks().wall);
    host_ = {};
    sessions_.post_home(home_, std::move(mail), *this);
}

void Session::turn_away(Work work) {
    sessions_.counters_.joins_refused.fetch_add(1, std::memory_order_relaxed);
    refuse(ErrorCode::busy, "", "join");
    close(CloseCode::busy, sessions_.retry_ms(work));
}

void Session::refuse(ErrorCode code, std::string detail, std::string re) {
    send(signaling::ErrorMessage{code, std::move(detail), std::move(re)});
}

void Session::send(const signaling::ServerMessage& message) {
    if (!connection_) return;
    connection_->send(frame_of(message));
}

void Session::close(CloseCode code, std::uint32_t retry_ms) {
    if (state_ == State::closing || !connection_) return;
    send(signaling::Bye{code, retry_ms});
    state_ = State::closing;
    connection_->close(static_cast<std::uint16_t>(code), signaling::to_string(code));
    // Now, for a silent peer does not answer the close and the room should not wait for that.
    sessions_.gone(*this);
}

}  // namespace waaft::app
