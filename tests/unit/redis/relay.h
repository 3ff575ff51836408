// A TCP relay in front of a Redis: one address behind which the target changes, is cut, or falls silent.
//
// Thread: its own; calls come from the test's. Ownership: ends with the object. Errors: aborts the test.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace waaft::redis::testing {

class Relay {
public:
    explicit Relay(std::uint16_t target);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
    // For new connections.
    void lead_to(std::uint16_t target) { target_ = target; }
    // Ends all connections there are.
    void cut() { cut_ = true; }
    // While it is silent nothing is passed on, and nobody is told.
    void be_silent(bool silent) { silent_ = silent; }

private:
    struct Pair {
        int client = -1;
        int server = -1;
    };
    void work();
    void accept_one();
    // False: one end closed.
    static bool pass(int from, int to);

    std::atomic<std::uint16_t> target_;
    std::atomic<bool> cut_{false};
    std::atomic<bool> silent_{false};
    std::atomic<bool> over_{false};
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::vector<Pair> pairs_;
    std::thread thread_;
};

}  // namespace waaft::redis::testing
