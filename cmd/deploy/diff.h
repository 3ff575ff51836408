// What a deploy would change: the object in the cluster beside the object as the cluster says it would become.
//
// Thread: any, no state. Ownership: values. Errors: none. Values of Secrets never appear: "***" stands for them, and
// a line says that one changed. What the cluster itself keeps (status, resourceVersion ...) is left out.
#pragma once

#include "cmd/kube/fields.h"

#include <optional>
#include <string>
#include <vector>

namespace waaft::deploy {

struct Change {
    std::string action;              // "create", "update", "delete"
    std::string object;              // "Service/waaft"
    std::vector<std::string> lines;  // "~ spec.minReplicas: 1 -> 2", "+ ...", "- ..."
};

// `live` is null where there is none. nullopt: nothing changes.
std::optional<Change> compare(const kube::Object* live, const kube::Object& planned);

}  // namespace waaft::deploy
