#include "cmd/registry/credentials.h"

#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "cmd/project/secret_source.h"
#include "cmd/registry/failure.h"

#include <filesystem>

namespace waaft::registry {
namespace {

constexpr std::size_t config_max = 4 * 1024 * 1024;
constexpr std::size_t answer_max = 64 * 1024;

std::string variable(const cmd::Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
}

// Helpers say in this way that they know nobody for the host.
bool knows_nobody(const os::ProcessResult& ran) {
    return (ran.out + ran.err).find("credentials not found") != std::string::npos;
}

Result<Credentials> ask_helper(const std::string& name, const std::string& host, const os::Interrupt* interrupt) {
    const std::string program = "docker-credential-" + name;
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
        std::string::npos)
        return Error{
            "credential_helper", "Docker's configuration names a credential helper that is no program", name, {}};
    os::ProcessSpec spec;
    spec.argv = {program, "get"};
    spec.input = server_name(host) + "\n";
    spec.timeout = std::chrono::seconds(60);
    spec.output_max = answer_max;
    const auto ran = os::run(spec, interrupt);
    if (!ran) {
        if (ran.error().code != "process_not_found") return ran.error();
        return Error{"credential_helper",
                     "Docker's configuration wants " + program + " for " + host + ", which is not here", program,
                     "install it, or log in without it: waaft login " + host + " --user NAME --password-stdin"};
    }
    if (!ran->ok()) {
        if (knows_nobody(*ran)) return Credentials{{}, program};
        return Error{"credential_helper", program + " failed with " + std::to_string(ran->exit_code) + " for " + host,
                     program, "echo " + server_name(host) + " | " + program + " get"};
    }
    auto login = parse_helper_answer(ran->out);
    if (!login) return Error{"credential_helper", program + ": " + login.error().what, program, {}};
    return Credentials{std::move(*login), program};
}

}  // namespace

Access access_of(const project::Project& project, const cmd::Environment& environment) {
    const auto& registry = project.registry;
    return {registry.plain_http, registry.ca_file, registry.user,   registry.password,
            project.folder,      environment,      TimePoint::max()};
}

std::string docker_config_file(const cmd::Environment& environment) {
    const std::string folder = variable(environment, "DOCKER_CONFIG");
    if (!folder.empty()) return folder + "/config.json";
    const std::string home = variable(environment, "HOME");
    return home.empty() ? "" : home + "/.docker/config.json";
}

Result<Credentials> find_credentials(const std::string& host, const Access& access, const os::Interrupt* interrupt) {
    if (project::is_set(access.password)) {
        if (access.user.empty())
            return Error{"config_registry", "registry.password is set, but registry.user is not", "registry.user", {}};
        auto password =
            project::read_secret(access.password, "registry.password", access.folder, access.environment, interrupt);
        if (!password) return password.error();
        return Credentials{{access.user, std::move(*password), {}}, "registry.password"};
    }
    if (!access.user.empty())
        return Error{"config_registry", "registry.user is set, but registry.password is not", "registry.user",
                     "say where the password is, or leave the user out and " + login_hint(host)};
    const std::string file = docker_config_file(access.environment);
    std::error_code ignored;
    if (file.empty() || !std::filesystem::exists(file, ignored)) return Credentials{{}, file};
    const auto text = os::read_file(file, config_max);
    if (!text) return text.error();
    const auto config = parse_docker_config(*text, file);
    if (!config) return config.error();
    const auto login = config->logins.find(host);
    const std::string helper = config->helper_of(host);
    // As Docker does: a helper is asked in the file's place. But what `waaft login` wrote counts if it knows nobody.
    if (!helper.empty()) {
        auto found = ask_helper(helper, host, interrupt);
        if ((found && !found->login.empty()) || login == config->logins.end()) return found;
    }
    return login == config->logins.end() ? Credentials{{}, file} : Credentials{login->second, file};
}

}  // namespace waaft::registry
