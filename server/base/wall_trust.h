// Whether the wall clock may be believed when something is deleted by its age: not after it jumped (a wrong battery, a
// wrong time server, a machine that was asleep), until it has gone along with the steady clock for a while.
//
// Thread: one. Sans-IO: it is given both clocks. Ownership: a value.
#pragma once

#include "server/base/time.h"

#include <cstdlib>

namespace waaft {

class WallTrust {
public:
    static constexpr std::chrono::minutes wait{10};
    // Between two looks; a clock that is slewed moves by less.
    static constexpr std::chrono::seconds jump{5};

    explicit WallTrust(Now start) : before_(start), since_(start.steady - wait) {}

    // Call it every few seconds.
    bool look(Now now) {
        const auto went = std::chrono::duration_cast<std::chrono::milliseconds>(now.steady - before_.steady).count();
        if (std::abs(now.wall - before_.wall - went) > std::chrono::milliseconds(jump).count()) since_ = now.steady;
        before_ = now;
        return now.steady - since_ >= wait;
    }

private:
    Now before_;
    TimePoint since_;
};

}  // namespace waaft
