// Changes one value in a YAML text; comments, order and layout of everything else stay.
//
// Thread: any, no state. Ownership: values. The result is parsed again before it is given back: it
// has exactly the new value at that path and is otherwise the same, or there is an error.
// Errors: those of document.h, yaml_edit if the place is written in a way that this does not change
// (a text over several lines, a list in the path). Source: YAML 1.2.2.
#pragma once

#include "server/base/result.h"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace waaft::yaml {

// Keys that are missing are added at the end of their map (of {a: b}: at its beginning). `value` is null, a
// boolean, a number or a text; `name` is the file's, for errors.
Result<std::string> set_scalar(std::string_view text, const std::vector<std::string>& path,
                               const boost::json::value& value, const std::string& name);

}  // namespace waaft::yaml
