// One command to a Redis of this machine, in its inline form.
//
// Thread: any; waits for the answer, a second at most. Ownership: values. Errors: Error{"redis"} without an answer.
// Source: Redis protocol, inline commands.
#pragma once

#include "server/base/result.h"

#include <cstdint>
#include <string>

namespace waaft::history {

// The first line of the answer, or as much of it as came at once.
Result<std::string> redis_call(std::uint16_t port, const std::string& command);

}  // namespace waaft::history
