#include "cmd/completion.h"

#include "cmd/commands.h"

#include <ostream>
#include <sstream>

namespace waaft::cmd {
namespace {

// Calls `use` with every command and how it is called, such as "config show"; the root is "".
template <class Use>
void each_command(const std::vector<Command>& commands, const std::string& prefix, Use use) {
    for (const auto& command : commands) {
        const auto path = prefix.empty() ? command.name : prefix + " " + command.name;
        use(command, path);
        each_command(command.subcommands, path, use);
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string result;
    for (const auto& word : words) {
        result += (result.empty() ? "" : " ") + word;
    }
    return result;
}

std::vector<std::string> flags_of(const Option& option) {
    std::vector<std::string> flags{option.name};
    flags.insert(flags.end(), option.aliases.begin(), option.aliases.end());
    return flags;
}

// What may follow the command itself: subcommands, flags, values of the first argument.
std::string words_of(const Command& command) {
    std::vector<std::string> words;
    for (const auto& sub : command.subcommands) {
        words.push_back(sub.name);
    }
    for (const auto& argument : command.arguments) {
        words.insert(words.end(), argument.choices.begin(), argument.choices.end());
    }
    for (const auto& option : command.options) {
        const auto flags = flags_of(option);
        words.insert(words.end(), flags.begin(), flags.end());
    }
    words.emplace_back("--help");
    return joined(words);
}

std::string names_of(const std::vector<Command>& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands) {
        names.push_back(command.name);
    }
    return joined(names);
}

// `case` arms that complete the value of a flag of one command.
void put_bash_values(std::ostream& out, const Command& command, const std::string& path) {
    for (const auto& option : command.options) {
        if (option.value.empty()) {
            continue;
        }
        for (const auto& flag : flags_of(option)) {
            out << "        '" << path << ' ' << flag << "') ";
            if (option.file) {
                out << "COMPREPLY=($(compgen -f -- \"$current\")); compopt -o filenames 2>/dev/null; return;;\n";
            } else {
                out << "COMPREPLY=($(compgen -W '" << joined(option.choices) << "' -- \"$current\")); return;;\n";
            }
        }
    }
}

// Fish and zsh texts stand in single quotes.
std::string shell_quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text) {
        result += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return result + "'";
}

// In _arguments the specification's own signs are escaped.
std::string zsh_text(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result;
}

std::string zsh_value(const std::string& name, const std::vector<std::string>& choices, bool file) {
    return ":" + name + ":" + (file ? "_files" : choices.empty() ? " " : "(" + joined(choices) + ")");
}

void put_zsh_command(std::ostream& out, const Command& command, const std::string& path) {
    out << "    '" << path << "')\n      _arguments";
    for (const auto& option : command.options) {
        for (const auto& flag : flags_of(option)) {
            const auto value = option.value.empty() ? "" : zsh_value(option.value, option.choices, option.file);
            out << " \\\n        "
                << shell_quoted((option.repeatable ? "*" : "") + flag + "[" + zsh_text(option.doc) + "]" + value);
        }
    }
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const auto& argument = command.arguments[i];
        out << " \\\n        "
            << shell_quoted(std::to_string(i + 1) + zsh_value(argument.name, argument.choices, false));
    }
    out << " \\\n        '--help[Show the help.]'";
    if (!command.subcommands.empty()) {
        out << " \\\n        " << shell_quoted("1:command:(" + names_of(command.subcommands) + ")");
    }
    out << "\n      ;;\n";
}

std::string fish_condition(const std::string& path) { return path.empty() ? "__waaft_at" : "__waaft_at " + path; }

void put_fish_command(std::ostream& out, const Command& command, const std::string& path) {
    const auto prefix = "complete -c waaft -n " + shell_quoted(fish_condition(path));
    for (const auto& sub : command.subcommands) {
        out << prefix << " -f -a " << shell_quoted(sub.name) << " -d " << shell_quoted(sub.doc) << '\n';
    }
    for (const auto& argument : command.arguments) {
        out << prefix << " -f -a " << shell_quoted(joined(argument.choices)) << " -d " << shell_quoted(argument.doc)
            << '\n';
    }
    for (const auto& option : command.options) {
        for (const auto& flag : flags_of(option)) {
            out << prefix << " -l " << flag.substr(2);
            if (!option.value.empty()) {
                out << " -r" << (option.file ? " -F" : " -f -a " + shell_quoted(joined(option.choices)));
            }
            out << " -d " << shell_quoted(option.doc) << '\n';
        }
    }
}

struct CompletionOptions {
    std::string shell;
};

