// Records that have their seq and wait for the disk, in the order of their seqs.
//
// Thread: the room's. Ownership: owns the records. Errors: none; an answer for an unknown seq is ignored.
// Bounds: the caller checks size() before begin().
#pragma once

#include "server/signaling/messages.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::room {

struct Post {
    enum class Outcome : std::uint8_t { waiting, durable, failed };
    signaling::Record record;
    std::string nonce;  // empty: none
    Outcome outcome = Outcome::waiting;
};

class Posts {
public:
    // Seqs go on after `last_seq`; one is never used again, not even if its write fails.
    explicit Posts(signaling::Seq last_seq) : next_seq_(last_seq + 1) {}

    // Gives the record its seq.
    const Post& begin(signaling::Record record, std::string nonce);
    void settle(signaling::Seq seq, bool durable);
    // The oldest post, once its outcome is known.
    std::optional<Post> take_settled();

    // All that wait are not written and never will be; seqs go on after `last_seq`.
    void restart(signaling::Seq last_seq);

    // The member's reaction to that message is on its way, so the tail does not tell its state.
    bool has_reaction(std::string_view member, signaling::Seq target) const;
    std::size_t size() const { return posts_.size(); }

private:
    signaling::Seq next_seq_;
    std::deque<Post> posts_;
};

}  // namespace waaft::room
