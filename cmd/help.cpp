#include "cmd/command_line.h"

#include <algorithm>
#include <sstream>

namespace waaft::cmd {
namespace {

constexpr std::size_t width = 100;
constexpr std::size_t doc_column = 30;

// "  label     text", wrapped; the text of a long label begins on the next line.
void put_row(std::ostream& out, const std::string& label, const std::string& text) {
    std::string line = "  " + label;
    if (line.size() + 2 > doc_column) {
        out << line << '\n';
        line.clear();
    }
    line.resize(doc_column, ' ');
    std::istringstream words(text);
    std::string word;
    bool first = true;
    while (words >> word) {
        if (!first && line.size() + 1 + word.size() > width) {
            out << line << '\n';
            line.assign(doc_column, ' ');
            first = true;
        }
        line += (first ? "" : " ") + word;
        first = false;
    }
    out << line << '\n';
}

std::string label_of(const Option& option) {
    std::string label = option.name;
    for (const auto& alias : option.aliases) {
        label += ", " + alias;
    }
    if (option.value.empty()) {
        return label;
    }
    std::string value = option.value;
    if (!option.choices.empty()) {
        value.clear();
        for (const auto& choice : option.choices) {
            value += (value.empty() ? "" : "|") + choice;
        }
    }
    return label + (option.value_optional ? "[=" + value + "]" : " " + value);
}

void put_options(std::ostream& out, const Command& command) {
    std::vector<std::string> groups;
    for (const auto& option : command.options) {
        if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) {
            groups.push_back(option.group);
        }
    }
    if (groups.empty()) {
        groups.emplace_back();
    }
    for (const auto& group : groups) {
        out << '\n' << (group.empty() ? "Options" : "Options: " + group) << '\n';
        for (const auto& option : command.options) {
            if (option.group == group) {
                put_row(out, label_of(option), option.doc);
            }
        }
        if (group == groups.front()) {
            put_row(out, "-h, --help", "Show this help.");
        }
    }
}

}  // namespace

std::string help_text(const Command& command, const std::string& path) {
    std::ostringstream out;
    out << command.doc << "\n\nUsage: " << path << (command.subcommands.empty() ? "" : " COMMAND");
    for (const auto& argument : command.arguments) {
        out << ' ' << argument.name;
    }
    out << " [OPTIONS]\n";
    if (!command.subcommands.empty()) {
        out << "\nCommands\n";
        for (const auto& sub : command.subcommands) {
            put_row(out, sub.name, sub.doc);
        }
    }
    if (!command.arguments.empty()) {
        out << "\nArguments\n";
        for (const auto& argument : command.arguments) {
            put_row(out, argument.name, argument.doc);
        }
    }
    put_options(out, command);
    return out.str();
}

}  // namespace waaft::cmd
