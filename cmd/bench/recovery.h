// What is judged of a server that was disturbed: since when everything is as before, and what it had acknowledged but
// does not have.
//
// Thread: any, no state. Ownership: values. Units: seconds where they are named. Errors: none.
#pragma once

#include "server/base/time.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace waaft::bench {

// Chat that takes longer is not as before.
inline constexpr Duration as_before_within = std::chrono::seconds(1);

// A part of the time in which people are watched.
struct Window {
    TimePoint end;
    // 99 of 100, from the send to the acknowledgement, and to each other person of the room: of what came in this part,
    // and of what was still awaited at its end.
    Duration acks{};
    Duration deliveries{};
    // Who had no connection at its end, or had heard nothing for as long as the server had promised.
    std::uint32_t away = 0;
};

bool as_before(const Window& window);

// The time from `over`, the end of a disturbance, to the end of the last window that was not as before. Where that is
// the last of all it is the whole time in which people were watched.
Duration recovered_after(TimePoint over, std::span<const Window> windows);

// A message that the server said it has; `sent_ns` tells it from all others.
struct AckedMessage {
    std::size_t room = 0;
    std::string epoch;
    std::uint64_t seq = 0;
    std::uint64_t sent_ns = 0;
    std::size_t stretch = 0;  // the part of the run in which it was acknowledged
};

// What a room gives to a newcomer.
struct RoomLog {
    std::string epoch;
    std::map<std::uint64_t, std::uint64_t> sent_ns;  // by seq
};

// How many of each stretch are not where the server said.
std::vector<std::uint64_t> count_lost(std::span<const AckedMessage> acked, std::span<const RoomLog> rooms,
                                      std::size_t stretches);

// So many people come to rooms of such sizes: most rooms are small, and most people are in the large ones.
std::vector<std::uint32_t> room_sizes(std::uint32_t people);

}  // namespace waaft::bench
