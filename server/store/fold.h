// Pages of a room's log as they are shown: reactions applied to the messages they are for, and not too long.
//
// Thread: any, no state. Ownership: changes the records it is given. Errors: none.
#pragma once

#include "server/signaling/messages.h"
#include "server/store/store.h"

#include <cstddef>
#include <vector>

namespace waaft::store {

// `reactions` in the order of the log; those for other messages are ignored. A deleted message has none.
void apply_reactions(std::vector<signaling::Record>& messages, const std::vector<signaling::Record>& reactions);

constexpr std::size_t page_bytes_max = 128 * 1024;

// Takes out the oldest messages until the rest, but at least one, is at most page_bytes_max long as JSON; `more` then.
void bound_page(Page& page);

}  // namespace waaft::store
