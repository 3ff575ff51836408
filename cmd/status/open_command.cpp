#include "cmd/status/open_command.h"

#include "cmd/os/process.h"
#include "cmd/status/collect.h"
#include "cmd/status/session.h"

#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <ostream>

namespace waaft::cmd {
namespace {

constexpr std::string_view open_schema = "waaft.open/1";

struct OpenOptions {
    status::SessionFlags flags;
    bool print = false;
};

bool is_set(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found != environment.end() && !found->second.empty();
}

// A person at a desktop, not a script and not a session over SSH.
bool has_desktop(const Environment& environment) {
    return isatty(STDOUT_FILENO) == 1 && (is_set(environment, "DISPLAY") || is_set(environment, "WAYLAND_DISPLAY"));
}

// Whether a browser was asked to show it.
bool open_in_browser(const std::string& url, const os::Interrupt& interrupt) {
    if (os::find_program("xdg-open").empty()) return false;
    os::ProcessSpec spec;
    spec.argv = {"xdg-open", url};
    spec.timeout = std::chrono::seconds(10);
    const auto done = os::run(spec, &interrupt);
    return done && done->ok();
}

Result<Exit, Errors> run_open(const OpenOptions& options, const Environment& environment, const Streams& streams) {
    const auto& flags = options.flags;
    const os::Interrupt interrupt;
    auto session = status::open_session(flags, environment, streams, &interrupt);
    if (!session) return status::failed(flags, streams, open_schema, session.error());
    const auto view = status::collect(*session->api, session->project());
    if (!view) return status::failed(flags, streams, open_schema, {view.error()});
    const auto address = status::address_of(*view);
    if (address.url.empty()) {
        const auto& name_space = session->api->target().name_space;
        if (view->deployment.empty()) {
            return status::failed(flags, streams, open_schema,
                                  {{"NOT_FOUND", "there is no Deployment " + view->name, name_space,
                                    "`waaft deploy` brings it there; check --context and --namespace"}});
        }
        return status::failed(flags, streams, open_schema,
                              {{"LB_PENDING", "it has no address yet", name_space, "`waaft status` says why"}});
    }
    if (flags.common->json()) {
        streams.out << boost::json::serialize(boost::json::object{{"schema", std::string(open_schema)},
                                                                  {"result", "ok"},
                                                                  {"url", address.url},
                                                                  {"address", address.host}})
                    << '\n';
        return Exit::ok;
    }
    streams.out << address.url << std::endl;
    if (!options.print && has_desktop(environment) && !open_in_browser(address.url, interrupt)) {
        streams.err << "no browser could be started; open the address yourself\n";
    }
    return Exit::ok;
}

}  // namespace

Command open_command(const Environment& environment) {
    const auto options = std::make_shared<OpenOptions>();
    std::vector<Option> own{status::switch_option("--print", "Only print the address; start no browser.",
                                                  [options] { options->print = true; })};
    return {.name = "open",
            .doc = "Print the address of what is deployed, and on a desktop show it in a browser.",
            .options = status::with_session_options(std::move(own), options->flags),
            .arguments = {},
            .subcommands = {},
            .run = [options, environment](const Streams& streams) { return run_open(*options, environment, streams); }};
}

}  // namespace waaft::cmd
