// YAML as a tree that knows where everything stands, as JSON values, and back as text.
//
// Thread: any, no state. Ownership: values. Units: lines and columns count from 1, columns and offsets
// in bytes. Limits: see Limits; no aliases and no tags, so that a small file cannot grow large.
// Errors: yaml_syntax, yaml_too_large, yaml_duplicate_key, yaml_key, each with name:line:column;
// never an exception, whatever the bytes. Source: YAML 1.2.2, section 10.3 (core schema).
#pragma once

#include "server/base/result.h"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::yaml {

struct Position {
    std::size_t line = 1;
    std::size_t column = 1;
    std::size_t offset = 0;  // into the text that was parsed
};

struct Node {
    enum class Type : std::uint8_t { null, scalar, list, map };
    Type type = Type::null;
    Position at;          // of a null that is not written: where it was missed
    bool quoted = false;  // of a scalar: a string whatever it looks like
    bool flow = false;    // of a list or map: [..] or {..}
    std::string scalar;
    std::vector<Node> children;  // of a map: key, value, key, value, keys that are given twice included
};
// "a single value", "a list"; for messages.
std::string_view name_of(Node::Type type);
// The value at a scalar key, the first if there are several; nullptr if there is none.
const Node* find(const Node& map, std::string_view key);

struct Limits {
    std::size_t bytes = 1024 * 1024;
    std::size_t nesting = 64;
    std::size_t nodes = 200'000;
    std::size_t documents = 1000;
};

// `name` stands in the errors' places. An empty text is a null node.
Result<Node> parse(std::string_view text, const std::string& name, const Limits& limits = {});
// A stream of documents; the empty ones are left out.
Result<std::vector<Node>> parse_all(std::string_view text, const std::string& name, const Limits& limits = {});

// "name:3:9"
std::string place(const std::string& name, const Position& position);

// Plain scalars become null, booleans and numbers where the core schema says so; keys become text.
// An integer that 64 bits cannot hold becomes a double.
Result<boost::json::value> to_value(const Node& node, const std::string& name);

// Block style, keys in their order, two blanks a level. Strings that YAML 1.1 or 1.2 would take for
// something else are quoted; texts of several lines become literal blocks. parse() gives back the same
// value. Strings must be UTF-8.
std::string emit(const boost::json::value& value);
// The same on one line, as it may stand after a colon or inside [..] and {..}; lists and maps in flow style.
std::string emit_inline(const boost::json::value& value);

}  // namespace waaft::yaml
