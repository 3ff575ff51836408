// Thousands of descriptors on one thread.
//
// Thread: one. Ownership: does not own the descriptors; who closes one takes it out first. Bounds: one scratch
// buffer shared by all readers. Errors: a failing epoll_create1 or signalfd aborts the program.
// Source: epoll(7), signalfd(2).
#pragma once

#include "server/base/time.h"

#include <cstdint>
#include <random>
#include <vector>

namespace waaft::load {

class Pollable {
public:
    virtual void on_ready(std::uint32_t events) = 0;

protected:
    ~Pollable() = default;
};

class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void add(int fd, std::uint32_t events, Pollable& pollable);
    void change(int fd, std::uint32_t events, Pollable& pollable);
    // Before it is closed: a process that is just being started may still hold it, and then it would stay known here.
    void remove(int fd);
    // Handles what is ready; waits for it until `until` at most.
    void turn(TimePoint until);

    // From now on SIGINT and SIGTERM do not end the process but are counted by interrupts().
    void catch_signals();
    int interrupts();

    // From now on turn() looks each `pause` instead of sleeping until something is ready. Whoever measures
    // a sender wants its cost alone: on one machine, waking a reader is the sender's work.
    void look_each(Duration pause) { pause_ = pause; }

    std::vector<char>& scratch() { return scratch_; }
    // Unpredictable enough for masks (RFC 6455, 10.3 protects proxies from pages; there are none here).
    std::uint32_t random() { return static_cast<std::uint32_t>(random_()); }

private:
    int epoll_;
    int signals_ = -1;
    int interrupts_ = 0;
    Duration pause_ = Duration::zero();
    std::vector<char> scratch_;
    std::mt19937_64 random_;
};

}  // namespace waaft::load
