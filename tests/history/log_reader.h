// A newcomer who reads the whole log of a room: the last records with the welcome, then `history`.
//
// Thread: the loop's. Ownership: the loop and the target outlive it. Errors: the reason if it fails.
#pragma once

#include "cmd/load/connection.h"
#include "server/base/result.h"
#include "tests/history/history.h"

#include <string>

namespace waaft::history {

Result<Log> read_log(load::EventLoop& loop, const load::Target& target, const std::string& room, Duration timeout);

}  // namespace waaft::history
