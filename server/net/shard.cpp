#include "server/net/shard.h"

#include "server/net/link.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace waaft::net {
namespace {

// So many connections are written to in one turn; then others get theirs, and more can coalesce.
constexpr std::size_t flushes_per_turn = 256;
constexpr Duration tick_every = std::chrono::milliseconds(100);
// While nobody new may come in.
constexpr Duration newcomers_pause = std::chrono::milliseconds(5);

}  // namespace

Shard::Shard(boost::asio::io_context& the_io, ServerOptions the_options, Handler& the_handler)
    : io(the_io),
      options(std::move(the_options)),
      handler(&the_handler),
      clock_(Clock::now(), 3 * tick_every),
      wheel_(Clock::now(), tick_every),
      tick_(the_io),
      newcomers_pause_(the_io) {}

void Shard::arm(Deadline& deadline, Duration after) {
    const TimePoint now = ticking_ ? clock_.read(Clock::now()) : clock_.resume(Clock::now());
    wheel_.arm(deadline, now + after);
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

void Shard::newcomer_later(std::function<void()> step) {
    if (!handler) return;  // stopped
    newcomers_.push_back(std::move(step));
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
    for (unsigned i = 0; i < count && !newcomers_.empty(); ++i) {
        const auto step = std::move(newcomers_.front());
        newcomers_.pop_front();
        step();
    }
    if (newcomers_.empty() || !handler) return;
    if (count > 0) return serve_newcomers_soon();
    newcomers_posted_ = true;
    newcomers_pause_.expires_after(newcomers_pause);
    newcomers_pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->serve_newcomers();
    });
}

void Shard::stop() {
    handler = nullptr;
    tick_.cancel();
    newcomers_pause_.cancel();
    std::exchange(newcomers_, {}).clear();
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
