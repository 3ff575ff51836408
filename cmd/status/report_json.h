// A Report for programs: schema waaft.status/1, docs/schemas/status.json.
//
// Thread: any, no state. Ownership: values. Units: in the names of the members; times as RFC 3339. Errors: none;
// what is not known is null, what is no UTF-8 is shown as '?'.
#pragma once

#include "cmd/status/report.h"

#include <boost/json/object.hpp>

namespace waaft::status {

boost::json::object json_of(const Report& report);

}  // namespace waaft::status
