// How the outcome of a load is shown: lines for a person, JSON for a program.
//
// Thread: any, no state. Ownership: values. Units: in the names. Errors: none.
#pragma once

#include "cmd/load/chat_load.h"

#include <boost/json/object.hpp>

#include <string>

namespace waaft::load {

std::string report_text(const ChatLoadReport& report);
// {"schema":"waaft.load/1", ...}
boost::json::object report_json(const ChatLoadReport& report);

}  // namespace waaft::load
