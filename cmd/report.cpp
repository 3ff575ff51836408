#include "cmd/report.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ostream>

namespace waaft::cmd {

void print_error(const Streams& streams, const Error& error) {
    streams.err << (streams.color ? "\033[1;31merror:\033[0m " : "error: ") << error.what << '\n';
    if (!error.where.empty()) {
        streams.err << "  at: " << error.where << '\n';
    }
    if (!error.hint.empty()) {
        streams.err << "  try: " << error.hint << '\n';
    }
}

void print_warning(const Streams& streams, std::string_view text) {
    streams.err << (streams.color ? "\033[1;33mwarning:\033[0m " : "warning: ") << text << '\n';
}

bool wants_color(const Environment& environment) {
    const auto no_color = environment.find("NO_COLOR");
    const auto term = environment.find("TERM");
    return (no_color == environment.end() || no_color->second.empty()) &&
           (term == environment.end() || term->second != "dumb") && isatty(STDERR_FILENO) == 1;
}

Exit exit_code_of(const Errors& errors) {
    // What a person mends in the command, the configuration or the files that it names.
    static constexpr std::array<std::string_view, 11> mendable{
        "usage",         "config_",           "keys_",    "address_bad",  "port_in_use", "ops_port_in_use",
        "data_unusable", "secret_unreadable", "tls_file", "tls_mismatch", "tls_expired"};
    const bool usage = std::any_of(errors.begin(), errors.end(), [](const Error& error) {
        return std::any_of(mendable.begin(), mendable.end(),
                           [&](std::string_view prefix) { return error.code.starts_with(prefix); });
    });
    return usage ? Exit::usage : Exit::unexpected;
}

}  // namespace waaft::cmd
