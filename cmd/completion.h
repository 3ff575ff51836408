// Shell completions, generated from the table of commands.
//
// Thread: any, no state. Ownership: values. Errors: none. Sources: bash(1) "Programmable
// Completion", zshcompsys(1), fish's complete(1).
#pragma once

#include "cmd/command.h"

#include <string>
#include <vector>

namespace waaft::cmd {

std::string bash_completion(const std::vector<Command>& commands);
std::string zsh_completion(const std::vector<Command>& commands);
std::string fish_completion(const std::vector<Command>& commands);

}  // namespace waaft::cmd
