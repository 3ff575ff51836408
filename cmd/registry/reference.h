// The name of an image, read by Docker's rules: "org/waaft:1.2" is on Docker Hub, "host:5000/waaft"
// is not.
//
// Thread: any. Ownership: values. Units: none. Errors: ReferenceError, one sentence each. Bounds: 255
// bytes of name, 128 of tag. Source: https://github.com/distribution/reference (reference.go, normalize.go).
#pragma once

#include "server/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::registry {

struct Reference {
    std::string host;        // "docker.io", "127.0.0.1:5000"
    std::string repository;  // "library/debian", "org/waaft"
    std::string tag;         // empty: none
    std::string digest;      // "sha256:..."; empty: none

    // "docker.io/org/waaft": what Kubernetes and Docker both read the same way.
    std::string name() const { return repository.empty() ? host : host + "/" + repository; }
    // With tag and digest, as far as there are any.
    std::string text() const;
    // Who answers for `host`: Docker Hub's registry has another name than its images.
    std::string endpoint() const;
    bool is_docker_hub() const { return host == "docker.io"; }

    friend bool operator==(const Reference&, const Reference&) = default;
};

enum class ReferenceError : std::uint8_t { empty, too_long, host, repository, upper_case, hex_name, tag, digest };
std::string_view describe(ReferenceError error);

Result<Reference, ReferenceError> parse_reference(std::string_view text);

bool is_tag(std::string_view text);
bool is_digest(std::string_view text);  // sha256 or sha512
bool is_host(std::string_view text);    // with or without a port
// "localhost", 127.0.0.0/8, [::1]: a registry there may do without TLS, as with Docker.
bool is_loopback(std::string_view host);

}  // namespace waaft::registry
