// A field's value as waaft.yaml writes it, for `waaft config show` and the JSON Schema.
//
// Thread: any, no state. Ownership: values. Units: durations are texts, "10m". Errors: none. Secrets: a Project has
// none; of a command that gives one only the program is told, because its arguments may be secret.
#pragma once

#include "cmd/project/fields.h"

#include <boost/json/value.hpp>

#include <string>

namespace waaft::project {

// Null for a secret that is not set.
boost::json::value to_json(const Project& project, const Field& field);
// The same on one line: lists with commas, "*** (file turn.secret)" for a secret.
std::string to_line(const Project& project, const Field& field);

}  // namespace waaft::project
