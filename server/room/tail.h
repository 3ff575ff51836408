// The newest durable records of a room's log, with deletes, reactions and erases applied.
//
// Thread: the room's. Ownership: owns the records. Units: bytes count what a record takes in memory.
// Errors: lookups give nullptr. Bounds: records_max and bytes_max; the oldest records go first.
#pragma once

#include "server/signaling/messages.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace waaft::room {

class Tail {
public:
    struct Bounds {
        std::size_t records_max = 0;
        std::size_t bytes_max = 0;
    };

    // `kept` are the raw records of the last seqs, oldest first; `last_seq` the newest that was used.
    Tail(Bounds bounds, signaling::Seq last_seq, std::vector<signaling::Record> kept);

    // The next durable record; its seq is above last_seq().
    void append(signaling::Record record);

    // Drops the records from before that time.
    void forget_before(UnixMs at);

    signaling::Seq last_seq() const { return last_seq_; }
    // Records up to this one are not here any more.
    signaling::Seq floor() const { return floor_; }
    // Records up to this one were erased.
    signaling::Seq erased_through() const { return erased_through_; }
    const signaling::Record* find(signaling::Seq seq) const;

    // Every record after `seq`, raw but for the texts of deleted messages, oldest first.
    std::vector<signaling::Record> since(signaling::Seq seq) const;
    // The records after `seq` that are not here any more.
    std::optional<signaling::Gap> gap_after(signaling::Seq seq) const;

    struct Latest {
        std::vector<signaling::Record> items;  // chat records with reactions and `deleted`, oldest first
        bool more = false;
    };
    Latest latest(std::size_t count) const;

private:
    void apply(const signaling::Record& record);
    void apply_reaction(const signaling::Record& record);
    void blank(signaling::Record& record);
    void evict();
    void drop_oldest();
    signaling::Record* find_chat(signaling::Seq seq);

    Bounds bounds_;
    std::deque<signaling::Record> records_;
    std::size_t bytes_ = 0;
    signaling::Seq last_seq_ = 0;
    signaling::Seq floor_ = 0;
    signaling::Seq erased_through_ = 0;
};

// Whether that member has given that reaction to the message.
bool has_reaction(const signaling::Record& chat, const std::string& emoji, const std::string& member);

// Whether another reaction fits: a message takes 20 different ones and 4096 in all.
bool takes_reaction(const signaling::Record& chat, const std::string& emoji);

}  // namespace waaft::room
