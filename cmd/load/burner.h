// A process that does nothing but use up a core, for what befalls a server on a busy machine.
//
// Thread: the caller's, and no other may run. Ownership: killed and waited for when it goes out of scope; it ends with
// the process that made it, too. Bounds: burn_max, then it ends by itself. Errors: a failing fork throws
// std::system_error. Source: prctl(2), alarm(2).
#pragma once

#include "server/base/time.h"

#include <sys/types.h>

namespace waaft::load {

class Burner {
public:
    static constexpr std::chrono::seconds burn_max{120};

    // On this core alone; -1: on whichever the kernel gives it.
    explicit Burner(int core);
    ~Burner();
    Burner(const Burner&) = delete;
    Burner& operator=(const Burner&) = delete;

    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

}  // namespace waaft::load
