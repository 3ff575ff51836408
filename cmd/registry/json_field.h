// A text out of an object that somebody else wrote.
//
// Thread: any. Ownership: values. Errors: what is absent or no text reads as empty.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace waaft::registry {

inline std::string text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace waaft::registry
