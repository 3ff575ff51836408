#include "server/signaling/wire_size.h"

#include <numeric>
#include <string_view>

namespace waaft::signaling {
namespace {

// Keys, brackets, numbers and flags, at their longest.
constexpr std::size_t member_frame = 192;
constexpr std::size_t record_frame = 208;
constexpr std::size_t text_frame = 6;  // quotes, colon, comma, brackets

std::size_t escaped(char c) {
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') return 2;
    return static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
}

std::size_t size_of(std::string_view text) {
    return std::accumulate(text.begin(), text.end(), text_frame,
                           [](std::size_t sum, char c) { return sum + escaped(c); });
}

}  // namespace

std::size_t wire_size(const Member& member) { return member_frame + size_of(member.id) + size_of(member.name); }

std::size_t wire_size(const Record& record) {
    std::size_t size =
        record_frame + size_of(record.from) + size_of(record.name) + size_of(record.text) + size_of(record.emoji);
    for (const auto& [emoji, members] : record.reactions) {
        size += size_of(emoji);
        for (const auto& member : members) size += size_of(member);
    }
    return size;
}

}  // namespace waaft::signaling
