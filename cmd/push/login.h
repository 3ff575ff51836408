// Keeps a login where Docker keeps it: with its credential helper, or in its config.json for the owner only.
//
// Thread: main. Ownership: values; the password is a secret and goes to the file or the helper only.
// Errors: usage_*, docker_config, credential_helper, file_unwritable, and what Interrupt::error() says.
// Source: https://docs.docker.com/reference/cli/docker/login/, docker-credential-helpers (`store`).
#pragma once

#include "cmd/registry/credentials.h"

namespace waaft::push {

// The host as Docker keeps it: "index.docker.io" is "docker.io".
Result<std::string> login_host(const std::string& text);

// All of a password on a stream, without one line end after it. 64 KiB at most.
Result<std::string> read_password(std::istream& in);

// Where it was put: a file's path or a helper's name.
Result<std::string> keep_login(const std::string& host, const registry::Login& login,
                               const cmd::Environment& environment, const os::Interrupt& interrupt);

}  // namespace waaft::push
