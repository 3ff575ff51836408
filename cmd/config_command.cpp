#include "cmd/commands.h"
#include "cmd/config_show.h"
#include "cmd/project/load.h"
#include "cmd/report.h"
#include "cmd/schema.h"

#include <algorithm>
#include <ostream>

namespace waaft::cmd {
namespace {

// What both `check` and `show` are asked for.
struct ConfigOptions {
    std::shared_ptr<ConfigFlags> server = std::make_shared<ConfigFlags>();
    std::shared_ptr<project::Flags> project = std::make_shared<project::Flags>();
    std::string output = "text";
};

struct SchemaOptions {
    std::string output = "json";
    std::string section = "serve";
};

// A mistake in the file is found by the readers of both parts, and told once.
Errors both(Errors errors, const Errors& more) {
    for (const auto& error : more) {
        if (std::find(errors.begin(), errors.end(), error) == errors.end()) errors.push_back(error);
    }
    return errors;
}

Result<ShownConfig, Errors> load_both(const ConfigOptions& options, const Environment& environment) {
    auto server_flags = *options.server;
    server_flags.with_secrets = true;
    auto project_flags = *options.project;
    project_flags.file = server_flags.file;
    project_flags.environment = server_flags.environment;
    project_flags.for_cluster = false;  // variables and flags of this machine may say what the file leaves out
    auto project = project::load(project_flags, environment);
    auto server = load_config(server_flags, environment);
    if (!project || !server) return both(project ? Errors() : project.error(), server ? Errors() : server.error());
    return ShownConfig{std::move(*server), std::move(*project)};
}

Result<Exit, Errors> show(const ConfigOptions& options, const Environment& environment, const Streams& streams) {
    const auto loaded = load_both(options, environment);
    if (!loaded) {
        return loaded.error();
    }
    for (const auto& warning : loaded->server.warnings) {
        print_warning(streams, warning);
    }
    if (options.output == "json") {
        show_json(*loaded, streams.out);
    } else if (options.output == "yaml") {
        show_yaml(*loaded, streams.out);
    } else {
        show_text(*loaded, streams.out);
    }
    return Exit::ok;
}

Result<Exit, Errors> check(const ConfigOptions& options, const Environment& environment, const Streams& streams) {
    const auto loaded = load_both(options, environment);
    if (!loaded) {
        return loaded.error();
    }
    for (const auto& warning : loaded->server.warnings) {
        print_warning(streams, warning);
    }
    auto files = loaded->server.file;
    if (const auto& overlay = loaded->server.overlay; !overlay.empty())
        files += (files.empty() ? "" : " with ") + overlay;
    streams.err << (files.empty() ? "the configuration" : files) << " is valid\n";
    return Exit::ok;
}

Option output_option(std::vector<std::string> choices, std::function<void(const std::string&)> set) {
    return {.name = "--output",
            .aliases = {},
            .value = "FORMAT",
            .doc = "How to show it; " + choices.front() + " if left out.",
            .group = {},
            .choices = choices,
            .set = [set = std::move(set)](const std::string&, const std::string& value) { set(value); }};
}

std::vector<Option> options_of(const ConfigOptions& options) {
    auto all = config_options(options.server);
    all.insert(all.begin() + 1, {.name = "--env",
                                 .aliases = {"-e"},
                                 .value = "NAME",
                                 .doc = "Merge waaft.NAME.yaml over waaft.yaml.",
                                 .group = {},
                                 .choices = {},
                                 .set = [flags = options.server](const std::string&, const std::string& value) {
                                     flags->environment = value;
                                 }});
    for (auto& option : project::project_options(options.project)) all.push_back(std::move(option));
    return all;
}

Command show_command(const Environment& environment) {
    const auto options = std::make_shared<ConfigOptions>();
    Command command{
        .name = "show",
        .doc = "Show the effective value of everything in waaft.yaml and where it came from.",
        .options = options_of(*options),
        .arguments = {},
        .subcommands = {},
        .run = [options, environment](const Streams& streams) { return show(*options, environment, streams); }};
    command.options.insert(
        command.options.begin(),
        output_option({"text", "json", "yaml"}, [options](const std::string& value) { options->output = value; }));
    return command;
}

Command check_command(const Environment& environment) {
    const auto options = std::make_shared<ConfigOptions>();
    return {.name = "check",
            .doc = "Check the configuration and say everything that is wrong with it.",
            .options = options_of(*options),
            .arguments = {},
            .subcommands = {},
            .run = [options, environment](const Streams& streams) { return check(*options, environment, streams); }};
}

Command schema_command() {
    const auto options = std::make_shared<SchemaOptions>();
    return {.name = "schema",
            .doc = "Describe every setting: as JSON Schema for editors, or as a table.",
            .options = {output_option({"json", "markdown"},
                                      [options](const std::string& value) { options->output = value; }),
                        {.name = "--section",
                         .aliases = {},
                         .value = "PART",
                         .doc = "Of which part the table is: serve, or project for all else; serve if left out.",
                         .group = {},
                         .choices = {"serve", "project"},
                         .set = [options](const std::string&, const std::string& value) { options->section = value; }}},
            .arguments = {},
            .subcommands = {},
            .run = [options](const Streams& streams) -> Result<Exit, Errors> {
                streams.out << (options->output == "json"       ? json_schema()
                                : options->section == "project" ? project_table()
                                                                : settings_table());
                return Exit::ok;
            }};
}

}  // namespace

Command config_command(const Environment& environment) {
    return {.name = "config",
            .doc = "Check, show or describe the configuration.",
            .options = {},
            .arguments = {},
            .subcommands = {check_command(environment), show_command(environment), schema_command()},
            .run = {}};
}

}  // namespace waaft::cmd
