// How many STUN answers one address may have: a token bucket each, in a table of fixed size. Sans-IO.
//
// Thread: one (each shard has its own). Ownership: 1.5 MiB, allocated once and never more.
// Units: answers a second. An IPv6 /64 counts as one address. Cost: O(1), eight entries are looked at.
// When nine addresses meet in one set, the one that was idle longest makes place and
// starts anew later: whoever can write from so many addresses isn't held by a limit for one.
#pragma once

#include "server/base/time.h"
#include "server/rtc/stun.h"

#include <cstdint>
#include <vector>

namespace waaft::rtc {

class StunLimiter {
public:
    // `burst` answers at once, then `per_second`. `seed` is random, so that nobody can choose
    // addresses that meet in one set.
    StunLimiter(std::uint32_t per_second, std::uint32_t burst, std::uint64_t seed);

    // Whether this address may have an answer now; counts it if so. `now` never goes back.
    bool allow(const SocketAddress& from, TimePoint now);

    static constexpr std::size_t entries_max = 65536;

private:
    struct Entry {
        std::uint64_t key = 0;         // 0: free
        std::int64_t refilled_us = 0;  // when `tokens_micro` was right
        std::uint64_t tokens_micro = 0;
    };
    std::uint64_t key_of(const SocketAddress& from) const;
    Entry& find(std::uint64_t key, std::int64_t now_us);

    std::uint64_t per_second_;
    std::uint64_t burst_micro_;
    std::uint64_t seed_;
    std::vector<Entry> entries_;
};

}  // namespace waaft::rtc
