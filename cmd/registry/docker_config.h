// Docker's own config.json: who may log in where. Read, and written with everything else in it kept.
//
// Thread: any. Ownership: values; passwords are secrets and are never printed. Units: none. Errors:
// docker_config, with the file's name. Source: https://docs.docker.com/reference/cli/docker/login/
// (credential stores), https://github.com/docker/cli (cli/config/configfile).
#pragma once

#include "cmd/registry/malformed.h"
#include "server/base/result.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::registry {

struct Login {
    std::string user;
    std::string password;
    // Instead of both: what a token service takes for a token.
    std::string refresh_token;
    bool empty() const { return user.empty() && refresh_token.empty(); }
};

struct DockerConfig {
    std::map<std::string, Login> logins;         // by host, "docker.io" for Docker Hub
    std::map<std::string, std::string> helpers;  // by host
    std::string store;                           // for every other host; empty: none

    // "gcloud" of docker-credential-gcloud; empty: none.
    std::string helper_of(const std::string& host) const;
};

Result<DockerConfig> parse_docker_config(std::string_view text, const std::string& file);

// The text of the file with this login in it; `text` is what it holds now, empty if there is none.
Result<std::string> with_login(std::string_view text, const std::string& file, const std::string& host,
                               const Login& login);

// What a helper is asked, and the key in "auths".
std::string server_name(const std::string& host);

// What `docker-credential-X get` answered.
Result<Login, Malformed> parse_helper_answer(std::string_view text);

// "user:password", as Basic authorization and "auth" have it.
std::string to_base64(std::string_view text);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace waaft::registry
