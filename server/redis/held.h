// What was heard of a room that is just being opened, until its snapshot was read.
//
// Beyond the bounds the oldest go. If a change among them is newer than the snapshot, those that stayed begin behind a
// gap, for which the room is read again: so a change never makes way for a whisper, which may be lost.
//
// Thread: one. Ownership: owns what is held. Bounds: count_max, bytes_max; but the newest change is always held.
// Errors: none.
#pragma once

#include "server/redis/forms.h"

#include <deque>
#include <utility>

namespace waaft::redis {

class Held {
public:
    static constexpr std::size_t count_max = 4096;
    static constexpr std::size_t bytes_max = std::size_t{4} << 20;

    // `bytes`: about what it takes.
    void add(Heard heard, std::size_t bytes) {
        if (std::holds_alternative<Whisper>(heard) && !fits(bytes)) return;
        while (!waiting_.empty() && !fits(bytes)) {
            bytes_ -= waiting_.front().second;
            waiting_.pop_front();
        }
        bytes_ += bytes;
        waiting_.emplace_back(std::move(heard), bytes);
    }
    // The oldest first.
    std::deque<std::pair<Heard, std::size_t>> take() && { return std::move(waiting_); }

private:
    bool fits(std::size_t bytes) const { return waiting_.size() < count_max && bytes_ + bytes <= bytes_max; }

    std::deque<std::pair<Heard, std::size_t>> waiting_;
    std::size_t bytes_ = 0;
};

}  // namespace waaft::redis
