// Ctrl-C and SIGTERM as something to wait for, instead of an end in the middle of a step.
//
// Thread: construct it in main before any other thread starts (it blocks both signals in all threads
// that follow); raised() from any. Ownership: one for the process while a long command runs. After
// the second signal the process ends at once with 128 + the signal's number. Errors: a failing
// signalfd throws std::system_error. Source: signalfd(2), signal(7).
#pragma once

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

private:
    int event_ = -1;
    sigset_t before_{};
};

}  // namespace waaft::os
