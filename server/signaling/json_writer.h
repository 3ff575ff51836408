// Writes compact JSON straight into a string.
//
// Thread: one. Ownership: the string is the caller's and must outlive the writer. Errors: none; the
// result is valid JSON if the calls nest and the texts are well-formed UTF-8. Source: RFC 8259.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace waaft::signaling {

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    void begin_object() { open('{'); }
    void begin_object(std::string_view key) { open(key, '{'); }
    void end_object() { out_ += '}'; }
    void begin_array() { open('['); }
    void begin_array(std::string_view key) { open(key, '['); }
    void end_array() { out_ += ']'; }

    void text(std::string_view key, std::string_view value);
    void text_unless_empty(std::string_view key, std::string_view value);
    void flag(std::string_view key, bool value);
    void null(std::string_view key);
    template <std::integral Number>
    void number(std::string_view key, Number value) {
        write_key(key);
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
        out_.append(digits, end);
    }
    void item(std::string_view value);

    // The members of `object`, a JSON object as text.
    void members_of(std::string_view object);

private:
    void separate();
    void open(char bracket);
    void open(std::string_view key, char bracket);
    void write_key(std::string_view key);
    void write_string(std::string_view value);

    std::string& out_;
};

}  // namespace waaft::signaling
