#include "cmd/push/login_command.h"

#include "cmd/push/login.h"
#include "cmd/registry/session.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"
#include "cmd/ui/progress.h"

#include <boost/json/serialize.hpp>

#include <iostream>

namespace waaft::cmd {
namespace {

constexpr std::string_view login_schema = "waaft.login/1";

struct LoginOptions {
    std::string host;
    std::string user;
    bool password_on_stdin = false;
    registry::Access access;
    CommonFlags common;
};
using Options = std::shared_ptr<LoginOptions>;

std::vector<Option> login_options(const Options& options) {
    const auto option = [&](std::string name, std::string value, std::string doc,
                            std::function<void(LoginOptions&, const std::string&)> put) {
        return Option{.name = std::move(name),
                      .aliases = {},
                      .value = std::move(value),
                      .doc = std::move(doc),
                      .group = {},
                      .choices = {},
                      .set = [options, put = std::move(put)](const std::string&, const std::string& text) {
                          put(*options, text);
                      }};
    };
    auto ca =
        option("--registry-ca-file", "FILE", "PEM file with the authority that signed the registry's certificate.",
               [](LoginOptions& o, const std::string& text) { o.access.ca_file = text; });
    ca.file = true;
    std::vector<Option> all{
        option("--user", "NAME", "Who one is at the registry.",
               [](LoginOptions& o, const std::string& text) { o.user = text; }),
        option("--password-stdin", "", "Read the password, or a token in its place, from standard input.",
               [](LoginOptions& o, const std::string&) { o.password_on_stdin = true; }),
        option("--plain-http", "", "Speak HTTP without TLS, to a registry of one's own.",
               [](LoginOptions& o, const std::string&) { o.access.plain_http = true; }),
        std::move(ca)};
    const std::shared_ptr<CommonFlags> common(options, &options->common);
    for (auto& each : common_options(common))
        if (each.name != "--config" && each.name != "--env" && each.name != "--yes") all.push_back(std::move(each));
    return all;
}

Result<void> check(const LoginOptions& options) {
    if (options.user.empty() || options.user.find(':') != std::string::npos)
        return Error{"usage_user", "--user must be a name without a colon", options.user,
                     "waaft login " + options.host + " --user NAME --password-stdin < FILE"};
    // Whatever is on a command line is seen by all who list processes.
    if (!options.password_on_stdin)
        return Error{"usage_password",
                     "the password is taken from standard input only",
                     {},
                     "waaft login " + options.host + " --user " + options.user + " --password-stdin < FILE"};
    return {};
}

Result<boost::json::object> login(LoginOptions options, const Environment& environment, Progress& progress) {
    const os::Interrupt interrupt;
    const auto host = push::login_host(options.host);
    if (!host) return host.error();
    if (auto checked = check(options); !checked) return checked.error();
    auto password = push::read_password(std::cin);
    if (!password) return password.error();
    const registry::Login login{options.user, std::move(*password), {}};
    options.access.environment = environment;
    if (options.common.timeout != Duration::zero()) options.access.deadline = Clock::now() + options.common.timeout;
    progress.step("login", "Asking " + *host + " whether it takes the login of " + login.user);
    registry::Reference place;
    place.host = *host;
    const auto session =
        registry::Session::open_as(place, options.access, false, {login, "standard input"}, &interrupt);
    if (!session) return session.error();
    const bool asks = (*session)->asks_for_login();
    if (auto taken = (*session)->check_login(); !taken) return taken.error();
    if (!asks) progress.warn(*host + " answers to anybody, so nobody knows whether this login is right");
    const auto kept = push::keep_login(*host, login, environment, interrupt);
    if (!kept) return kept.error();
    progress.done("The login of " + login.user + " at " + *host + " is kept in " + *kept);
    return boost::json::object{{"schema", login_schema}, {"result", "kept"}, {"registry", *host},
                               {"user", login.user},     {"kept_in", *kept}, {"checked", asks}};
}

Result<Exit, Errors> run_login(const LoginOptions& options, const Environment& environment, const Streams& streams) {
    auto errors = options.common.wrong;
    if (errors.empty()) {
        Progress progress(streams, options.common.progress);
        const auto kept = login(options, environment, progress);
        if (kept) {
            if (options.common.json()) streams.out << boost::json::serialize(*kept) << '\n';
            return Exit::ok;
        }
        errors.push_back(kept.error());
        progress.failed(errors.front().what);
    }
    if (options.common.json()) return write_failure(streams.out, login_schema, errors);
    for (const auto& error : errors) print_cause(streams, cause_of(error));
    return exit_of(errors);
}

}  // namespace

Command login_command(const Environment& environment) {
    const auto options = std::make_shared<LoginOptions>();
    return {
        .name = "login",
        .doc = "Keep a login at a registry, after asking whether it is taken.",
        .options = login_options(options),
        .arguments = {{.name = "HOST",
                       .doc = "The registry: registry.example.org:5000, docker.io.",
                       .choices = {},
                       .set = [options](const std::string& value) { options->host = value; }}},
        .subcommands = {},
        .run = [options, environment](const Streams& streams) { return run_login(*options, environment, streams); }};
}

}  // namespace waaft::cmd
