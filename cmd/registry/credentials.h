// Who one is for a registry: waaft.yaml's user and password, else what Docker would use, else nobody.
//
// Thread: main. Ownership: values; passwords are secrets and are never printed. Units: none. Errors:
// secret_source, docker_config, config_registry, credential_helper.
// Source: https://github.com/docker/docker-credential-helpers (the protocol of `get`).
#pragma once

#include "cmd/command.h"
#include "cmd/os/interrupt.h"
#include "cmd/project/project.h"
#include "cmd/registry/docker_config.h"
#include "server/base/time.h"

namespace waaft::registry {

// How a registry is reached; from waaft.yaml and flags.
struct Access {
    bool plain_http = false;
    std::string ca_file;
    std::string user;
    project::SecretSource password;
    std::string folder = ".";  // that relative files are seen from
    cmd::Environment environment;
    TimePoint deadline = TimePoint::max();  // of all requests together
};
Access access_of(const project::Project& project, const cmd::Environment& environment);

struct Credentials {
    Login login;         // empty: anonymous
    std::string origin;  // "/root/.docker/config.json", "docker-credential-gcloud"; where they were, or were looked for
};

// $DOCKER_CONFIG/config.json or ~/.docker/config.json; empty: neither variable is set.
std::string docker_config_file(const cmd::Environment& environment);

Result<Credentials> find_credentials(const std::string& host, const Access& access, const os::Interrupt* interrupt);

}  // namespace waaft::registry
