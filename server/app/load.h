// How late a shard's loop is, and what the shard takes on by that: who is there is kept, who comes back goes before who
// is new, and both before rooms that are not there yet. Whoever is refused is told when to come again.
//
// The measure is how late the loop's own timer fires: it stands in the same line as every socket that has become
// readable, so that is how long people wait who are connected.
//
// Thread: the shard's. Sans-IO: it is given the time, and chance as a number in [0, 1). Ownership: values.
#pragma once

#include "server/app/config.h"
#include "server/base/time.h"

#include <algorithm>

namespace waaft::app {

// From what is refused first to what is refused last.
enum class Work : std::uint8_t { new_room, join, resume };

// New rooms: about what people take for "at once" (Nielsen, Usability Engineering, 1993: 0.1 s), and near the 70 ms at
// which node-toobusy has a server refuse, which keeps one busy to 90 % of a core and more. Resumes: what people take
// for an interruption (Nielsen: 1 s), for they are in a call. Joins stand between: what many of them cause in a large
// room on a slow machine (about 0.3 s) must not refuse them, for each one that is refused has cost a handshake.
constexpr Duration budget_of(Work work) {
    switch (work) {
        case Work::new_room: return std::chrono::milliseconds(100);
        case Work::join: return std::chrono::milliseconds(500);
        case Work::resume: break;
    }
    return std::chrono::seconds(1);
}

class LoopLag {
public:
    static constexpr Duration period = std::chrono::milliseconds(100);

    explicit LoopLag(TimePoint start) { begin(start); }

    void begin(TimePoint now) { due_ = now + period; }
    // When the loop's timer is to call fired().
    TimePoint due() const { return due_; }
    // Returns how late it was.
    Duration fired(TimePoint now) {
        const Duration late = std::max(Duration::zero(), now - due_);
        smoothed_ = with(late);
        due_ = now + period;
        return late;
    }
    // Smoothed, with what the timer is late already: who is read before it must not be taken for early.
    Duration at(TimePoint now) const {
        const Duration late = now - due_;
        return late > smoothed_ ? with(late) : smoothed_;
    }

private:
    // One reading counts for a quarter, and for no more than this: a process that stood still for long has little to do
    // soon after, and those who come back must not be refused for it.
    static constexpr Duration reading_max = std::chrono::seconds(3);
    static constexpr int weight = 4;

    Duration with(Duration late) const { return smoothed_ + (std::min(late, reading_max) - smoothed_) / weight; }

    TimePoint due_;
    Duration smoothed_{0};
};

// When those come again who were refused: spread over the time in which they can be taken at a pace that is a part of
// what a core does (a join costs about a millisecond of it).
class Comeback {
public:
    Millis next(TimePoint now, Work work, double chance) {
        constexpr double pace = 200;  // a second
        const double elapsed = std::chrono::duration<double>(now - at_).count();
        waiting_ = std::max(0.0, waiting_ - elapsed * pace) + 1;
        at_ = std::max(at_, now);
        const double most = work == Work::resume ? 2500 : 10'000;
        const double window = std::clamp(waiting_ / pace * 1000, 1000.0, most);
        return least + Millis(static_cast<Millis::rep>(chance * window));
    }

    static constexpr Millis least{500};

private:
    double waiting_ = 0;  // for their time to come
    TimePoint at_;
};

// So many times as far apart as otherwise are pings while the loop is late.
inline constexpr unsigned ping_stretch_max = 4;
constexpr unsigned ping_stretch(Duration lag) {
    const auto steps = lag / budget_of(Work::new_room);
    return static_cast<unsigned>(std::clamp<Duration::rep>(steps + 1, 1, ping_stretch_max));
}

// How many steps of connections that are not established yet (first bytes, TLS handshakes) one turn of the loop has.
constexpr unsigned newcomers_per_turn(Duration lag, std::size_t joins_waiting) {
    // What has come through would only wait longer, or be refused after it has cost a handshake.
    constexpr std::size_t joins_enough = 64;
    if (joins_waiting >= joins_enough) return 0;
    constexpr unsigned usual = 64;  // the time for them is bounded, too
    return lag > budget_of(Work::join) ? 1 : usual;
}

// What the roles of one shard ask and tell about its load.
class ShardLoad {
public:
    explicit ShardLoad(TimePoint start) : lag_(start) {}

    void begin(TimePoint now) { lag_.begin(now); }
    TimePoint due() const { return lag_.due(); }
    Duration fired(TimePoint now) { return lag_.fired(now); }
    Duration lag(TimePoint now) const { return lag_.at(now); }
    bool takes(Work work, TimePoint now) const { return lag_.at(now) <= budget_of(work); }
    // For one who is refused.
    Millis retry_in(TimePoint now, Work work, double chance) { return comeback_.next(now, work, chance); }

private:
    LoopLag lag_;
    Comeback comeback_;
};

}  // namespace waaft::app
