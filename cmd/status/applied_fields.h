// The part of an object that one field manager applied, so that it can be applied again with changes: server-side
// apply takes away what the same manager had applied before and leaves out now.
//
// Thread: any, no state. Ownership: values. Errors: none; fields in lists that are merged by key are left out, as no
// object that is changed here has them. Source: Kubernetes "Server-Side Apply", FieldsV1 of managedFields.
#pragma once

#include "cmd/kube/fields.h"

#include <string_view>

namespace waaft::status {

// With apiVersion, kind, metadata.name and namespace.
kube::Object owned_part(const kube::Object& object, std::string_view manager);

}  // namespace waaft::status
