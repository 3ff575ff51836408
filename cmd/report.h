// How errors and warnings look, in one place.
//
// Thread: main. Ownership: none. Errors: none. Source: https://no-color.org for the colours.
#pragma once

#include "cmd/command.h"

#include <iosfwd>
#include <string_view>

namespace waaft::cmd {

// error: what
//   at: where
//   try: hint
void print_error(const Streams& streams, const Error& error);
void print_warning(const Streams& streams, std::string_view text);

// Whether stderr is a terminal that wants colours.
bool wants_color(const Environment& environment);

Exit exit_code_of(const Errors& errors);

}  // namespace waaft::cmd
