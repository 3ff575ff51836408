#include "server/signaling/text.h"

#include "server/base/bytes.h"

#include <unictype.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace waaft::signaling {

namespace {

constexpr std::size_t name_bytes_max = 64;

struct CodePoint {
    char32_t value = 0;
    std::size_t size = 1;
};

// The code point at `at` of well-formed UTF-8.
CodePoint code_point_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
    const char32_t first = byte(0);
    if (first < 0x80) {
        return {first, 1};
    }
    if (first < 0xE0) {
        return {((first & 0x1F) << 6) | (byte(1) & 0x3F), 2};
    }
    if (first < 0xF0) {
        return {((first & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F), 3};
    }
    return {((first & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F), 4};
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool is_bidi_format(char32_t c) {
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

// What may go from both ends of a name: white space, and what has no width and joins nothing.
bool is_blank(char32_t c) { return uc_is_property_white_space(c) || c == 0x200B || c == 0x2060 || c == 0xFEFF; }

// A letter, number, punctuation or symbol, with ink. Marks alone are not: they need something to stand on.
bool is_seen(char32_t c) {
    constexpr char32_t braille_blank = 0x2800;  // a symbol, and empty
    return uc_is_general_category_withtable(
               c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S) &&
           !uc_is_property_default_ignorable_code_point(c) && c != braille_blank;
}

bool is_line_end(char32_t c) { return c == '\n' || c == '\v' || c == '\f' || c == '\r' || c == 0x85; }

// How long the control sequence of a terminal is that begins here, such as the colour "ESC [ 3 1 m"; 0: none does.
std::size_t sequence_at(std::string_view text) {
    if (text.size() < 2 || text[0] != '\x1B') return 0;
    if (text[1] == '[') {
        std::size_t at = 2;
        while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3F) ++at;
        return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7E ? at + 1 : 0;
    }
    if (text[1] != ']') return 0;
    const auto end = text.find_first_of("\a\x1B", 2);  // of a title or link: BEL, or ESC and a backslash
    if (end == std::string_view::npos) return 0;
    if (text[end] == '\a') return end + 1;
    return text.substr(end + 1).starts_with('\\') ? end + 2 : 0;
}

bool is_allowed(char32_t control, Controls allowed) {
    switch (allowed) {
        case Controls::none: return false;
        case Controls::sdp: return control == '\n' || control == '\t' || control == '\r';
    }
    return false;
}

std::string_view trim(std::string_view text) {
    std::size_t begin = text.size();
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        if (!is_blank(point.value)) {
            begin = std::min(begin, at);
            end = at + point.size;
        }
        at += point.size;
    }
    return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

constexpr char32_t joiner = 0x200D;
constexpr char32_t as_picture = 0xFE0F;
constexpr char32_t keycap = 0x20E3;

bool is_flag_letter(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }
bool is_tag(char32_t c) { return c >= 0xE0020 && c <= 0xE007E; }

// Digits are in Unicode's list of emoji, but pictures only as keycaps.
bool is_picture(char32_t c) { return c >= 0x80 && uc_is_property_emoji(c) && !is_flag_letter(c); }

std::vector<char32_t> code_points_of(std::string_view text) {
    std::vector<char32_t> points;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        points.push_back(point.value);
        at += point.size;
    }
    return points;
}

// The characters of one picture and what modifies it, from `at` on; 0: there is none.
std::size_t picture_at(const std::vector<char32_t>& points, std::size_t at) {
    constexpr char32_t end_of_tags = 0xE007F;
    const auto is = [&](std::size_t i, char32_t wanted) { return i < points.size() && points[i] == wanted; };
    if (at >= points.size() || !is_picture(points[at])) return 0;
    std::size_t end = at + 1;
    if (end < points.size() && uc_is_property_emoji_modifier(points[end])) return end + 1 - at;
    if (is(end, as_picture)) ++end;
    if (is(end, keycap)) return end + 1 - at;
    std::size_t tags = end;
    while (tags < points.size() && is_tag(points[tags])) ++tags;
    if (tags > end && is(tags, end_of_tags)) end = tags + 1;
    return end - at;
}

bool is_keycap(const std::vector<char32_t>& points) {
    const bool key =
        !points.empty() && ((points[0] >= '0' && points[0] <= '9') || points[0] == '#' || points[0] == '*');
    if (!key || points.back() != keycap) return false;
    return points.size() == 2 || (points.size() == 3 && points[1] == as_picture);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

bool is_url_safe(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }

template <class Predicate>
bool consists_of(std::string_view text, std::size_t min, std::size_t max, Predicate predicate) {
    return text.size() >= min && text.size() <= max && std::all_of(text.begin(), text.end(), predicate);
}

}  // namespace

bool is_text(std::string_view text, Controls allowed) {
    if (!is_utf8(text)) {
        return false;
    }
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        if (is_control(point.value) && !is_allowed(point.value, allowed)) {
            return false;
        }
        at += point.size;
    }
    return true;
}

std::optional<std::string> clean_name(std::string_view name) {
    if (!is_utf8(name)) {
        return std::nullopt;
    }
    const std::string_view trimmed = trim(name);
    if (trimmed.empty() || trimmed.size() > name_bytes_max) {
        return std::nullopt;
    }
    bool seen = false;
    for (std::size_t at = 0; at < trimmed.size();) {
        const CodePoint point = code_point_at(trimmed, at);
        if (is_control(point.value) || is_bidi_format(point.value) || point.value == 0x2028 || point.value == 0x2029) {
            return std::nullopt;
        }
        seen = seen || is_seen(point.value);
        at += point.size;
    }
    if (!seen) return std::nullopt;
    return std::string(trimmed);
}

std::optional<std::string> clean_chat_text(std::string_view text) {
    if (!is_utf8(text)) return std::nullopt;
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (const std::size_t sequence = sequence_at(text.substr(at)); sequence > 0) {
            at += sequence;
            continue;
        }
        const CodePoint point = code_point_at(text, at);
        const bool pair = text.substr(at).starts_with("\r\n");
        if (is_line_end(point.value))
            clean += '\n';
        else if (!is_control(point.value) || point.value == '\t')
            clean += text.substr(at, point.size);
        at += pair ? 2 : point.size;
    }
    if (clean.empty()) return std::nullopt;
    return clean;
}

bool is_emoji(std::string_view text) {
    if (!is_utf8(text)) return false;
    const std::vector<char32_t> points = code_points_of(text);
    if (is_keycap(points)) return true;
    if (points.size() == 2 && is_flag_letter(points[0]) && is_flag_letter(points[1])) return true;
    for (std::size_t at = 0; at < points.size();) {
        const std::size_t size = picture_at(points, at);
        if (size == 0) return false;
        at += size;
        if (at == points.size()) return true;
        if (points[at++] != joiner) return false;
    }
    return false;
}

bool is_member_id(std::string_view text) {
    return consists_of(text, 16, 16, [](char c) { return is_digit(c) || is_lower(c); });
}

bool is_epoch(std::string_view text) {
    return consists_of(text, 16, 16, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_nonce(std::string_view text) { return consists_of(text, 8, 64, is_url_safe); }

bool is_client_id(std::string_view text) { return consists_of(text, 16, 64, is_url_safe); }

bool is_token(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace waaft::signaling
