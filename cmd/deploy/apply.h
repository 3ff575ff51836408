// Brings objects into the cluster in their order, Services and their addresses first, and removes what went.
//
// Thread: main; waits. Ownership: borrows the Work. Errors: those of kube::Api, LB_PENDING. Stopping anywhere leaves
// whole objects; applying again goes on.
#pragma once

#include "cmd/deploy/watch.h"

namespace waaft::deploy {

// The Services of `objects`, and the addresses that they then have, as await_addresses(). `force` takes over fields of
// other managers.
Result<std::vector<std::string>> apply_services(Work& work, const kube::Objects& objects, bool force);
// All but Services and the Namespace.
Result<void> apply_others(Work& work, const kube::Objects& objects, bool force);
Result<void> remove_objects(Work& work, const kube::Objects& objects);

}  // namespace waaft::deploy
