// How long values of the protocol are as JSON, without writing them: what may be large is bounded by it.
//
// Thread: any, no state. Ownership: views. Units: bytes, never less than what the encoder writes and at most a few
// dozen more. Errors: none.
#pragma once

#include "server/signaling/messages.h"

#include <cstddef>

namespace waaft::signaling {

std::size_t wire_size(const Member& member);
// With its reactions.
std::size_t wire_size(const Record& record);

}  // namespace waaft::signaling
