#include "server/app/sessions.h"

#include "server/app/frame.h"
#include "server/app/post_office.h"
#include "server/base/id.h"

#include <algorithm>

namespace waaft::app {

using signaling::CloseCode;
using signaling::ErrorCode;

namespace {

// Above this many deliveries a second a room's frames wait up to coalesce_for and go out together:
// one send costs about as much for ten frames as for one.
constexpr double coalesce_above = 150'000;
constexpr Duration coalesce_for = std::chrono::milliseconds(20);
// Redis answers sooner, and in smaller groups, than a database that writes for many at once: what is saved there is
// waited here.
constexpr Duration coalesce_shared_for = std::chrono::milliseconds(24);
constexpr Duration rate_window = std::chrono::milliseconds(100);
constexpr Duration join_timeout = std::chrono::seconds(10);
constexpr std::size_t batch_max = 256;
// Who seems silent while its bytes lie unread is looked at again, and who may not be closed yet, too.
constexpr Duration look_again = std::chrono::seconds(1);
constexpr std::uint8_t join_postponed_max = 10;

SharedBytes joined_frames(const std::vector<SharedBytes>& frames) {
    std::size_t size = 0;
    for (const SharedBytes& frame : frames) size += frame->size();
    auto all = std::make_shared<std::string>();
    all->reserve(size);
    for (const SharedBytes& frame : frames) all->append(*frame);
    return all;
}

bool shares_rooms(const Config& config) { return !config.redis_url.empty(); }

}  // namespace

Sessions::Sessions(Services& services, ShardIndex self, boost::asio::io_context& io, ShardCounters& counters,
                   ShardLoad& load)
    : services_(services),
      self_(self),
      counters_(counters),
      load_(load),
      clock_(Clock::now(), 2 * wheel_step),
      tick_timer_(io),
      flush_timer_(io),
      jitter_state_(random_u64() | 1),
      idle_interval_(shares_rooms(services.config) ? services.config.ping_shared : services.config.ping_idle),
      idle_timeout_(shares_rooms(services.config) ? services.config.ping_shared_timeout
                                                  : services.config.ping_idle_timeout),
      pings_on_air_(pings_of(services.config.ping_on_air_timeout)),
      pings_idle_(pings_of(idle_timeout_)) {}

Sessions::~Sessions() = default;

std::unique_ptr<net::WsHandler> Sessions::make(std::string host) {
    const ConnectionId id = (static_cast<ConnectionId>(self_) << connection_shard_shift) | next_id_++;
    return std::make_unique<Session>(*this, id, std::move(host));
}

void Sessions::start() {
    wheel_time_ = clock_.resume(Clock::now());
    tick();
}

void Sessions::ask_to_move(Millis spread) {
    const auto count = static_cast<std::int64_t>(sessions_.size());
    std::int64_t index = 0;
    for (const auto& [id, session] : sessions_) {
        const auto at = static_cast<std::uint32_t>(spread.count() * index++ / std::max<std::int64_t>(1, count));
        session->send(signaling::Restarting{at, true});
    }
}

void Sessions::close_all() {
    stopping_ = true;
    tick_timer_.cancel();
    std::vector<Session*> all;
    for (const auto& [id, session] : sessions_) all.push_back(session);
    for (Session* session : all) {
        // Everybody at another time, so that they do not all come back in the same instant.
        const auto retry_ms = static_cast<std::uint32_t>(
            std::chrono::duration_cast<Millis>(jittered(std::chrono::milliseconds(1500))).count());
        session->send(signaling::Restarting{retry_ms, false});
        session->close(CloseCode::restarting);
    }
}

Session* Sessions::find(ConnectionId id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

void Sessions::opened(Session& session) {
    sessions_[session.id_] = &session;
    counters_.sessions.store(sessions_.size(), std::memory_order_relaxed);
    wake_in(session, join_timeout);
}

void Sessions::closed(Session& session) {
    gone(session);
    sessions_.erase(session.id_);
    counters_.sessions.store(sessions_.size(), std::memory_order_relaxed);
}

void Sessions::gone(Session& session) {
    leave_room(session);
    if (session.room_name_.empty()) return;
    unsent_gone_.push_back({session.id_, session.home_, std::exchange(session.room_name_, {}), 0});
    send_gone();
}

void Sessions::send_gone() {
    PostOffice& office = *services_.post_office;
    while (!unsent_gone_.empty()) {
        GoneMail& gone = unsent_gone_.front();
        // A full ring: the next tick tries again, for a home must hear of everybody who went.
        if (!office.post(self_, gone.home, std::make_unique<GoneMail>(gone))) return;
        unsent_gone_.pop_front();
    }
}

void Sessions::leave_room(Session& session) {
    LocalRoom* room = session.local_room_;
    if (!room) return;
    Session* last = room->sessions.back();
    room->sessions[session.index_in_room_] = last;
    last->index_in_room_ = session.index_in_room_;
    room->sessions.pop_back();
    session.local_room_ = nullptr;
    if (room->sessions.empty()) rooms_.erase(session.room_);
}

void Sessions::post_home(ShardIndex home, Mail mail, Session& session) {
    if (services_.post_office->post(self_, home, std::move(mail))) return;
    counters_.overruns.fetch_add(1, std::memory_order_relaxed);
    session.close(CloseCode::busy, retry_ms(Work::resume));
}

// ---- from the home ----

void Sessions::on_mail(const AttachMail& mail) {
    Session* session = find(mail.connection);
    if (!session) {
        unsent_gone_.push_back({mail.connection, shard_of(mail.room), {}, mail.room});
        return send_gone();
    }
    if (session->state_ == Session::State::closing) return;
    if (session->local_room_ == nullptr) {
        auto& room = rooms_[mail.room];
        if (!room) room = std::make_unique<LocalRoom>();
        // What was said before this member came is not for it.
        flush(*room);
        session->room_ = mail.room;
        session->local_room_ = room.get();
        session->index_in_room_ = static_cast<std::uint32_t>(room->sessions.size());
        room->sessions.push_back(session);
        session->state_ = Session::State::joined;
        wake_in(*session, Duration::zero());  // the client shall soon know how long to wait for us
    }
    set_on_air(*session, mail.on_air);
}

void Sessions::on_mail(FrameMail mail) {
    Session* session = find(mail.connection);
    if (!session) return;
    // What is lost here the two pages send again: they look whether their path came about.
    const bool crowded =
        session->connection_ && session->connection_->queued_bytes() > services_.config.send_queue_max / 2;
    if (mail.droppable && crowded) {
        counters_.signals_dropped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    deliver(*session, mail.frame, 1);
}

void Sessions::on_mail(const CloseMail& mail) {
    if (Session* session = find(mail.connection)) session->close(mail.code, mail.retry_ms);
}

void Sessions::on_overrun(ShardIndex home) {
    std::vector<Session*> affected;
    for (const auto& [id, session] : sessions_) {
        if (session->home_ == home && !session->room_name_.empty()) affected.push_back(session);
    }
    for (Session* session : affected) session->close(CloseCode::busy, retry_ms(Work::resume));
}

// ---- fan-out ----

void Sessions::on_mail(BroadcastMail mail) {
    const auto found = rooms_.find(mail.room);
    if (found == rooms_.end()) return;
    LocalRoom& room = *found->second;
    if (mail.except != 0) {
        flush(room);
        for (Session* session : room.sessions) {
            if (session->id_ != mail.except) deliver(*session, mail.frame, 1);
        }
        return;
    }
    note_rate(room, Clock::now());
    room.batch.push_back(std::move(mail.frame));
    const bool dense = room.frames_per_second * static_cast<double>(room.sessions.size()) > coalesce_above;
    if (!dense || room.batch.size() >= batch_max)
        flush(room);
    else
        arm_flush(mail.room, room);
}

void Sessions::note_rate(LocalRoom& room, TimePoint now) {
    ++room.window_frames;
    const Duration elapsed = now - room.window_start;
    if (elapsed < rate_window) return;
    room.frames_per_second = room.window_frames / std::chrono::duration<double>(elapsed).count();
    room.window_frames = 0;
    room.window_start = now;
}

void Sessions::flush(LocalRoom& room) {
    if (room.batch.empty()) return;
    const std::size_t count = room.batch.size();
    const SharedBytes frames = count == 1 ? std::move(room.batch.front()) : joined_frames(room.batch);
    room.batch.clear();
    // By index: a delivery never changes the list, it only queues or marks a connection as slow.
    for (Session* session : room.sessions) deliver(*session, frames, count);
}

void Sessions::arm_flush(RoomHandle handle, LocalRoom& room) {
    if (room.flush_armed) return;
    room.flush_armed = true;
    to_flush_.push_back(handle);
    if (to_flush_.size() > 1) return;  // the timer runs already
    flush_timer_.expires_after(shares_rooms(services_.config) ? coalesce_shared_for : coalesce_for);
    flush_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        for (const RoomHandle due : std::exchange(to_flush_, {})) {
            const auto found = rooms_.find(due);
            if (found == rooms_.end()) continue;
            found->second->flush_armed = false;
            flush(*found->second);
        }
    });
}

void Sessions::deliver(Session& session, const SharedBytes& frames, std::size_t count) {
    if (!session.connection_ || session.state_ == Session::State::closing) return;
    session.connection_->send(frames);
    counters_.deliveries.fetch_add(count, std::memory_order_relaxed);
}

// ---- load ----

std::optional<auth::ResumeToken> Sessions::returning(const signaling::Join& wish) const {
    if (!wish.resume) return std::nullopt;
    auto token = services_.signer->verify_resume(*wish.resume);
    if (!token.has_value() || token->room != wish.room) return std::nullopt;
    return *std::move(token);
}

std::uint32_t Sessions::retry_ms(Work work) {
    return static_cast<std::uint32_t>(load_.retry_in(Clock::now(), work, chance()).count());
}

double Sessions::chance() {
    // xorshift64: pings and retries only have to be spread, not unguessable.
    jitter_state_ ^= jitter_state_ << 13;
    jitter_state_ ^= jitter_state_ >> 7;
    jitter_state_ ^= jitter_state_ << 17;
    return unit_of(jitter_state_);
}

// ---- silence ----

Duration Sessions::jittered(Duration interval) {
    return std::chrono::duration_cast<Duration>(interval * (0.5 + 0.5 * chance()));
}

void Sessions::wake_in(Session& session, Duration delay) {
    const auto steps =
        static_cast<std::size_t>(std::clamp<Duration::rep>(delay / Duration(wheel_step), 1, wheel_size - 1));
    ++session.timer_generation_;
    wheel_[(wheel_at_ + steps) % wheel_size].push_back({session.id_, session.timer_generation_});
}

void Sessions::tick() {
    const TimePoint wall = Clock::now();
    const TimePoint now = clock_.read(wall);
    counters_.last_turn_ms.store(std::chrono::duration_cast<Millis>(wall.time_since_epoch()).count(),
                                 std::memory_order_relaxed);
    counters_.late_ms.store(static_cast<std::uint64_t>(std::chrono::duration_cast<Millis>(clock_.lost()).count()),
                            std::memory_order_relaxed);
    send_gone();
    while (wheel_time_ + wheel_step <= now) {
        wheel_time_ += wheel_step;
        wheel_at_ = (wheel_at_ + 1) % wheel_size;
        for (const Wake& wake : std::exchange(wheel_[wheel_at_], {})) {
            Session* session = find(wake.id);
            if (session && session->timer_generation_ == wake.generation) on_wake(*session, now);
        }
    }
    tick_timer_.expires_at(wheel_time_ + wheel_step + clock_.lost());
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopping_) tick();
    });
}

