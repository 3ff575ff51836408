#include "cmd/load/order.h"

#include <algorithm>

namespace waaft::load {

void Position::take_other(std::uint64_t seq, Disorder& disorder) {
    if (seq > last_) {
        disorder.lost += seq - last_ - 1;
        for (auto skipped = last_ + 1; skipped < seq && missing_.size() < missing_max; ++skipped) {
            missing_.push_back(skipped);
        }
        last_ = seq;
        return;
    }
    const auto late = std::find(missing_.begin(), missing_.end(), seq);
    if (late == missing_.end()) {
        ++disorder.duplicated;
        return;
    }
    missing_.erase(late);
    --disorder.lost;
    ++disorder.reordered;
}

}  // namespace waaft::load
