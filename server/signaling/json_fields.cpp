#include "server/signaling/json_fields.h"

#include <boost/json/parse.hpp>

#include <utility>

namespace waaft::signaling {

namespace {

constexpr std::size_t depth_max = 8;

std::string size_expected(const TextRule& rule) {
    if (rule.max == SIZE_MAX) {
        return std::string(rule.expected);
    }
    return std::string(rule.expected) + ", " + std::to_string(rule.min) + " to " + std::to_string(rule.max) + " bytes";
}

}  // namespace

bool JsonFields::has(std::string_view key) const {
    const boost::json::value* value = object_.if_contains(key);
    return value != nullptr && !value->is_null();
}

std::string JsonFields::text(std::string_view key, const TextRule& rule) {
    const boost::json::value* value = object_.if_contains(key);
    const boost::json::string* string = value == nullptr ? nullptr : value->if_string();
    if (string == nullptr) {
        fail(key, size_expected(rule));
        return {};
    }
    const std::string_view text(string->data(), string->size());
    if (text.size() < rule.min || text.size() > rule.max || (rule.valid != nullptr && !rule.valid(text))) {
        fail(key, size_expected(rule), rule.code);
        return {};
    }
    return std::string(text);
}

std::optional<std::string> JsonFields::optional_text(std::string_view key, const TextRule& rule) {
    if (!has(key)) {
        return std::nullopt;
    }
    return text(key, rule);
}

bool JsonFields::flag(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    const bool* flag = value == nullptr ? nullptr : value->if_bool();
    if (flag == nullptr) {
        fail(key, "true or false");
        return false;
    }
    return *flag;
}

std::uint64_t JsonFields::number(std::string_view key, std::uint64_t min, std::uint64_t max) {
    const boost::json::value* value = object_.if_contains(key);
    const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
    if (number != nullptr && *number >= 0) {
        const auto positive = static_cast<std::uint64_t>(*number);
        if (positive >= min && positive <= max) {
            return positive;
        }
    }
    fail(key, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return 0;
}

const boost::json::object* JsonFields::object(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    const boost::json::object* object = value == nullptr ? nullptr : value->if_object();
    if (object == nullptr) {
        fail(key, "an object");
    }
    return object;
}

const boost::json::array* JsonFields::array(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    const boost::json::array* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr) {
        fail(key, "an array");
    }
    return array;
}

void JsonFields::fail(std::string_view key, std::string_view expected, ErrorCode code) {
    if (problem_) {
        return;
    }
    std::string detail(prefix_);
    detail += detail.empty() ? "" : ".";
    detail += key;
    detail += ": expected ";
    detail += expected;
    problem_ = DecodeError{code, std::move(detail), {}};
}

Result<boost::json::object, DecodeError> parse_message(std::string_view json, boost::json::storage_ptr storage) {
    boost::json::parse_options options;
    options.max_depth = depth_max;
    boost::json::error_code error;
    boost::json::value value = boost::json::parse(json, error, std::move(storage), options);
    if (error) {
        return DecodeError{ErrorCode::bad_message, "not JSON: " + error.message(), {}};
    }
    boost::json::object* object = value.if_object();
    if (object == nullptr) {
        return DecodeError{ErrorCode::bad_message, "expected an object", {}};
    }
    return std::move(*object);
}

}  // namespace waaft::signaling
