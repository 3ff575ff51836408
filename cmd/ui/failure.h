// A failure as one JSON object on stdout, the same shape for every command with `--output json`:
//
//   {"schema": "waaft.deploy/1", "result": "failed", "exit": 8,
//    "causes": [{"code": "CRASH_EXIT", "object": "Pod/waaft-7d9c-x2x", "container": "waaft",
//                "message": "...", "where": "...", "hint": "...", "events": ["..."], "log_tail": ["..."]}]}
//
// `code` and `message` are always there, the rest only if it says something. `code` is one of
// cause_table(), or in lower case what the tool itself could not do ("config_value",
// "process_timeout"). There is one object and one line end; what is no UTF-8 in it is shown as '?'.
//
// Thread: any. Ownership: values. Errors: none; main sees whether stdout took it.
#pragma once

#include "cmd/command.h"
#include "cmd/ui/causes.h"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <string_view>
#include <vector>

namespace waaft::cmd {

// `schema` is the command's own, "waaft.deploy/1".
boost::json::object failure_json(std::string_view schema, Exit exit, const std::vector<Cause>& causes);
void write_failure(std::ostream& out, std::string_view schema, Exit exit, const std::vector<Cause>& causes);
// The exit code comes from the errors; it is answered.
Exit write_failure(std::ostream& out, std::string_view schema, const Errors& errors);

// An Error as a cause, and a cause as an Error for print_error(): the object as its place.
Cause cause_of(const Error& error);
Error error_of(const Cause& cause);

// The cause with its evidence, for a person: what happened, the events, the last lines of the log, what to do.
void print_cause(const Streams& streams, const Cause& cause);

}  // namespace waaft::cmd
