// Reads the fields of one JSON object and remembers the first that is not as expected.
//
// Thread: one. Ownership: views of a boost::json object that must outlive it. Errors: a field that is
// missing or wrong gives an empty value, and error() says which; later ones do not replace it.
#pragma once

#include "server/signaling/codec.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::signaling {

// What a string field has to be.
struct TextRule {
    std::size_t min = 0;
    std::size_t max = SIZE_MAX;
    bool (*valid)(std::string_view) = nullptr;  // nullptr: whatever the size permits
    std::string_view expected = "a string";
    ErrorCode code = ErrorCode::bad_message;  // when it is a string, but not such a one
};

class JsonFields {
public:
    using Problem = std::optional<DecodeError>;

    // Problems go to `problem`, which fields of nested objects share; `prefix` names the object.
    JsonFields(const boost::json::object& object, Problem& problem, std::string_view prefix = {})
        : object_(object), problem_(problem), prefix_(prefix) {}

    // Neither missing nor null.
    bool has(std::string_view key) const;
    // There, perhaps null.
    bool contains(std::string_view key) const { return object_.if_contains(key) != nullptr; }

    std::string text(std::string_view key, const TextRule& rule);
    std::optional<std::string> optional_text(std::string_view key, const TextRule& rule);
    bool flag(std::string_view key);
    std::uint64_t number(std::string_view key, std::uint64_t min, std::uint64_t max);
    // nullptr after a problem.
    const boost::json::object* object(std::string_view key);
    const boost::json::array* array(std::string_view key);

    void fail(std::string_view key, std::string_view expected, ErrorCode code = ErrorCode::bad_message);

private:
    const boost::json::object& object_;
    Problem& problem_;
    std::string_view prefix_;
};

// The largest integer that JSON numbers of JavaScript carry exactly.
constexpr std::uint64_t integer_max = (std::uint64_t{1} << 53) - 1;

// Parses `json` as one object, at most 8 levels deep, in memory of `storage`.
Result<boost::json::object, DecodeError> parse_message(std::string_view json, boost::json::storage_ptr storage);

}  // namespace waaft::signaling
