// Gives back the address that expose.address reserved, where waaft knows the provider's commands (GKE).
//
// Thread: main; waits. Ownership: borrows the Work. Errors: usage_addresses (not a provider whose commands we know),
// GCLOUD_FAILED with gcloud's own words, config_value, those of os::run.
#pragma once

#include "cmd/deploy/watch.h"
#include "cmd/project/project.h"

namespace waaft::deploy {

// Before anything else is done: whether release_address() can work at all.
Result<void> can_release_address(const project::Project& project);
// Shows each command before it runs. It may be gone already.
Result<void> release_address(Work& work, const project::Project& project);

}  // namespace waaft::deploy
