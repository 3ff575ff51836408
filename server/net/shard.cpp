#include "server/net/shard.h"

#include "server/net/link.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace waaft::net {
namespace {

// So many connections are written to in one turn; then others get theirs, and more can coalesce.
constexpr std::size_t flushes_per_turn = 256;
constexpr Duration tick_every = std::chrono::milliseconds(100);
// A handshake takes one or two milliseconds.
constexpr Duration newcomers_most = std::chrono::milliseconds(10);  // in one turn
// While nobody new may come in.
constexpr Duration newcomers_pause = std::chrono::milliseconds(5);
// Of the time, for telling those who waited too long: a handshake costs less than what they came for, and more than
// none.
constexpr int overdue_share = 8;
constexpr Duration overdue_most = std::chrono::milliseconds(20);  // in one turn

}  // namespace

Shard::Shard(boost::asio::io_context& the_io, ServerOptions the_options, Handler& the_handler)
    : io(the_io),
      options(std::move(the_options)),
      handler(&the_handler),
      clock_(Clock::now(), 3 * tick_every),
      wheel_(Clock::now(), tick_every),
      tick_(the_io),
      newcomers_(options.limits.newcomer_patience),
      newcomers_pause_(the_io) {}

TimePoint Shard::turning_time() { return ticking_ ? clock_.read(Clock::now()) : clock_.resume(Clock::now()); }

void Shard::arm(Deadline& deadline, Duration after) {
    wheel_.arm(deadline, turning_time() + after);
    if (!ticking_) start_ticking();
}

void Shard::start_ticking() {
    ticking_ = true;
    tick_.expires_after(wheel_.tick());
    tick_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        self->ticking_ = false;
        if (error) return;
        self->wheel_.advance(self->clock_.read(Clock::now()));
        if (!self->ticking_ && !self->wheel_.empty()) self->start_ticking();
    });
}

void Shard::flush_later(std::shared_ptr<Link> link) {
    dirty_.push_back(std::move(link));
    if (flush_posted_) return;
    flush_posted_ = true;
    boost::asio::post(io, [self = shared_from_this()] { self->flush_some(); });
}

void Shard::flush_some() {
    flush_posted_ = false;
    const std::size_t end = std::min(dirty_.size(), dirty_begin_ + flushes_per_turn);
    for (; dirty_begin_ < end; ++dirty_begin_) std::exchange(dirty_[dirty_begin_], nullptr)->flush();
    if (dirty_begin_ < dirty_.size()) {
        flush_posted_ = true;
        boost::asio::post(io, [self = shared_from_this()] { self->flush_some(); });
        return;
    }
    dirty_.clear();
    dirty_begin_ = 0;
}

void Shard::newcomer_later(NewcomerLine::Step step) {
    if (!handler) return;  // stopped
    if (!newcomers_.push(std::move(step), turning_time()))
        counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
    serve_newcomers_soon();
}

// A posted step comes after all that was ready before it, and after one more look at the sockets than the last one.
void Shard::serve_newcomers_soon() {
    if (newcomers_posted_) return;
    newcomers_posted_ = true;
    boost::asio::post(io, [self = shared_from_this()] { self->serve_newcomers(); });
}

void Shard::serve_newcomers() {
    newcomers_posted_ = false;
    const unsigned count = handler ? handler->newcomers_per_turn() : 0;
    const TimePoint end = Clock::now() + newcomers_most;
    for (unsigned i = 0; i < count && !newcomers_.empty() && Clock::now() < end; ++i)
        newcomers_.take_next(turning_time());
    serve_overdue();
    if (newcomers_.empty() || !handler) return;
    if (count > 0) return serve_newcomers_soon();
    newcomers_posted_ = true;
    newcomers_pause_.expires_after(newcomers_pause);
    newcomers_pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->serve_newcomers();
    });
}

void Shard::serve_overdue() {
    const TimePoint begin = Clock::now();
    const TimePoint end = begin + std::min<Duration>((begin - overdue_served_) / overdue_share, overdue_most);
    while (handler && newcomers_.has_overdue(turning_time()) && Clock::now() < end)
        newcomers_.take_first(turning_time());
    overdue_served_ = Clock::now();
}

void Shard::stop() {
    handler = nullptr;
    tick_.cancel();
    newcomers_pause_.cancel();
    newcomers_.clear();
    while (!links.empty()) {
        // It may have no other owner than what it is about to give up.
        const auto link = static_cast<Link&>(links.front()).shared_from_this();
        links.pop_front();
        if (link->owner()) link->owner()->on_stop();
        link->abort(Ended::aborted);
    }
    dirty_.clear();
    dirty_begin_ = 0;
}

}  // namespace waaft::net
