// Whether each client of a room gets every record once and in order, and when each was sent.
//
// Thread: one. Ownership: values. Bounds: remembers the send times of the newest 65,536 records of a
// room and one position for each client. Units: nanoseconds of the monotonic clock. Errors: counted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace waaft::load {

struct Disorder {
    std::uint64_t lost = 0;  // a later record came, and it never did
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
};

// The position of one client.
class Position {
public:
    void start(std::uint64_t seq) { last_ = seq; }
    std::uint64_t last() const { return last_; }
    void take(std::uint64_t seq, Disorder& disorder) {
        if (seq == last_ + 1) {
            last_ = seq;
        } else {
            take_other(seq, disorder);
        }
    }

private:
    void take_other(std::uint64_t seq, Disorder& disorder);

    std::uint64_t last_ = 0;
    static constexpr std::size_t missing_max = 1024;
    std::vector<std::uint64_t> missing_;  // before last_, may still come late; the first missing_max of them
};

// The send times of a room's newest records.
class SendTimes {
public:
    // For so many rooms each remembers as many as fit into 64 MiB of all, 65,536 at most: a load generator that fills
    // its memory with what it never asks for is late itself.
    static std::size_t slots_for(std::size_t rooms) {
        return std::clamp<std::size_t>((64UL << 20) / sizeof(Slot) / std::max<std::size_t>(rooms, 1), 64, 65536);
    }

    explicit SendTimes(std::size_t slots) : count_(slots) {}

    // nullopt: not remembered. 0: not of this run.
    std::optional<std::uint64_t> find(std::uint64_t seq) const {
        if (slots_.empty()) return std::nullopt;
        const Slot& slot = slots_[seq % count_];
        return slot.seq == seq ? std::optional(slot.sent_ns) : std::nullopt;
    }
    void put(std::uint64_t seq, std::uint64_t sent_ns) {
        if (slots_.empty()) slots_.resize(count_);
        slots_[seq % count_] = {seq, sent_ns};
        newest_ = seq > newest_ ? seq : newest_;
    }
    std::uint64_t newest() const { return newest_; }

private:
    struct Slot {
        std::uint64_t seq = 0;
        std::uint64_t sent_ns = 0;
    };
    std::size_t count_;
    std::vector<Slot> slots_;  // without memory until the first record
    std::uint64_t newest_ = 0;
};

}  // namespace waaft::load
