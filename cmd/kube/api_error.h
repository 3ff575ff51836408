// What the API server, or kubectl in front of it, says when it refuses: as an Error with a cause code.
//
// Thread: any, no state. Ownership: values. Errors: this makes them: FORBIDDEN, UNAUTHORIZED, NOT_FOUND, ADMISSION_PSS,
// ADMISSION_DENIED, QUOTA, CONFLICT, INVALID_OBJECT, KIND_UNKNOWN, NAMESPACE_TERMINATING, CLUSTER_UNREACHABLE,
// CLUSTER_BUSY, CLUSTER_ERROR, CONTEXT_UNKNOWN, KUBECTL_FAILED.
// Source: k8s.io/apimachinery Status; https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts.
#pragma once

#include "server/base/result.h"

#include <string>
#include <string_view>

namespace waaft::kube {

// `where` names the object or path that was asked for.
Error error_of_status(int http_status, std::string_view body, const std::string& where);
// `kubectl proxy` that ended instead of serving, by what it wrote to stderr.
Error error_of_kubectl(std::string_view stderr_text);

}  // namespace waaft::kube
