// The WebSocket sessions of one shard: decoding, limits, fan-out with coalescing, silence.
//
// Thread: the shard's own. Ownership: net owns each Session (its WsHandler); Sessions keeps
// pointers from on_open to on_closed. Bounds: the connection's send queue (net), a rate for each
// session, malformed_max. Errors: error messages and close codes of PROTOCOL.md.
#pragma once

#include "server/app/load.h"
#include "server/app/mail.h"
#include "server/app/mistakes.h"
#include "server/app/services.h"
#include "server/app/silence.h"
#include "server/base/turning_clock.h"
#include "server/net/server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace waaft::app {

class Sessions;

// So much a second, and a burst of it at once.
struct Bucket {
    float held = 0;
    TimePoint at;

    bool take(TimePoint now, float cost, float per_second, float burst) {
        held = std::min(held + std::chrono::duration<float>(now - at).count() * per_second, burst);
        at = now;
        if (held < cost) return false;
        held -= cost;
        return true;
    }
};

// What a room looks like from this shard: who of ours is in it, and frames about to be sent.
struct LocalRoom {
    std::vector<class Session*> sessions;
    std::vector<SharedBytes> batch;
    bool flush_armed = false;
    TimePoint window_start;  // of the rate estimate
    std::uint32_t window_frames = 0;
    double frames_per_second = 0;
};

class Session final : public net::WsHandler {
public:
    Session(Sessions& sessions, ConnectionId id, std::string host);
    ~Session() override;

    void on_open(net::WsConnection& connection) override;
    void on_text(std::string_view message) override;
    void on_alive() override;
    void on_overhead(std::size_t frames) override;
    void on_closed(net::ClosedBy by, std::uint16_t code) override;

private:
    friend class Sessions;
    enum class State : std::uint8_t { fresh, joining, joined, closing };

    bool within_rate(TimePoint now);
    bool within_signal_bytes(TimePoint now, std::size_t bytes);
    bool counted(bool allowed);
    void join(signaling::Join join, std::size_t bytes);
    // Too much to do; before anything is done for it.
    void turn_away(Work work);
    void refuse(signaling::ErrorCode code, std::string detail, std::string re);
    void close(signaling::CloseCode code, std::uint32_t retry_ms = 0);
    void send(const signaling::ServerMessage& message);

    Sessions& sessions_;
    const ConnectionId id_;
    net::WsConnection* connection_ = nullptr;  // from on_open to on_closed
    State state_ = State::fresh;
    bool on_air_ = false;
    Mistakes malformed_;
    Mistakes over_rate_;
    std::uint8_t join_postponed_ = 0;
    std::uint8_t ping_stretch_ = 1;  // of what the client was told last
    std::uint32_t index_in_room_ = 0;
    ShardIndex home_ = 0;
    std::uint32_t timer_generation_ = 0;
    Bucket messages_;
    Bucket signal_bytes_;
    RoomHandle room_ = 0;
    LocalRoom* local_room_ = nullptr;
    TimePoint alive_at_;  // this and the next in turning time
    TimePoint ping_at_;
    std::string host_;       // as the page was addressed, until join: for the STUN address
    std::string room_name_;  // from join on
};

class Sessions {
public:
    Sessions(Services& services, ShardIndex self, boost::asio::io_context& io, ShardCounters& counters,
             ShardLoad& load);
    ~Sessions();

    std::unique_ptr<net::WsHandler> make(std::string host);
    void start();
    // Asks everybody to move to another server, each at another time within `spread`; nobody new is taken.
    void ask_to_move(Millis spread);
    // Tells everybody that the server restarts and closes.
    void close_all();
    bool empty() const { return sessions_.empty(); }

    void on_mail(const AttachMail& mail);
    void on_mail(FrameMail mail);
    void on_mail(BroadcastMail mail);
    void on_mail(const CloseMail& mail);
    // A home could not tell us everything: its people must come back to be told what they missed.
    void on_overrun(ShardIndex home);

private:
    friend class Session;
    static constexpr std::size_t wheel_size = 512;
    static constexpr Millis wheel_step{250};
    // One for each stretch.
    using Pings = std::array<SharedBytes, ping_stretch_max>;

    Session* find(ConnectionId id);
    void opened(Session& session);
    void closed(Session& session);
    // Its home hears that it went; once, however often this is called.
    void gone(Session& session);
    void leave_room(Session& session);
    void send_gone();
    void set_on_air(Session& session, bool on_air);
    // Wakes the session after `delay`; an earlier wake-up is forgotten.
    void wake_in(Session& session, Duration delay);
    void on_wake(Session& session, TimePoint now);
    // Now, in the time in which this shard turned.
    TimePoint turning_time() { return clock_.read(Clock::now()); }
    void end_unjoined(Session& session);
    void end_silent(Session& session, TimePoint now);
    void tick();
    void watch(Session& session, TimePoint now);
    void ping(Session& session, TimePoint now);
    static Pings pings_of(Duration timeout);
    std::optional<auth::ResumeToken> returning(const signaling::Join& wish) const;
    // When somebody who is turned away shall come again.
    std::uint32_t retry_ms(Work work);
    void note_rate(LocalRoom& room, TimePoint now);
    void flush(LocalRoom& room);
    void arm_flush(RoomHandle handle, LocalRoom& room);
    void deliver(Session& session, const SharedBytes& frames, std::size_t count);
    // In [0, 1).
    double chance();
    Duration jittered(Duration interval);
    void post_home(ShardIndex home, Mail mail, Session& session);

    Services& services_;
    const ShardIndex self_;
    ShardCounters& counters_;
    ShardLoad& load_;
    TurningClock clock_;
    SilenceBudget silence_budget_;
    boost::asio::steady_timer tick_timer_;
    boost::asio::steady_timer flush_timer_;
    std::vector<RoomHandle> to_flush_;
    std::deque<GoneMail> unsent_gone_;  // at most one for each session that was, and for each attach of it
    bool stopping_ = false;
    std::uint64_t next_id_ = 1;
    std::uint64_t jitter_state_;
    const Duration idle_interval_;
    const Duration idle_timeout_;
    const Pings pings_on_air_;
    const Pings pings_idle_;

    std::unordered_map<ConnectionId, Session*> sessions_;
    std::unordered_map<RoomHandle, std::unique_ptr<LocalRoom>> rooms_;
    struct Wake {
        ConnectionId id;
        std::uint32_t generation;
    };
    std::array<std::vector<Wake>, wheel_size> wheel_;
    std::size_t wheel_at_ = 0;
    TimePoint wheel_time_;  // turning time
};

// iceServers for somebody who reached us as `host`.
signaling::Ice make_ice(const Services& services, std::string_view host, UnixMs now);

}  // namespace waaft::app
