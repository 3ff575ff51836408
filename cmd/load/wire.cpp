#include "cmd/load/wire.h"

#include <algorithm>
#include <charconv>

namespace waaft::load {
namespace {

constexpr std::string_view chat_begin = R"({"t":"chat","seq":)";
constexpr std::string_view stamp_begin = "load:";  // then 16 digits, ':', 16 digits, ' '
constexpr std::size_t digits = 16;

void append_hex(std::string& out, std::uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) out.push_back("0123456789abcdef"[value >> shift & 0xf]);
}

bool parse_hex(std::string_view text, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc{} && end == text.data() + text.size() && text.size() == digits;
}

}  // namespace

std::optional<std::uint64_t> chat_seq(std::string_view message) {
    if (!message.starts_with(chat_begin)) return std::nullopt;
    std::uint64_t seq = 0;
    const char* const end = message.data() + message.size();
    const auto parsed = std::from_chars(message.data() + chat_begin.size(), end, seq);
    if (parsed.ec != std::errc{} || parsed.ptr == end || *parsed.ptr != ',') return std::nullopt;
    return seq;
}

std::string stamped_text(const Stamp& stamp, std::size_t size) {
    std::string text(stamp_begin);
    append_hex(text, stamp.run);
    text.push_back(':');
    append_hex(text, stamp.sent_ns);
    text.push_back(' ');
    text.resize(size, 'x');
    return text;
}

std::optional<Stamp> find_stamp(std::string_view message) {
    const auto at = message.find(stamp_begin);
    if (at == std::string_view::npos || message.size() - at < stamp_bytes) return std::nullopt;
    Stamp stamp;
    const auto run = message.substr(at + stamp_begin.size(), digits);
    const auto sent = message.substr(at + stamp_begin.size() + digits + 1, digits);
    if (!parse_hex(run, stamp.run) || !parse_hex(sent, stamp.sent_ns)) return std::nullopt;
    return stamp;
}

}  // namespace waaft::load
