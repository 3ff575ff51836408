// Newcomers who read what rooms have, the newest messages with the welcome and the others page by page.
//
// Thread: the loop's; returns when all is read. Ownership: values. Bounds: reading_max rooms at a time. Errors: Error
// for a room that could not be read within `patience`; a newcomer who is refused tries again. Source: PROTOCOL.md.
#pragma once

#include "cmd/bench/recovery.h"
#include "cmd/load/connection.h"
#include "server/base/result.h"

#include <string>
#include <vector>

namespace waaft::bench {

inline constexpr std::size_t reading_max = 16;

// Of each room, in their order. Messages that no load has sent are left out.
Result<std::vector<RoomLog>> read_rooms(load::EventLoop& loop, const load::Target& target,
                                        const std::vector<std::string>& rooms, Duration patience);

}  // namespace waaft::bench
