#include "cmd/os/interrupt.h"

#include "cmd/os/live_groups.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace waaft::os {
namespace {

// What the handler sees; of the one Interrupt that lives.
std::atomic<int> event{-1};
std::atomic<int> first_signal{0};

void on_signal(int number) {
    const int errno_before = errno;
    int none = 0;
    if (!first_signal.compare_exchange_strong(none, number)) {
        kill_live_groups();
        _exit(128 + number);
    }
    const std::uint64_t one = 1;
    if (write(event.load(), &one, sizeof one) != sizeof one) _exit(128 + number);  // nobody would ever learn of it
    errno = errno_before;
}

}  // namespace

Interrupt::Interrupt() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    first_signal = 0;
    event = event_;
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t index = 0; index < signals.size(); ++index) {
        sigaction(signals[index], nullptr, &before_[index]);
        const bool by_nohup = signals[index] == SIGHUP && before_[index].sa_handler == SIG_IGN;
        if (!by_nohup) sigaction(signals[index], &action, nullptr);
    }
}

Interrupt::~Interrupt() {
    for (std::size_t index = 0; index < signals.size(); ++index) sigaction(signals[index], &before_[index], nullptr);
    event = -1;
    close(event_);
}

int Interrupt::signal() const { return first_signal; }

Error Interrupt::error() const {
    if (signal() == SIGINT) return {"interrupted", "interrupted"};
    return {"terminated", signal() == SIGHUP ? "ended, as its terminal was closed (SIGHUP)" : "ended by SIGTERM"};
}

bool is_interrupt(const Error& error) { return error.code == "interrupted" || error.code == "terminated"; }

}  // namespace waaft::os
