// JSON for people to read: two spaces a level, members in their order.
//
// Thread: any, no state. Ownership: values. Errors: none. Source: RFC 8259.
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace waaft::cmd {

// Ends in a newline.
std::string pretty(const boost::json::value& value);

}  // namespace waaft::cmd
