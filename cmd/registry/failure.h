// What a registry answered, in words that say which registry, which repository, what it said and what
// to type.
//
// Thread: any. Ownership: values. Units: none. Errors: these are the errors. Codes: those of
// cmd/ui/causes.h, and "interrupted". Source: OCI distribution spec 1.1, "Error Codes".
#pragma once

#include "cmd/registry/http.h"
#include "cmd/registry/reference.h"

namespace waaft::registry {

// Who asks whom for what; `doing` goes on "the registry X refused ...": "the upload of a layer".
struct Asking {
    Reference image;
    std::string user;    // empty: anonymous
    std::string origin;  // of the credentials
    bool push = false;
};

// "401 UNAUTHORIZED: authentication required"; printable and at most 400 bytes.
std::string registry_words(const HttpAnswer& answer);
// The disk or quota of the registry is full: no later attempt will do better.
bool says_full(const HttpAnswer& answer);

Error error_of(const Asking& asking, const std::string& doing, const HttpAnswer& answer);
Error error_of(const Asking& asking, const std::string& doing, const Lost& lost);

// "waaft login HOST --user NAME --password-stdin < FILE", or what the registry's owner says.
std::string login_hint(const std::string& host);

}  // namespace waaft::registry
