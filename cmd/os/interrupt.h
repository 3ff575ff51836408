// Ctrl-C and SIGTERM as something to wait for, instead of an end in the middle of a step.
//
// Thread: construct and destroy it in main; the rest from any. Ownership: one for the process while a
// long command runs; it handles both signals for that time. After the second signal the programs that
// we started are killed and the process ends at once with 128 + the signal's number.
// Errors: a failing eventfd throws std::system_error. Source: signal-safety(7), eventfd(2).
#pragma once

#include "server/base/result.h"

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
    // SIGINT or SIGTERM; 0: none came.
    int signal() const;
    // What to answer when raised(): "interrupted" for SIGINT, "terminated" for SIGTERM.
    Error error() const;

private:
    int event_ = -1;
    struct sigaction before_int_ {};
    struct sigaction before_term_ {};
};

// Whether it is one of the two above.
bool is_interrupt(const Error& error);

}  // namespace waaft::os
