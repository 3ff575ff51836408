#include "cmd/report.h"

#include "cmd/ui/exit_codes.h"

#include <unistd.h>

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

Exit exit_code_of(const Errors& errors) { return exit_of(errors); }

}  // namespace waaft::cmd
