#include "cmd/project/secret_source.h"

#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "server/base/secret_text.h"

#include <filesystem>

namespace waaft::project {
namespace {

constexpr std::size_t secret_max = 64 * 1024;

Error wrong(const std::string& setting, const std::string& what, const std::string& where, const std::string& hint) {
    return {"secret_source", setting + ": " + what, where, hint};
}

Result<std::string> read_file(const std::string& setting, const std::string& file, const std::string& folder) {
    const std::string path = (std::filesystem::path(folder) / file).string();
    auto text = os::read_file(path, secret_max);
    if (!text) return wrong(setting, text.error().what, path, "make the file, or name another");
    return text;
}

Result<std::string> read_variable(const std::string& setting, const std::string& name,
                                  const cmd::Environment& environment) {
    const auto found = environment.find(name);
    if (found == environment.end())
        return wrong(setting, "the variable is not set", "env " + name, "set it, or use a file");
    return found->second;
}

Result<std::string> read_command(const std::string& setting, const std::vector<std::string>& argv,
                                 const std::string& folder, const os::Interrupt* interrupt) {
    os::ProcessSpec spec;
    spec.argv = argv;
    spec.directory = folder;
    spec.timeout = std::chrono::seconds(60);
    spec.output_max = secret_max;
    const auto ran = os::run(spec, interrupt);
    if (!ran) return ran.error();
    if (!ran->ok())
        return wrong(setting, "the program ended with " + std::to_string(ran->exit_code), os::shown(argv),
                     "run it by itself to see why");
    if (ran->truncated) return wrong(setting, "the program wrote more than 64 KiB", os::shown(argv), {});
    return ran->out;
}

}  // namespace

bool is_set(const SecretSource& source) {
    return !source.file.empty() || !source.env.empty() || !source.command.empty() || !source.existing.empty();
}

Result<std::string> read_secret(const SecretSource& source, const std::string& setting, const std::string& folder,
                                const cmd::Environment& environment, const os::Interrupt* interrupt) {
    if (!source.existing.empty())
        return wrong(setting, "a Secret of the cluster is not read here", source.existing,
                     "name a file, env or command");
    auto value = !source.file.empty()  ? read_file(setting, source.file, folder)
                 : !source.env.empty() ? read_variable(setting, source.env, environment)
                                       : read_command(setting, source.command, folder, interrupt);
    if (!value) return value.error();
    auto secret = clean_secret(*value);
    if (!secret) return wrong(setting, "the secret " + std::string(sentence_of(secret.error())), {}, {});
    return *std::move(secret);
}

}  // namespace waaft::project
