// What the values of waaft.yaml look like as JSON Schema: a type, pattern and bounds for each setting of `serve:` and
// each field of the project.
//
// Thread: any, no state. Ownership: values. Errors: none. What a schema cannot say (an IPv6 address inside a URL, the
// length of a name inside a reference) it lets pass; it refuses nothing that project/parse.h takes, but for numbers
// and booleans in quotes. Sources: JSON Schema draft-07; ECMA-262 with the flag u (patterns).
#pragma once

#include "cmd/project/fields.h"
#include "server/app/settings.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace waaft::cmd {

// Types and bounds; title, description and default are the caller's.
boost::json::object schema_of(const app::Setting& setting);
boost::json::object schema_of(const project::Field& field);

// A pattern of the whole numbers from `min` to `max`, "7-9|[1-9][0-9]|100"; with zeros in front as they are read.
std::string whole_numbers(std::uint64_t min, std::uint64_t max);

}  // namespace waaft::cmd
