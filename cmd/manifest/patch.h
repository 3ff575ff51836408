// The files of `patches:`: strategic merges by kind and name, applied last.
//
// Thread: any, no state. Ownership: values. Maps are merged and null deletes a key. Lists whose elements
// have a name of some sort are merged by it (containers and volumes by `name`, ports by `name` or number,
// mounts by `mountPath` ...); `$patch: delete` in an element deletes it, all other lists are replaced.
// Errors: patch_unreadable, patch_form, patch_unmatched (`where` is file:line:column), those of yaml.
// Source: Kubernetes, "Strategic merge patch" (sig-api-machinery/strategic-merge-patch.md).
#pragma once

#include "cmd/manifest/fields.h"
#include "cmd/project/project.h"
#include "server/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::manifest {

struct Patch {
    Object object;
    std::string where;  // "patches/big.yaml:1:1"
};
Result<std::vector<Patch>> parse_patches(std::string_view text, const std::string& name);
Result<std::vector<Patch>> read_patches(const project::Project& project);

void merge(Object& into, const Object& patch);
Result<void> apply_patches(Objects& objects, const std::vector<Patch>& patches);

}  // namespace waaft::manifest
