// Many coarse deadlines on one timer: arming and disarming are O(1) and allocate nothing.
//
// Thread: one. Sans-IO: advance() is given the time. Ownership: a Deadline belongs to its owner and
// leaves the wheel when it is destroyed; the wheel owns nothing. Units: one tick; a deadline fires
// up to one tick late, never early. Source: Varghese and Lauck, Hashed and Hierarchical Timing Wheels.
#pragma once

#include "server/base/time.h"

#include <boost/intrusive/list.hpp>

#include <array>
#include <cstdint>

namespace waaft::net {

using DeadlineHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class Deadline : public DeadlineHook {
public:
    Deadline() = default;
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    bool armed() const { return is_linked(); }
    void disarm() { unlink(); }

protected:
    virtual ~Deadline() = default;

private:
    friend class TimerWheel;
    // The deadline is disarmed already; it may arm itself again or be destroyed.
    virtual void on_deadline() = 0;
    std::uint64_t tick_ = 0;
};

class TimerWheel {
public:
    TimerWheel(TimePoint start, Duration tick) : start_(start), tick_(tick) {}

    void arm(Deadline& deadline, TimePoint at);
    // Fires what is due.
    void advance(TimePoint now);
    bool empty() const;
    Duration tick() const { return tick_; }

private:
    using List = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;
    std::uint64_t tick_at_or_after(TimePoint at) const;

    TimePoint start_;
    Duration tick_;
    std::uint64_t next_ = 0;  // the first tick that has not been fired
    std::array<List, 256> slots_;
};

}  // namespace waaft::net
