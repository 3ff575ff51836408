#include "cmd/yaml/digit.h"
#include "cmd/yaml/document.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace waaft::yaml {
namespace {

namespace json = boost::json;

// A key that is longer needs the sign `? `; parsers stop looking for its colon at 1024.
constexpr std::size_t simple_key_max = 1000;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What YAML 1.1 or 1.2 takes for null or a boolean; Kubernetes reads the former.
bool is_word_of_yaml(std::string_view text) {
    static constexpr std::array<std::string_view, 10> words{"null", "true", "false", "yes", "no",
                                                            "on",   "off",  "y",     "n",   "nan"};
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return std::find(words.begin(), words.end(), lower) != words.end();
}

// Numbers in any base, dates and times, version numbers too: quotes harm none of them.
bool looks_like_a_number(std::string_view text) {
    return (is_digit(text.front()) || text.front() == '.') && std::all_of(text.begin(), text.end(), [](char c) {
               return is_digit(c) || std::string_view("abcdefABCDEFxoOtTZ_:.+- ").find(c) != std::string_view::npos;
           });
}

bool is_plain(std::string_view text) {
    if (text.empty() || text.size() > simple_key_max || is_word_of_yaml(text) || looks_like_a_number(text) ||
        text.starts_with(".inf") || text.starts_with(".Inf") || text.starts_with(".INF") || text.starts_with(".n") ||
        text.starts_with(".N") || text.ends_with(' ') || text.ends_with(':')) {
        return false;
    }
    const char first = text.front();
    if (!is_letter(first) && !is_digit(first) && first != '/' && first != '.' && first != '_' && first != '$') {
        return false;
    }
    // Without "?", which ends a plain scalar in the flow style of yaml-cpp.
    constexpr std::string_view others = " _-./:+@=()$%^*<>~;!'\"&|\\";
    return text.find(": ") == std::string_view::npos && std::all_of(text.begin(), text.end(), [&](char c) {
               return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
           });
}

// Whether the bytes at `i` are a character that YAML wants escaped or that ends a line: U+0080 to
// U+009F, U+2028, U+2029, U+FEFF, U+FFFE, U+FFFF. Gives its number and moves `i` behind it.
char32_t special_at(std::string_view text, std::size_t& i) {
    const auto byte = [&](std::size_t n) {
        return static_cast<char32_t>(i + n < text.size() ? static_cast<unsigned char>(text[i + n]) : 0);
    };
    char32_t code = byte(1);  // of two bytes, of which the first is C2
    if (byte(0) == 0xC2 && code >= 0x80 && code < 0xA0) {
        i += 2;
        return code;
    }
    code = (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if ((byte(0) & 0xF0) == 0xE0 && (code == 0x2028 || code == 0x2029 || code == 0xFEFF || code >= 0xFFFE)) {
        i += 3;
        return code;
    }
    return 0;
}

std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    const auto put_code = [&](char32_t code) {
        out += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) {
            out += digits[code >> shift & 0xF];
        }
    };
    for (std::size_t i = 0; i < text.size();) {
        if (const auto code = special_at(text, i)) {
            put_code(code);
            continue;
        }
        const char c = text[i++];
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\t': out += "\\t"; break;
            case '\r': out += "\\r"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
                    put_code(static_cast<unsigned char>(c));
                } else {
                    out += c;
                }
        }
    }
    return out + '"';
}

std::string text_of(std::string_view text) { return is_plain(text) ? std::string(text) : quoted(text); }

std::string number_of(double value) {
    if (std::isnan(value)) {
        return ".nan";
    }
    if (std::isinf(value)) {
        return value < 0 ? "-.inf" : ".inf";
    }
    std::array<char, 64> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    const std::string text(buffer.data(), written.ptr);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

// Texts that a literal block gives back byte for byte, whichever parser reads it.
bool is_literal(std::string_view text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || end == 0 || text.ends_with("\n\n") || text.front() == ' ' ||
        text.front() == '\t' || text.front() == '#') {
        return false;
    }
    bool line_is_blank = false;
    bool at_begin = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::size_t here = i;
        if (c == '\r' || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == '\x7f' ||
            special_at(text, here) != 0 || (c == '\t' && at_begin)) {
            return false;
        }
        if (c == '\n' && line_is_blank) {
            return false;
        }
        line_is_blank = c == ' ' && (at_begin || line_is_blank);
        at_begin = c == '\n';
    }
    return !line_is_blank;
}

class Writer {
public:
    std::string take() { return std::move(out_); }

    // What follows "key:" or stands for itself; ends its last line. `indent` is that of its lines.
    void put(const json::value& value, std::size_t indent, bool after_key) {
        if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
            out_ += after_key ? "\n" : "";
            put_object(*object, indent, after_key);
        } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
            out_ += after_key ? "\n" : "";
            put_array(*array, indent, after_key);
        } else if (value.is_string() && is_literal(value.get_string())) {
            put_literal(value.get_string(), indent, after_key);
        } else {
            out_ += (after_key ? " " : "") + emit_inline(value) + '\n';
        }
    }

private:
    // The first line of something that stands behind "- " has its indentation already.
    void put_object(const json::object& object, std::size_t indent, bool indent_first) {
        bool first = true;
        for (const auto& [key, member] : object) {
            if (!first || indent_first) {
                out_.append(indent, ' ');
            }
            first = false;
            const auto name = text_of(key);
            if (name.size() > simple_key_max) {
                out_ += "? " + name + '\n' + std::string(indent, ' ');
                out_ += ':';
            } else {
                out_ += name + ':';
            }
            // kubectl writes the lists of a map without more indentation.
            put(member, member.is_array() ? indent : indent + 2, true);
        }
    }

    void put_array(const json::array& array, std::size_t indent, bool indent_first) {
        bool first = true;
        for (const auto& item : array) {
            if (!first || indent_first) {
                out_.append(indent, ' ');
            }
            first = false;
            out_ += "- ";
            put(item, indent + 2, false);
        }
    }

    void put_literal(std::string_view text, std::size_t indent, bool after_key) {
        out_ += after_key ? " |" : "|";
        out_ += text.ends_with('\n') ? "\n" : "-\n";
        while (!text.empty()) {
            const auto line = text.substr(0, text.find('\n'));
            out_ += (line.empty() ? "" : std::string(std::max<std::size_t>(indent, 2), ' ')) + std::string(line) + '\n';
            text.remove_prefix(std::min(text.size(), line.size() + 1));
        }
    }

    std::string out_;
};

}  // namespace

std::string emit_inline(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null: return "null";
        case json::kind::bool_: return value.get_bool() ? "true" : "false";
        case json::kind::int64: return std::to_string(value.get_int64());
        case json::kind::uint64: return std::to_string(value.get_uint64());
        case json::kind::double_: return number_of(value.get_double());
        case json::kind::string: return text_of(value.get_string());
        case json::kind::array: break;
        case json::kind::object: break;
    }
    std::string out;
    if (const auto* object = value.if_object()) {
        for (const auto& [key, member] : *object) {
            out += (out.empty() ? "" : ", ") + text_of(key) + ": " + emit_inline(member);
        }
        return "{" + out + "}";
    }
    for (const auto& item : value.get_array()) {
        out += (out.empty() ? "" : ", ") + emit_inline(item);
    }
    return "[" + out + "]";
}

std::string emit(const json::value& value) {
    Writer writer;
    writer.put(value, 0, false);
    return writer.take();
}

}  // namespace waaft::yaml
