#include "cmd/registry/docker_config.h"

#include "cmd/json_text.h"
#include "cmd/registry/json_field.h"
#include "server/base/bytes.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace waaft::registry {
namespace {

namespace json = boost::json;

constexpr const char* hub_server = "https://index.docker.io/v1/";

// "https://host/v1/", "host/path" and "host" are all `host` to Docker.
std::string host_of(std::string_view server) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (server.starts_with(scheme)) server.remove_prefix(scheme.size());
    const auto host = server.substr(0, server.find('/'));
    return host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : std::string(host);
}

Login read_login(const json::object& entry) {
    Login login{text_of(entry, "username"), text_of(entry, "password"), text_of(entry, "identitytoken")};
    const auto both = from_base64(text_of(entry, "auth"));
    const auto colon = both ? both->find(':') : std::string::npos;
    if (both && colon != std::string::npos) {
        login.user = both->substr(0, colon);
        login.password = both->substr(colon + 1);
        // Docker pads with NUL bytes at times.
        login.password.erase(login.password.find_last_not_of('\0') + 1);
    }
    return login;
}

Result<json::object> parse_config(std::string_view text, const std::string& file) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error || !value.is_object())
        return Error{"docker_config", "Docker's configuration is not a JSON object", file,
                     "mend the file, or move it away and log in again"};
    return std::move(value.get_object());
}

const json::object* member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

}  // namespace

std::string server_name(const std::string& host) { return host == "docker.io" ? hub_server : host; }

std::string DockerConfig::helper_of(const std::string& host) const {
    const auto found = helpers.find(host);
    return found == helpers.end() ? store : found->second;
}

Result<DockerConfig> parse_docker_config(std::string_view text, const std::string& file) {
    const auto root = parse_config(text, file);
    if (!root) return root.error();
    DockerConfig config;
    config.store = text_of(*root, "credsStore");
    if (const auto* helpers = member(*root, "credHelpers"))
        for (const auto& [server, name] : *helpers)
            if (name.is_string()) config.helpers[host_of(server)] = std::string(name.get_string());
    if (const auto* auths = member(*root, "auths"))
        for (const auto& [server, entry] : *auths)
            if (const auto* object = entry.if_object()) {
                auto login = read_login(*object);
                if (!login.empty()) config.logins[host_of(server)] = std::move(login);
            }
    return config;
}

Result<std::string> with_login(std::string_view text, const std::string& file, const std::string& host,
                               const Login& login) {
    auto root = parse_config(text, file);
    if (!root) return root.error();
    auto& auths = (*root)["auths"];
    if (!auths.is_object()) auths = json::object();
    auths.get_object()[server_name(host)] = json::object{{"auth", to_base64(login.user + ":" + login.password)}};
    return cmd::pretty(*root);
}

Result<Login, Malformed> parse_helper_answer(std::string_view text) {
    boost::system::error_code error;
    const auto value = json::parse(text, error);
    const auto* object = error ? nullptr : value.if_object();
    if (object == nullptr) return Malformed{"its answer is not a JSON object"};
    const std::string user = text_of(*object, "Username");
    const std::string secret = text_of(*object, "Secret");
    if (secret.empty()) return Malformed{"its answer has no Secret"};
    if (user == "<token>") return Login{{}, {}, secret};
    return Login{user, secret, {}};
}

std::string to_base64(std::string_view text) {
    std::string result = to_base64url(as_bytes(text));
    std::replace(result.begin(), result.end(), '-', '+');
    std::replace(result.begin(), result.end(), '_', '/');
    result.append((4 - result.size() % 4) % 4, '=');
    return result;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string url(text.substr(0, text.find('=')));
    if (url.find_first_of("-_") != std::string::npos) return std::nullopt;
    std::replace(url.begin(), url.end(), '+', '-');
    std::replace(url.begin(), url.end(), '/', '_');
    return from_base64url(url);
}

}  // namespace waaft::registry
