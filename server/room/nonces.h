// Recognises a post that comes again: (member, nonce) -> seq.
//
// Thread: the room's. Ownership: values. Units: TimePoint. Errors: none.
// Bounds: `max` accepted nonces, the oldest go first; pending ones are bounded by the room's pending_max.
#pragma once

#include "server/base/time.h"
#include "server/signaling/messages.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace waaft::room {

class Nonces {
public:
    explicit Nonces(Duration keep, std::size_t max = 65536) : keep_(keep), max_(max) {}

    bool is_pending(std::string_view member, std::string_view nonce) const;
    std::optional<signaling::Seq> find(std::string_view member, std::string_view nonce) const;

    void begin(std::string_view member, std::string_view nonce);
    // The pending post is durable.
    void accept(std::string_view member, std::string_view nonce, signaling::Seq seq, TimePoint now);
    // It is not and never will be; the nonce may be used again.
    void forget(std::string_view member, std::string_view nonce);
    // None is pending any more.
    void forget_pending() { pending_.clear(); }
    void expire(TimePoint now);

private:
    struct Accepted {
        TimePoint at;
        const std::string* key;  // in seqs_
    };
    void drop_oldest();

    Duration keep_;
    std::size_t max_;
    std::unordered_set<std::string> pending_;
    std::unordered_map<std::string, signaling::Seq> seqs_;
    std::deque<Accepted> by_age_;
};

}  // namespace waaft::room
