// Steps of connections that are not established yet, in line for their turn. As long as the first in line has not
// waited longer than the patience, it is the next. Else more come than can be served: then the last to come is the
// next, for in order all would go on late, when many have given up, and what is done for them is done for nobody. Those
// who waited too long are at the front, to be told so.
//
// Thread: the shard's. Sans-IO. Ownership: owns the steps, and through them what waits. Bound: `places`; whoever has
// waited longest gives up its place, for it is the likeliest to be gone.
// Source: Maurer, "Fail at Scale", ACM Queue 13 (8), 2015 ("adaptive LIFO").
#pragma once

#include "server/base/time.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace waaft::net {

class NewcomerLine {
public:
    // It is told whether it has waited too long.
    using Step = std::function<void(bool overdue)>;

    static constexpr std::size_t places = 4096;

    explicit NewcomerLine(Duration patience) : patience_(patience) {}

    // False: the one that has waited longest is gone.
    bool push(Step step, TimePoint now) {
        steps_.push_back({std::move(step), now});
        if (steps_.size() <= places) return true;
        steps_.pop_front();
        return false;
    }
    bool has_overdue(TimePoint now) const { return !empty() && is_overdue(steps_.front(), now); }
    // These two only if there is one.
    void take_next(TimePoint now) {
        if (!has_overdue(now)) return take_first(now);
        const Waiting last = std::move(steps_.back());
        steps_.pop_back();
        last.step(is_overdue(last, now));
    }
    void take_first(TimePoint now) {
        const Waiting first = std::move(steps_.front());
        steps_.pop_front();
        first.step(is_overdue(first, now));
    }
    bool empty() const { return steps_.empty(); }
    void clear() { std::exchange(steps_, {}).clear(); }

private:
    struct Waiting {
        Step step;
        TimePoint since;
    };
    bool is_overdue(const Waiting& waiting, TimePoint now) const { return now - waiting.since > patience_; }

    const Duration patience_;
    std::deque<Waiting> steps_;
};

}  // namespace waaft::net
