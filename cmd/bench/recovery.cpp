#include "cmd/bench/recovery.h"

#include <algorithm>
#include <array>

namespace waaft::bench {

bool as_before(const Window& window) {
    return window.away == 0 && window.acks < as_before_within && window.deliveries < as_before_within;
}

Duration recovered_after(TimePoint over, std::span<const Window> windows) {
    Duration last{};
    for (const Window& window : windows) {
        if (!as_before(window)) last = std::max(last, window.end - over);
    }
    return last;
}

std::vector<std::uint64_t> count_lost(std::span<const AckedMessage> acked, std::span<const RoomLog> rooms,
                                      std::size_t stretches) {
    std::vector<std::uint64_t> lost(stretches);
    for (const AckedMessage& message : acked) {
        const RoomLog& room = rooms[message.room];
        const auto found = room.sent_ns.find(message.seq);
        const bool is_there =
            room.epoch == message.epoch && found != room.sent_ns.end() && found->second == message.sent_ns;
        if (!is_there) ++lost[message.stretch];
    }
    return lost;
}

std::vector<std::uint32_t> room_sizes(std::uint32_t people) {
    struct Kind {
        std::uint32_t rooms;
        std::uint32_t people;
    };
    constexpr std::array<Kind, 6> of_500{{{10, 2}, {10, 4}, {5, 8}, {5, 20}, {2, 50}, {1, 200}}};
    std::vector<std::uint32_t> sizes;
    while (people > 0) {
        for (const Kind& kind : of_500) {
            for (std::uint32_t i = 0; i < kind.rooms && people > 0; ++i) {
                sizes.push_back(std::min(kind.people, people));
                people -= sizes.back();
            }
        }
    }
    return sizes;
}

}  // namespace waaft::bench
