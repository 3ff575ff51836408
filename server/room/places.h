// Who has one of the few places for direct media. PROTOCOL.md, "Rooms, roles, places".
//
// Thread: the room's. Ownership: borrows the members during a call. Errors: none.
#pragma once

#include "server/room/members.h"

#include <cstdint>
#include <vector>

namespace waaft::room {

// After a restart of the server people come back in any order: `by_age` then gives the places to who
// joined first before the restart, because their direct connections are still up.
enum class Precedence : std::uint8_t { holder, by_age };

// Gives free places to those who are due, and in a broadcast takes places from viewers for hosts and
// speakers. Nobody else loses one, but to somebody older by_age. Answers whose place changed.
std::vector<MemberState*> settle_places(const Members& members, signaling::RoomKind kind, std::uint32_t mesh_max,
                                        Precedence precedence);

// Who would get a place; nullptr: all is settled.
const MemberState* next_for_place(const Members& members, signaling::RoomKind kind, std::uint32_t mesh_max,
                                  Precedence precedence);

}  // namespace waaft::room
