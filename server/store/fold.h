// Reactions as a page shows them: the log's reaction records applied to the messages they are for.
//
// Thread: any, no state. Ownership: changes the records it is given. Errors: none.
#pragma once

#include "server/signaling/messages.h"

#include <vector>

namespace waaft::store {

// `reactions` in the order of the log; those for other messages are ignored. A deleted message has none.
void apply_reactions(std::vector<signaling::Record>& messages, const std::vector<signaling::Record>& reactions);

}  // namespace waaft::store
