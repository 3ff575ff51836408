#include "cmd/command_line.h"
#include "cmd/commands.h"
#include "cmd/report.h"
#include "server/app/run.h"
#include "server/base/own_program.h"

#include <unistd.h>

#include <exception>
#include <iostream>

namespace {

waaft::cmd::Environment read_environment() {
    waaft::cmd::Environment result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) {
            result.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    waaft::look_up_names();
    const auto environment = read_environment();
    const waaft::cmd::Streams streams{std::cout, std::cerr, waaft::cmd::wants_color(environment)};
    try {
        const auto commands = waaft::cmd::all_commands(environment, waaft::app::run_server);
        const auto code = waaft::cmd::run_command_line({argv + 1, argv + argc}, commands, streams);
        return static_cast<int>(std::cout.flush() ? code : waaft::cmd::Exit::unexpected);
    } catch (const std::exception& error) {
        waaft::cmd::print_error(streams, {"unexpected", error.what(), {}, {}});
        return static_cast<int>(waaft::cmd::Exit::unexpected);
    }
}
