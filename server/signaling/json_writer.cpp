#include "server/signaling/json_writer.h"

#include <cstddef>

namespace waaft::signaling {

namespace {

void append_escaped(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 0x0F];
    }
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

}  // namespace

void JsonWriter::text(std::string_view key, std::string_view value) {
    write_key(key);
    write_string(value);
}

void JsonWriter::text_unless_empty(std::string_view key, std::string_view value) {
    if (!value.empty()) {
        text(key, value);
    }
}

void JsonWriter::flag(std::string_view key, bool value) {
    write_key(key);
    out_ += value ? "true" : "false";
}

void JsonWriter::null(std::string_view key) {
    write_key(key);
    out_ += "null";
}

void JsonWriter::item(std::string_view value) {
    separate();
    write_string(value);
}

void JsonWriter::members_of(std::string_view object) {
    if (object.size() > 2) {
        separate();
        out_ += object.substr(1, object.size() - 2);
    }
}

// A comma is due unless this is the first thing inside a bracket; a string always ends with a
// quote, so the last byte tells.
void JsonWriter::separate() {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[') {
        out_ += ',';
    }
}

void JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
}

void JsonWriter::open(std::string_view key, char bracket) {
    write_key(key);
    out_ += bracket;
}

void JsonWriter::write_key(std::string_view key) {
    separate();
    write_string(key);
    out_ += ':';
}

void JsonWriter::write_string(std::string_view value) {
    out_ += '"';
    std::size_t clean_from = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (needs_escape(value[i])) {
            out_ += value.substr(clean_from, i - clean_from);
            append_escaped(out_, value[i]);
            clean_from = i + 1;
        }
    }
    out_ += value.substr(clean_from);
    out_ += '"';
}

}  // namespace waaft::signaling
