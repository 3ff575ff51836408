#include "server/net/timer_wheel.h"

#include <algorithm>

namespace waaft::net {

std::uint64_t TimerWheel::tick_at_or_after(TimePoint at) const {
    if (at <= start_) return 0;
    return static_cast<std::uint64_t>((at - start_ + tick_ - Duration(1)) / tick_);
}

void TimerWheel::arm(Deadline& deadline, TimePoint at) {
    deadline.disarm();
    deadline.tick_ = std::max(next_, tick_at_or_after(at));
    slots_[deadline.tick_ % slots_.size()].push_back(deadline);
}

void TimerWheel::advance(TimePoint now) {
    if (now < start_) return;
    const auto last = static_cast<std::uint64_t>((now - start_) / tick_);
    // After a long sleep one round over the slots finds everything that is due.
    if (last >= next_ + slots_.size()) next_ = last - slots_.size() + 1;
    List due;
    for (; next_ <= last; ++next_) {
        List& slot = slots_[next_ % slots_.size()];
        for (auto it = slot.begin(); it != slot.end();) {
            Deadline& deadline = *it++;
            if (deadline.tick_ > last) continue;
            deadline.disarm();
            due.push_back(deadline);
        }
    }
    while (!due.empty()) {
        Deadline& deadline = due.front();
        due.pop_front();
        deadline.on_deadline();
    }
}

bool TimerWheel::empty() const {
    return std::all_of(slots_.begin(), slots_.end(), [](const List& slot) { return slot.empty(); });
}

}  // namespace waaft::net
