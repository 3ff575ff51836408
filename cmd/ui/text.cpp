#include "cmd/ui/text.h"

#include <algorithm>

namespace waaft::cmd {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

// The length of the escape sequence that `text` begins with (ECMA-48: CSI, OSC, or two characters).
std::size_t escape_length(std::string_view text) {
    if (text.size() < 2) return text.size();
    if (text[1] == '[') {
        const auto end = std::find_if(text.begin() + 2, text.end(), [](char c) { return c >= 0x40 && c <= 0x7e; });
        return std::min<std::size_t>(static_cast<std::size_t>(end - text.begin()) + 1, text.size());
    }
    if (text[1] == ']') {
        const auto end = text.find_first_of("\a\033", 2);
        if (end == std::string_view::npos) return text.size();
        return std::min(end + (text[end] == '\a' ? 1 : 2), text.size());
    }
    return 2;
}

// Bytes of the UTF-8 character at the front; 0 if it is none. Neither overlong forms nor surrogates.
std::size_t character_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t size = first < 0x80                    ? 1
                             : first >= 0xc2 && first < 0xe0 ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
    if (size == 0 || text.size() < size) return 0;
    if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(size), continues)) return 0;
    const auto second = size > 1 ? static_cast<unsigned char>(text[1]) : 0U;
    const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return wrong ? 0 : size;
}

}  // namespace

std::string clean_line(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        std::size_t taken = 1;
        if (c == '\033') {
            taken = escape_length(text);
        } else if (c == '\t' || c == '\n') {
            result += ' ';
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        } else if (const auto size = character_length(text); size == 0) {
            result += '?';
        } else if (size == 2 && c == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0) {
            taken = size;  // C1: as good as an escape to some terminals
        } else {
            taken = size;
            result += text.substr(0, size);
        }
        text.remove_prefix(taken);
    }
    return result;
}

std::string fit(std::string_view text, std::size_t columns) {
    const auto length =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
    if (length <= columns) return std::string(text);
    const std::string_view dots = std::string_view("...").substr(0, columns);
    std::size_t left = columns - dots.size();
    std::size_t end = 0;
    while (end < text.size() && (continues(text[end]) || left > 0)) {
        if (!continues(text[end])) --left;
        ++end;
    }
    return std::string(text.substr(0, end)) + std::string(dots);
}

}  // namespace waaft::cmd
