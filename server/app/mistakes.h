// What somebody did wrong and is forgiven with time: a few mistakes of a long evening are no attack, many at once are.
//
// Thread: any, one at a time. Sans-IO: it is given the time. Ownership: a value. Units: mistakes; all are forgotten
// after forgotten_after.
#pragma once

#include "server/base/time.h"

#include <algorithm>

namespace waaft::app {

class Mistakes {
public:
    static constexpr std::chrono::minutes forgotten_after{1};

    // True: more than `max` now.
    bool add(TimePoint now, float max) {
        const float forgiven = std::chrono::duration<float>(now - at_) / forgotten_after * max;
        count_ = std::max(0.0F, count_ - forgiven) + 1;
        at_ = now;
        return count_ > max;
    }

private:
    float count_ = 0;
    TimePoint at_;
};

}  // namespace waaft::app
