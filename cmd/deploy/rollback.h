// Brings a revision back and watches until it serves.
//
// Thread: main; waits. Ownership: borrows the Work. Errors: those of apply.h and watch.h; TIMEOUT.
#pragma once

#include "cmd/deploy/apply.h"
#include "cmd/deploy/revision.h"

namespace waaft::deploy {

// Doomed or out of time: Watched says so. Removes nothing.
Result<Watched> bring_back(Work& work, const Revision& revision);
// What stands in the Watched of a rollout that did not get ready: its causes, or TIMEOUT.
std::vector<kube::Cause> causes_of(const Watched& watched, const std::string& name);

}  // namespace waaft::deploy
