// Whether each client of a room gets every record once and in order, and when each was sent.
//
// Thread: one. Ownership: values. Bounds: remembers the send times of the newest 65,536 records of a
// room and one position for each client. Units: nanoseconds of the monotonic clock. Errors: counted.
#pragma once

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
    // nullopt: not remembered. 0: not of this run.
    std::optional<std::uint64_t> find(std::uint64_t seq) const {
        if (slots_.empty()) return std::nullopt;
        const Slot& slot = slots_[seq % slots];
        return slot.seq == seq ? std::optional(slot.sent_ns) : std::nullopt;
    }
    void put(std::uint64_t seq, std::uint64_t sent_ns) {
        if (slots_.empty()) slots_.resize(slots);
        slots_[seq % slots] = {seq, sent_ns};
        newest_ = seq > newest_ ? seq : newest_;
    }
    std::uint64_t newest() const { return newest_; }

private:
    static constexpr std::size_t slots = 65536;
    struct Slot {
        std::uint64_t seq = 0;
        std::uint64_t sent_ns = 0;
    };
    std::vector<Slot> slots_;  // without memory until the first record
    std::uint64_t newest_ = 0;
};

}  // namespace waaft::load