std::string completion_for(const std::string& shell, const std::vector<Command>& commands) {
    return shell == "bash"  ? bash_completion(commands)
           : shell == "zsh" ? zsh_completion(commands)
                            : fish_completion(commands);
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
    std::ostringstream out;
    out << "# bash completion of waaft; put it into /usr/share/bash-completion/completions/waaft\n"
           "_waaft() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' word\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$path $word\" in\n";
    each_command(commands, "", [&](const Command& command, const std::string& path) {
        const auto space = path.rfind(' ');
        const auto parent = space == std::string::npos ? "" : path.substr(0, space);
        out << "            '" << parent << ' ' << command.name << "') path='" << path << "';;\n";
    });
    out << "        esac\n"
           "    done\n"
           // "--tls=o" arrives as three words, because "=" is among COMP_WORDBREAKS.
           "    if [ \"$current\" = = ]; then\n"
           "        current=''\n"
           "    elif [ \"$previous\" = = ] && [ \"$COMP_CWORD\" -ge 2 ]; then\n"
           "        previous=${COMP_WORDS[COMP_CWORD-2]}\n"
           "    fi\n"
           "    case \"$path $previous\" in\n";
    each_command(commands, "",
                 [&](const Command& command, const std::string& path) { put_bash_values(out, command, path); });
    out << "    esac\n"
           "    case \"$path\" in\n"
           "        '') COMPREPLY=($(compgen -W '"
        << names_of(commands) << " --help' -- \"$current\"));;\n";
    each_command(commands, "", [&](const Command& command, const std::string& path) {
        out << "        '" << path << "') COMPREPLY=($(compgen -W '" << words_of(command) << "' -- \"$current\"));;\n";
    });
    out << "    esac\n"
           "}\n"
           "complete -F _waaft waaft\n";
    return out.str();
}

std::string zsh_completion(const std::vector<Command>& commands) {
    std::ostringstream out;
    out << "#compdef waaft\n"
           "# zsh completion of waaft; put it as _waaft into a folder of $fpath\n"
           "_waaft() {\n"
           "  local path='' word\n"
           "  local -i depth=1 index=1\n"
           "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
           "    index+=1\n"
           "    case \"$path $word\" in\n";
    each_command(commands, "", [&](const Command& command, const std::string& path) {
        const auto space = path.rfind(' ');
        const auto parent = space == std::string::npos ? "" : path.substr(0, space);
        out << "      '" << parent << ' ' << command.name << "') path='" << path << "'; depth=index;;\n";
    });
    out << "    esac\n"
           "  done\n"
           // _arguments counts from the innermost command.
           "  shift $((depth - 1)) words\n"
           "  (( CURRENT -= depth - 1 ))\n"
           "  case \"$path\" in\n";
    Command root{.name = "waaft", .doc = {}, .options = {}, .arguments = {}, .subcommands = commands, .run = {}};
    put_zsh_command(out, root, "");
    each_command(commands, "",
                 [&](const Command& command, const std::string& path) { put_zsh_command(out, command, path); });
    out << "  esac\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _waaft ]; then\n"
           "  _waaft \"$@\"\n"
           "else\n"
           "  compdef _waaft waaft\n"
           "fi\n";
    return out.str();
}

std::string fish_completion(const std::vector<Command>& commands) {
    std::ostringstream out;
    out << "# fish completion of waaft; put it as waaft.fish into ~/.config/fish/completions\n"
           "function __waaft_at\n"
           "    set -l path\n"
           "    for word in (commandline -opc)[2..-1]\n"
           "        switch \"$path $word\"\n";
    each_command(commands, "", [&](const Command& command, const std::string& path) {
        const auto space = path.rfind(' ');
        const auto parent = space == std::string::npos ? "" : path.substr(0, space);
        out << "            case " << shell_quoted(parent + " " + command.name) << "\n                set path "
            << shell_quoted(path) << '\n';
    });
    out << "        end\n"
           "    end\n"
           "    test \"$path\" = \"$argv\"\n"
           "end\n"
           "complete -c waaft -f\n"
           "complete -c waaft -l help -d 'Show the help.'\n";
    Command root{.name = "waaft", .doc = {}, .options = {}, .arguments = {}, .subcommands = commands, .run = {}};
    put_fish_command(out, root, "");
    each_command(commands, "",
                 [&](const Command& command, const std::string& path) { put_fish_command(out, command, path); });
    return out.str();
}

Command completion_command(std::function<std::vector<Command>()> all) {
    const auto options = std::make_shared<CompletionOptions>();
    return {.name = "completion",
            .doc = "Write the completion script of a shell.",
            .options = {},
            .arguments = {{.name = "SHELL",
                           .doc = "bash, zsh or fish.",
                           .choices = {"bash", "zsh", "fish"},
                           .set = [options](const std::string& value) { options->shell = value; }}},
            .subcommands = {},
            .run = [options, all = std::move(all)](const Streams& streams) -> Result<Exit, Errors> {
                streams.out << completion_for(options->shell, all());
                return Exit::ok;
            }};
}

}  // namespace waaft::cmd
