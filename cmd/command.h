// A subcommand of `waaft` as data: the parser, the help texts and the shell completions are made
// from the same table.
//
// Thread: main. Ownership: values; the closures of one command share its options struct.
// Errors: run() returns the exit code, or Errors that main prints, in one place.
#pragma once

#include "server/base/result.h"

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::cmd {

// House numbers; scripts read them.
enum class Exit : int {
    ok = 0,
    unexpected = 1,
    usage = 2,  // or configuration
    changes_pending = 3,
    preflight = 4,
    build = 5,
    push = 6,
    apply_rejected = 7,
    rollout_failed = 8,  // and nothing was rolled back
    rolled_back = 9,
    rollback_failed = 10,
    locked = 11,
    timed_out = 70,
    interrupted = 130,
    terminated = 143,
};

using Errors = std::vector<Error>;

// Where a command writes: data to `out`, talk to `err`.
struct Streams {
    std::ostream& out;
    std::ostream& err;
    bool color = false;  // of err
};

using Environment = std::map<std::string, std::string, std::less<>>;

// "--name VALUE", or "--name" for a switch.
struct Option {
    std::string name;                  // "--listen-port"
    std::vector<std::string> aliases;  // "--port"
    std::string value;                 // "PORT"; empty: a switch, which sets "true"
    std::string doc;
    std::string group;                 // a heading in the help
    std::vector<std::string> choices;  // the only values; empty: any
    bool file = false;                 // a path, for the completion
    bool repeatable = false;
    bool value_optional = false;  // "--relay-only" alone means "true"
    // Called for each use with the flag as it was typed first and its value.
    std::function<void(const std::string& flag, const std::string& value)> set;
};

struct Argument {
    std::string name;  // "NAME"
    std::string doc;
    std::vector<std::string> choices;
    std::function<void(const std::string& value)> set;
};

struct Command {
    std::string name;
    std::string doc;
    std::vector<Option> options;
    std::vector<Argument> arguments;   // all required
    std::vector<Command> subcommands;  // if any, one must be named
    std::function<Result<Exit, Errors>(const Streams&)> run;
};

}  // namespace waaft::cmd
