// What all connections of one Server share: options, counters, deadlines, the flush at the end of a
// turn, scratch memory. Internal to server/net.
//
// Thread: the io_context's. Ownership: shared by the Server and every connection, so that a
// completion that arrives after Server::stop() finds it alive; then `handler` is null.
// Units: bytes; the wheel ticks every 100 ms, and only while a deadline is armed. Deadlines are in the time in which
// the thread turned: nobody is late because we were.
#pragma once

#include "server/base/turning_clock.h"
#include "server/net/newcomer_line.h"
#include "server/net/server.h"
#include "server/net/timer_wheel.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <memory>
#include <vector>

namespace waaft::net {

class Link;

// What the shard lists; every one is a Link.
class ListedLink : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
protected:
    ~ListedLink() = default;
};

class Shard : public std::enable_shared_from_this<Shard> {
public:
    Shard(boost::asio::io_context& io, ServerOptions options, Handler& handler);

    boost::asio::io_context& io;
    const ServerOptions options;
    Handler* handler;  // null after stop()
    std::uint16_t port = 0;
    Counters counters;
    boost::intrusive::list<ListedLink, boost::intrusive::constant_time_size<false>> links;
    // Reads land here before they are copied to where they belong, TLS records are gathered here.
    std::array<std::uint8_t, 16384> scratch;

    void arm(Deadline& deadline, Duration after);
    // Goes on only while the thread turns: nobody has waited too long because we stood still.
    TimePoint turning_time();
    // Has link->flush() called once at the end of this turn of the event loop.
    void flush_later(std::shared_ptr<Link> link);
    // A step of somebody who is not connected yet, at most one of each connection. It is taken when those who are were
    // served, or dropped with all that it owns.
    void newcomer_later(NewcomerLine::Step step);
    void stop();

private:
    void start_ticking();
    void flush_some();
    void serve_newcomers_soon();
    void serve_newcomers();
    void serve_overdue();

    TurningClock clock_;
    TimerWheel wheel_;
    boost::asio::steady_timer tick_;
    bool ticking_ = false;
    std::vector<std::shared_ptr<Link>> dirty_;
    std::size_t dirty_begin_ = 0;
    bool flush_posted_ = false;
    NewcomerLine newcomers_;
    boost::asio::steady_timer newcomers_pause_;
    bool newcomers_posted_ = false;
    TimePoint overdue_served_;
};

}  // namespace waaft::net
