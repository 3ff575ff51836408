#include "cmd/load/event_loop.h"

#include "server/base/id.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace waaft::load {
namespace {

constexpr std::size_t scratch_bytes = 256 * 1024;
constexpr int events_max = 512;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

timespec until_then(TimePoint until) {
    const auto left = std::max(until - Clock::now(), Duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    return {static_cast<time_t>(whole.count()), static_cast<long>((left - whole).count())};
}

}  // namespace

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), scratch_(scratch_bytes), random_(random_u64()) {
    if (epoll_ < 0) fail("epoll_create1");
}

EventLoop::~EventLoop() {
    close(epoll_);
    if (signals_ >= 0) close(signals_);
}

void EventLoop::add(int fd, std::uint32_t events, Pollable& pollable) {
    epoll_event event{.events = events, .data = {.ptr = &pollable}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

void EventLoop::change(int fd, std::uint32_t events, Pollable& pollable) {
    epoll_event event{.events = events, .data = {.ptr = &pollable}};
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl");
}

void EventLoop::remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::turn(TimePoint until) {
    std::array<epoll_event, events_max> events;
    const bool sleeps = pause_ == Duration::zero();
    const TimePoint next = std::min(until, Clock::now() + pause_);
    while (!sleeps && Clock::now() < next) {
    }
    const timespec wait = sleeps ? until_then(until) : timespec{};
    const int ready = epoll_pwait2(epoll_, events.data(), events_max, &wait, nullptr);
    for (int i = 0; i < ready; ++i) {
        auto* const pollable = static_cast<Pollable*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (pollable != nullptr) pollable->on_ready(events[static_cast<std::size_t>(i)].events);
    }
}

void EventLoop::catch_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals_ < 0) fail("signalfd");
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};  // wakes turn(); read by interrupts()
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, signals_, &event) != 0) fail("epoll_ctl");
}

int EventLoop::interrupts() {
    signalfd_siginfo info;
    while (signals_ >= 0 && read(signals_, &info, sizeof info) == sizeof info) ++interrupts_;
    return interrupts_;
}

}  // namespace waaft::load
