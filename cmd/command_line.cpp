#include "cmd/command_line.h"

#include "cmd/nearest.h"
#include "cmd/report.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

namespace waaft::cmd {
namespace {

// Values that are not among an option's or argument's choices.
std::string not_a_choice(const std::string& name, const std::vector<std::string>& choices, const std::string& value) {
    if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) {
        return {};
    }
    std::string list;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        list += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
    }
    return name + " must be " + list + ", not \"" + value + "\"";
}

CLI::callback_t callback_of(const Option& option, const std::string& flag) {
    return [&option, flag](const CLI::results_t& values) {
        for (const auto& given : values) {
            const std::string value = option.value_optional && given.empty() ? "true" : given;
            const auto wrong = not_a_choice(flag, option.choices, value);
            if (!wrong.empty()) {
                throw CLI::ValidationError(wrong);
            }
            option.set(flag, value);
        }
        return true;
    };
}

void add_option(CLI::App& app, const Option& option) {
    std::vector<std::string> names{option.name};
    names.insert(names.end(), option.aliases.begin(), option.aliases.end());
    std::vector<CLI::Option*> added;
    for (const auto& name : names) {
        auto* const made = option.value.empty()
                               ? app.add_flag_callback(name, [&option, name] { option.set(name, "true"); })
                               : app.add_option(name, callback_of(option, name));
        if (option.repeatable) {
            made->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        }
        if (option.value_optional) {
            made->expected(0, 1);
        }
        for (auto* const other : added) {
            made->excludes(other);
        }
        added.push_back(made);
    }
}

void add_argument(CLI::App& app, const Argument& argument) {
    app.add_option(argument.name,
                   [&argument](const CLI::results_t& values) {
                       const auto wrong = not_a_choice(argument.name, argument.choices, values.front());
                       if (!wrong.empty()) {
                           throw CLI::ValidationError(wrong);
                       }
                       argument.set(values.front());
                       return true;
                   })
        ->required();
}

// A command that is not among the words cannot be the chosen one: its options are left out, for they take longer to add
// than all else.
void fill(CLI::App& app, const Command& command, const std::vector<std::string>& words) {
    for (const auto& option : command.options) {
        add_option(app, option);
    }
    for (const auto& argument : command.arguments) {
        add_argument(app, argument);
    }
    for (const auto& sub : command.subcommands) {
        auto* const added = app.add_subcommand(sub.name);
        if (std::find(words.begin(), words.end(), sub.name) != words.end()) {
            fill(*added, sub, words);
        }
    }
}

struct Chosen {
    const Command* command = nullptr;
    const CLI::App* app = nullptr;
    std::string path;
};

// "--name=" is an empty value, which CLI11 would take for a missing one. CLI11 takes arguments from the back.
std::vector<std::string> prepared(const std::vector<std::string>& arguments) {
    std::vector<std::string> result;
    for (const auto& argument : arguments) {
        const bool empty_value = argument.starts_with("--") && argument.find('=') == argument.size() - 1;
        result.push_back(empty_value ? argument.substr(0, argument.size() - 1) : argument);
        if (empty_value) {
            result.emplace_back();
        }
    }
    std::reverse(result.begin(), result.end());
    return result;
}

// The innermost command that was named.
Chosen chosen_in(const Command& root, const CLI::App& root_app) {
    Chosen chosen{&root, &root_app, root.name};
    while (true) {
        const auto named = chosen.app->get_subcommands();
        if (named.empty()) {
            return chosen;
        }
        const auto& subs = chosen.command->subcommands;
        const auto found = std::find_if(subs.begin(), subs.end(),
                                        [&](const Command& sub) { return sub.name == named.front()->get_name(); });
        chosen = {&*found, named.front(), chosen.path + " " + found->name};
    }
}

std::vector<std::string> names_for(const Command& command, const std::string& wrong) {
    std::vector<std::string> names;
    if (!wrong.starts_with('-')) {
        for (const auto& sub : command.subcommands) {
            names.push_back(sub.name);
        }
        return names;
    }
    for (const auto& option : command.options) {
        names.push_back(option.name);
        names.insert(names.end(), option.aliases.begin(), option.aliases.end());
    }
    return names;
}

Error usage_error(const Chosen& chosen, const CLI::ParseError& error) {
    Error result{"usage", error.what(), chosen.path, chosen.path + " --help"};
    auto extras = chosen.app->remaining();
    if (extras.empty()) {
        extras = chosen.app->get_parent() != nullptr ? chosen.app->get_parent()->remaining() : extras;
    }
    if (!extras.empty()) {
        const auto wrong = extras.front().substr(0, extras.front().find('='));
        const bool option = wrong.starts_with('-');
        result.what = "there is no " +
                      std::string(option                                ? "option"
                                  : chosen.command->subcommands.empty() ? "argument"
                                                                        : "command") +
                      " " + wrong;
        const auto guess = nearest(wrong, names_for(*chosen.command, wrong));
        result.hint = guess.empty() ? result.hint : "did you mean " + guess + "?";
    }
    return result;
}

Exit report(const Streams& streams, const Errors& errors) {
    for (const auto& error : errors) {
        print_error(streams, error);
    }
    return exit_code_of(errors);
}

Exit run_chosen(const Chosen& chosen, const Streams& streams) {
    if (!chosen.command->run) {
        streams.err << help_text(*chosen.command, chosen.path);
        return Exit::usage;
    }
    const auto result = chosen.command->run(streams);
    return result ? *result : report(streams, result.error());
}

}  // namespace

Exit run_command_line(const std::vector<std::string>& arguments, const std::vector<Command>& commands,
                      const Streams& streams) {
    const Command root{.name = "waaft",
                       .doc = "Self-hosted live video: a server for rooms with video and chat.",
                       .options = {},
                       .arguments = {},
                       .subcommands = commands,
                       .run = {}};
    CLI::App app;
    fill(app, root, arguments);
    try {
        app.parse(prepared(arguments));
    } catch (const CLI::CallForHelp&) {
        const auto chosen = chosen_in(root, app);
        streams.out << help_text(*chosen.command, chosen.path);
        return Exit::ok;
    } catch (const CLI::ParseError& error) {
        return report(streams, {usage_error(chosen_in(root, app), error)});
    }
    return run_chosen(chosen_in(root, app), streams);
}

}  // namespace waaft::cmd
