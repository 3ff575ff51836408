// A bounded queue between exactly two threads, without a lock; its values may be move-only.
//
// Thread: push on one, pop on another, size on any. Ownership: owns what is queued. Bounds: the
// capacity given, rounded up to a power of two. Errors: push answers false when full, and then
// leaves the value as it was.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

namespace waaft {

template <class T>
class SpscRing {
public:
    explicit SpscRing(std::size_t capacity) : capacity_(std::bit_ceil(capacity)) {}

    bool push(T&& value) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == capacity_) return false;
        // Only the producer is here before the first value is published.
        if (slots_.empty()) slots_.resize(capacity_);
        slots_[tail & (capacity_ - 1)] = std::move(value);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    bool pop(T& value) {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return false;
        value = std::exchange(slots_[head & (capacity_ - 1)], T{});
        head_.store(head + 1, std::memory_order_release);
        return true;
    }

    std::size_t size() const {
        const std::size_t head = head_.load(std::memory_order_acquire);
        return tail_.load(std::memory_order_acquire) - head;
    }

private:
    const std::size_t capacity_;
    std::vector<T> slots_;  // none until something is pushed: most rings between many threads are never used
    // On cache lines of their own: each is written by one side only.
    alignas(64) std::atomic<std::size_t> head_{0};
    alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace waaft
