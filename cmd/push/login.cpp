#include "cmd/push/login.h"

#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "cmd/registry/reference.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <istream>

namespace waaft::push {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t password_max = 64 * 1024;
constexpr std::size_t config_max = 4 * 1024 * 1024;

Result<void> keep_with_helper(const std::string& program, const std::string& host, const registry::Login& login,
                              const os::Interrupt& interrupt) {
    os::ProcessSpec spec;
    spec.argv = {program, "store"};
    spec.input = boost::json::serialize(boost::json::object{
        {"ServerURL", registry::server_name(host)}, {"Username", login.user}, {"Secret", login.password}});
    spec.timeout = std::chrono::seconds(60);
    const auto ran = os::run(spec, &interrupt);
    if (!ran) return ran.error();
    if (ran->ok()) return {};
    // Its words are not shown: it had the password.
    return Error{"credential_helper",
                 program + " did not keep the login for " + host + ": it ended with " + std::to_string(ran->exit_code),
                 program, "repair it, or take it out of Docker's config.json: credsStore, credHelpers"};
}

Result<std::string> read_if_there(const std::string& file) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return std::string();
    return os::read_file(file, config_max);
}

Result<void> make_folder(const std::string& file) {
    const auto folder = fs::path(file).parent_path();
    std::error_code error;
    if (fs::is_directory(folder, error)) return {};
    fs::create_directories(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return Error{"file_unwritable", "the folder cannot be made: " + error.message(), folder.string(), {}};
    return {};
}

}  // namespace

Result<std::string> login_host(const std::string& text) {
    if (!registry::is_host(text))
        return Error{"usage_host", std::string(describe(registry::ReferenceError::host)), text,
                     "waaft login HOST, such as registry.example.org:5000 or docker.io"};
    const bool hub = text == "index.docker.io" || text == "registry-1.docker.io" || text == "hub.docker.com";
    return hub ? "docker.io" : text;
}

Result<std::string> read_password(std::istream& in) {
    std::string password(password_max + 1, '\0');
    in.read(password.data(), static_cast<std::streamsize>(password.size()));
    password.resize(static_cast<std::size_t>(in.gcount()));
    if (password.ends_with('\n')) password.pop_back();
    if (password.ends_with('\r')) password.pop_back();
    if (password.empty())
        return Error{"usage_password", "there is no password on standard input", {}, "waaft login ... < FILE"};
    if (password.size() > password_max)
        return Error{"usage_password", "the password on standard input is longer than 64 KiB", {}, {}};
    if (password.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos)
        return Error{"usage_password", "the password on standard input has more than one line", {}, {}};
    return password;
}

Result<std::string> keep_login(const std::string& host, const registry::Login& login,
                               const cmd::Environment& environment, const os::Interrupt& interrupt) {
    std::string file = registry::docker_config_file(environment);
    if (file.empty())
        return Error{"usage_home", "there is no place for the login: neither HOME nor DOCKER_CONFIG is set", {}, {}};
    const auto text = read_if_there(file);
    if (!text) return text.error();
    const auto config = registry::parse_docker_config(*text, file);
    if (!config) return config.error();
    const std::string helper = config->helper_of(host);
    const std::string program = "docker-credential-" + helper;
    if (!helper.empty() && !os::find_program(program).empty()) {
        if (auto kept = keep_with_helper(program, host, login, interrupt); !kept) return kept.error();
        return program;
    }
    const auto with = registry::with_login(*text, file, host, login);
    if (!with) return with.error();
    if (auto made = make_folder(file); !made) return made.error();
    // A link stays a link: what it names is replaced.
    std::error_code error;
    if (const auto target = fs::canonical(file, error); !error) file = target.string();
    if (auto written = os::write_file(file, *with, 0600); !written) return written.error();
    return file;
}

}  // namespace waaft::push
