// Ctrl-C, SIGTERM and a closed terminal (SIGHUP) as something to wait for, instead of an end in the middle of a step.
//
// Thread: construct and destroy it in main; the rest from any. Ownership: one for the process while a
// long command runs; it handles these signals for that time, but SIGHUP not under nohup(1). After the second signal the
// programs that we started are killed and the process ends at once with 128 + the signal's number. Errors: a failing
// eventfd throws std::system_error. Source: signal-safety(7), eventfd(2).
#pragma once

#include "server/base/result.h"

#include <array>
#include <csignal>

namespace waaft::os {

class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    // Readable once a signal came, and from then on; for poll(2).
    int fd() const { return event_; }
    bool raised() const { return signal() != 0; }
    // One of `signals`; 0: none came.
    int signal() const;
    // What to answer when raised(): "interrupted" for SIGINT, "terminated" for the others.
    Error error() const;

private:
    static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};
    int event_ = -1;
    std::array<struct sigaction, signals.size()> before_{};
};

// Whether it is one of the two above.
bool is_interrupt(const Error& error);

}  // namespace waaft::os
