// Pages of a room's log as they are shown: what was said of messages later applied to them, and not too long.
//
// Thread: any, no state. Ownership: changes the records it is given. Errors: none.
#pragma once

#include "server/signaling/messages.h"
#include "server/store/store.h"

#include <cstddef>
#include <vector>

namespace waaft::store {

// `later`: records of the same log in its order; what does not concern these messages is ignored. A deleted message has
// no text and no reactions.
void apply_later(std::vector<signaling::Record>& messages, const std::vector<signaling::Record>& later);

constexpr std::size_t page_bytes_max = 128 * 1024;

// Takes out the oldest messages until the rest, but at least one, is at most page_bytes_max long as JSON; `more` then.
void bound_page(Page& page);

}  // namespace waaft::store
