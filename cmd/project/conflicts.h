// Values that are good by themselves and contradict each other.
//
// Thread: any, no state. Ownership: values. Errors: config_conflict, each with the place of the value to blame.
#pragma once

#include "cmd/command.h"
#include "cmd/project/project.h"
#include "cmd/project/serve_section.h"

#include <vector>

namespace waaft::project {

cmd::Errors find_conflicts(const Loaded& loaded);
// With those of `serve:` in a deployment, which has the files of `secrets:`.
cmd::Errors find_conflicts(const Loaded& loaded, const std::vector<ServeValue>& serve);

}  // namespace waaft::project
