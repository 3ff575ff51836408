// Between nodes and JSON values: the core schema of YAML 1.2.
#include "cmd/yaml/digit.h"
#include "cmd/yaml/document.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

namespace waaft::yaml {
namespace {

namespace json = boost::json;

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    for (const auto word : words) {
        if (text == word) {
            return true;
        }
    }
    return false;
}

// [-+]?[0-9]+, 0o[0-7]+, 0x[0-9a-fA-F]+; nullopt: another form.
std::optional<json::value> read_integer(std::string_view text) {
    int base = 10;
    bool negative = false;
    if (text.starts_with("0o") || text.starts_with("0x")) {
        base = text[1] == 'o' ? 8 : 16;
        text.remove_prefix(2);
    } else if (text.starts_with('-') || text.starts_with('+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
    if (text.empty() || text.front() == '-' || end != text.data() + text.size() ||
        error == std::errc::invalid_argument) {
        return std::nullopt;
    }
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (error == std::errc::result_out_of_range || (negative && size > most + 1)) {
        if (base != 10) {
            return std::nullopt;  // nobody writes one; it stays a text
        }
        const double large = std::strtod(std::string(text).c_str(), nullptr);
        return json::value(negative ? -large : large);
    }
    if (negative) {
        return json::value(static_cast<std::int64_t>(0 - size));
    }
    return size <= most ? json::value(static_cast<std::int64_t>(size)) : json::value(size);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_float(std::string_view text) {
    const auto digits = [&text] {
        std::size_t count = 0;
        for (; !text.empty() && is_digit(text.front()); ++count) {
            text.remove_prefix(1);
        }
        return count;
    };
    const auto skip = [&text](std::string_view any) {
        const bool there = !text.empty() && any.find(text.front()) != std::string_view::npos;
        text.remove_prefix(there ? 1 : 0);
        return there;
    };
    skip("+-");
    const auto whole = digits();
    const auto fraction = skip(".") ? digits() : 0;
    if (whole + fraction == 0) {
        return false;
    }
    if (skip("eE")) {
        skip("+-");
        if (digits() == 0) {
            return false;
        }
    }
    return text.empty();
}

std::optional<json::value> read_float(std::string_view text) {
    static constexpr std::array<std::string_view, 3> infinite{".inf", ".Inf", ".INF"};
    static constexpr std::array<std::string_view, 3> no_number{".nan", ".NaN", ".NAN"};
    if (is_one_of(text, no_number)) {
        return json::value(std::numeric_limits<double>::quiet_NaN());
    }
    const bool negative = text.starts_with('-');
    const auto unsigned_text = text.substr(negative || text.starts_with('+') ? 1 : 0);
    double value = std::numeric_limits<double>::infinity();
    if (!is_one_of(unsigned_text, infinite)) {
        if (!is_float(text)) {
            return std::nullopt;
        }
        value = std::strtod(std::string(unsigned_text).c_str(), nullptr);
    }
    return json::value(negative ? -value : value);
}

json::value plain_value(std::string_view text) {
    static constexpr std::array<std::string_view, 5> nulls{"", "~", "null", "Null", "NULL"};
    static constexpr std::array<std::string_view, 3> trues{"true", "True", "TRUE"};
    static constexpr std::array<std::string_view, 3> falses{"false", "False", "FALSE"};
    if (is_one_of(text, nulls)) {
        return nullptr;
    }
    if (is_one_of(text, trues) || is_one_of(text, falses)) {
        return is_one_of(text, trues);
    }
    if (const auto integer = read_integer(text)) {
        return *integer;
    }
    if (const auto number = read_float(text)) {
        return *number;
    }
    return json::value(text);
}

Result<json::value> map_value(const Node& node, const std::string& name) {
    json::object object;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
        const Node& key = node.children[i];
        if (key.type != Node::Type::scalar) {
            return Error{"yaml_key", "a key must be a name, not " + std::string(name_of(key.type)), place(name, key.at),
                         "write `name: value`"};
        }
        if (object.contains(key.scalar)) {
            return Error{"yaml_duplicate_key", "\"" + key.scalar.substr(0, 64) + "\" is given twice",
                         place(name, key.at), "keep one of the two"};
        }
        auto value = to_value(node.children[i + 1], name);
        if (!value) {
            return value;
        }
        object.emplace(key.scalar, std::move(*value));
    }
    return json::value(std::move(object));
}

Result<json::value> list_value(const Node& node, const std::string& name) {
    json::array array;
    for (const auto& child : node.children) {
        auto value = to_value(child, name);
        if (!value) {
            return value;
        }
        array.push_back(std::move(*value));
    }
    return json::value(std::move(array));
}

}  // namespace

Result<json::value> to_value(const Node& node, const std::string& name) {
    switch (node.type) {
        case Node::Type::null: return json::value(nullptr);
        case Node::Type::scalar: return node.quoted ? json::value(node.scalar) : plain_value(node.scalar);
        case Node::Type::list: return list_value(node, name);
        case Node::Type::map: return map_value(node, name);
    }
    return json::value(nullptr);
}

}  // namespace waaft::yaml
