// Parses a command line by the table of commands and runs the command it names.
//
// Thread: main. Ownership: values. Errors: printed to streams.err; the exit code says which kind
// (0 ok, 1 unexpected, 2 usage or configuration). Help that was asked for goes to streams.out.
#pragma once

#include "cmd/command.h"

#include <string>
#include <vector>

namespace waaft::cmd {

// `arguments` without the program's name.
Exit run_command_line(const std::vector<std::string>& arguments, const std::vector<Command>& commands,
                      const Streams& streams);

// The help of one command; `path` is how it is called, such as "waaft config show".
std::string help_text(const Command& command, const std::string& path);

}  // namespace waaft::cmd
