// When a certificate ends, from the Secret that holds it.
//
// Thread: any, no state. Ownership: values; the private key in the Secret is not touched. Units: UnixMs.
// Errors: nullopt for bytes that are no certificate. Source: RFC 5280, kubernetes.io/tls Secrets.
#pragma once

#include "cmd/kube/fields.h"
#include "server/base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace waaft::status {

struct Certificate {
    std::string secret;
    UnixMs ends = 0;
};

std::optional<UnixMs> end_of_certificate(std::string_view pem);

// By the key tls.crt of a Secret.
std::optional<Certificate> certificate_of(const kube::Object& secret);

}  // namespace waaft::status
