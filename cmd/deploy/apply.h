// Brings objects into the cluster in their order, Services and their addresses first, and removes what went.
//
// Thread: main; waits. Ownership: borrows the Work. Errors: those of kube::Api, LB_PENDING. Stopping anywhere leaves
// whole objects; applying again goes on.
#pragma once

#include "cmd/deploy/watch.h"

namespace waaft::deploy {

struct Applied {
    std::vector<std::string> addresses;
};
// Without the Namespace. `force` takes over fields of other managers.
Result<Applied> apply_objects(Work& work, const kube::Objects& objects, bool force);
Result<void> remove_objects(Work& work, const kube::Objects& objects);

}  // namespace waaft::deploy