void Sessions::on_wake(Session& session, TimePoint now) {
    if (session.state_ == Session::State::closing) return;
    if (session.state_ != Session::State::joined) return end_unjoined(session);
    watch(session, now);
}

void Sessions::end_unjoined(Session& session) {
    // It has done its part, and who is late is us or the store.
    if (session.state_ == Session::State::joining) return wake_in(session, join_timeout);
    if (session.connection_->readable() && session.join_postponed_++ < join_postponed_max)
        return wake_in(session, look_again);
    session.close(CloseCode::join_timeout);
}

void Sessions::watch(Session& session, TimePoint now) {
    const Duration told = session.on_air_ ? Duration(services_.config.ping_on_air_timeout) : idle_timeout_;
    const Duration timeout = told * session.ping_stretch_;
    // A ping that has not left cannot be answered; how long it may wait there is the matter of net's send timeout.
    if (session.connection_->queued_bytes() > 0) session.alive_at_ = now;
    const Duration silent = now - session.alive_at_;
    if (silent >= timeout) return end_silent(session, now);
    if (now >= session.ping_at_) ping(session, now);
    wake_in(session, std::min(session.ping_at_ - now, timeout - silent));
}

// A loop that is late pings less often, and says so: the client waits for the next one as much longer.
void Sessions::ping(Session& session, TimePoint now) {
    const unsigned stretch = ping_stretch(load_.lag(Clock::now()));
    if (stretch != session.ping_stretch_) session.alive_at_ = now;  // what it was told counts from now
    session.ping_stretch_ = static_cast<std::uint8_t>(stretch);
    session.connection_->send((session.on_air_ ? pings_on_air_ : pings_idle_)[stretch - 1]);
    const Duration interval = session.on_air_ ? Duration(services_.config.ping_on_air) : idle_interval_;
    session.ping_at_ = now + stretch * jittered(interval);
}

Sessions::Pings Sessions::pings_of(Duration timeout) {
    Pings pings;
    const auto ms = std::chrono::duration_cast<Millis>(timeout).count();
    for (std::size_t i = 0; i < pings.size(); ++i) {
        pings[i] = frame_of(signaling::Ping{static_cast<std::uint32_t>(ms * static_cast<Millis::rep>(i + 1))});
    }
    return pings;
}

void Sessions::end_silent(Session& session, TimePoint now) {
    if (session.connection_->readable() || !silence_budget_.take(now, sessions_.size()))
        return wake_in(session, look_again);
    counters_.closed_silent.fetch_add(1, std::memory_order_relaxed);
    session.close(CloseCode::silent);
}

void Sessions::set_on_air(Session& session, bool on_air) {
    if (session.on_air_ == on_air) return;
    session.on_air_ = on_air;
    const TimePoint now = turning_time();
    session.alive_at_ = now;
    session.ping_at_ = now;  // tells the client the new `within` at once
    watch(session, now);
}

}  // namespace waaft::app
