// How much may wait in one place: a number of things, and the bytes in them.
//
// What alone is larger than all the bytes allowed has space while nothing else waits, so that nothing is refused for
// ever. Thread: any. Ownership: a member of the place. Errors: take() is false, and then nothing was taken. Two
// that ask at the same moment may each be refused for the other; callers that mind have a lock of their own.
#pragma once

#include <atomic>
#include <cstddef>

namespace waaft {

class Budget {
public:
    struct Max {
        std::size_t count = 65536;
        std::size_t bytes = std::size_t{64} << 20;
    };
    explicit Budget(Max max) : max_(max) {}

    bool take(std::size_t bytes) {
        const std::size_t others = count_.fetch_add(1);
        const std::size_t bytes_of_others = bytes_.fetch_add(bytes);
        if (others < max_.count && (others == 0 || bytes_of_others + bytes <= max_.bytes)) return true;
        give_back(bytes);
        return false;
    }
    // What must go in, over the budget if need be.
    void overdraw(std::size_t bytes) {
        count_.fetch_add(1);
        bytes_.fetch_add(bytes);
    }
    void give_back(std::size_t bytes) {
        bytes_.fetch_sub(bytes);
        count_.fetch_sub(1);
    }
    std::size_t count() const { return count_.load(); }

private:
    const Max max_;
    std::atomic<std::size_t> count_{0};
    std::atomic<std::size_t> bytes_{0};
};

}  // namespace waaft
