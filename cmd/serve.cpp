#include "cmd/commands.h"
#include "cmd/config.h"
#include "cmd/report.h"

namespace waaft::cmd {
namespace {

struct ServeOptions {
    std::shared_ptr<ConfigFlags> flags = std::make_shared<ConfigFlags>();
};

Result<Exit, Errors> run_serve(const ServeOptions& options, const Environment& environment, RunServer run_server,
                               const Streams& streams) {
    const auto loaded = load_config(*options.flags, environment);
    if (!loaded) {
        return loaded.error();
    }
    for (const auto& warning : loaded->warnings) {
        print_warning(streams, warning);
    }
    const auto served = run_server(loaded->config, build_info());
    if (!served) {
        return Errors{served.error()};
    }
    return Exit::ok;
}

}  // namespace

Command serve_command(const Environment& environment, RunServer run_server) {
    const auto options = std::make_shared<ServeOptions>();
    return {.name = "serve",
            .doc = "Run the server: web page, rooms, chat and calls on one port.",
            .options = config_options(options->flags),
            .arguments = {},
            .subcommands = {},
            .run = [options, environment, run_server](const Streams& streams) {
                return run_serve(*options, environment, run_server, streams);
            }};
}

}  // namespace waaft::cmd
