// What a load reads of a chat record without parsing its JSON, millions of times a second.
//
// Thread: any, no state. Ownership: views. Errors: nullopt when the message is of another kind or
// form; then signaling::decode_server is the way. Source: PROTOCOL.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::load {

// The seq of a chat message that begins as our server writes it.
std::optional<std::uint64_t> chat_seq(std::string_view message);

// The text of a message of a load: which run sent it, and when by the monotonic clock.
struct Stamp {
    std::uint64_t run = 0;
    std::uint64_t sent_ns = 0;
};
constexpr std::size_t stamp_bytes = 39;

// Exactly `size` bytes, at least stamp_bytes.
std::string stamped_text(const Stamp& stamp, std::size_t size);
// The stamp anywhere in `message`.
std::optional<Stamp> find_stamp(std::string_view message);

}  // namespace waaft::load
