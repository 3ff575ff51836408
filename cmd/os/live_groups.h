// The process groups of the programs that run for us, so that the second Ctrl-C can kill them from
// inside a signal handler.
//
// Thread: any; kill_live_groups() is safe in a signal handler. Ownership: a LiveGroup names its group
// while it lives; destroy it before the leader is waited for, as its number is free from then on.
// Bounds: 64 groups; more are not named. Errors: none. Source: signal-safety(7), kill(2).
#pragma once

#include <sys/types.h>

#include <atomic>

namespace waaft::os {

class LiveGroup {
public:
    explicit LiveGroup(pid_t group);
    ~LiveGroup();
    LiveGroup(const LiveGroup&) = delete;
    LiveGroup& operator=(const LiveGroup&) = delete;

private:
    std::atomic<pid_t>* slot_ = nullptr;
};

void kill_live_groups();

}  // namespace waaft::os
