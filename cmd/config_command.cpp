#include "cmd/commands.h"
#include "cmd/config.h"
#include "cmd/json_text.h"
#include "cmd/report.h"
#include "cmd/schema.h"

#include <yaml-cpp/yaml.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <ostream>

namespace waaft::cmd {
namespace {

namespace json = boost::json;

struct ShowOptions {
    std::shared_ptr<ConfigFlags> flags = std::make_shared<ConfigFlags>();
    std::string output = "text";
};

struct SchemaOptions {
    std::string output = "json";
};

void show_text(const LoadedConfig& loaded, std::ostream& out) {
    constexpr std::size_t key_width = 32;
    constexpr std::size_t value_width = 28;
    const auto padded = [](std::string text, std::size_t width) {
        text.resize(std::max(width, text.size() + 1), ' ');
        return text;
    };
    const auto table = app::settings();
    for (std::size_t i = 0; i < table.size(); ++i) {
        out << padded(std::string(table[i].key), key_width) << padded(app::render(loaded.config, table[i]), value_width)
            << describe(loaded.origins[i]) << '\n';
    }
}

json::value json_value(const app::Config& config, const app::Setting& setting) {
    const auto text = app::render(config, setting);
    switch (setting.kind) {
        case app::Kind::list: {
            const auto items = app::render_list(config, setting);
            return json::array(items.begin(), items.end());
        }
        case app::Kind::boolean: return text == "true";
        case app::Kind::integer: return *app::parse_integer(text);
        default: return json::value(text);
    }
}

void show_json(const LoadedConfig& loaded, std::ostream& out) {
    json::object values;
    const auto table = app::settings();
    for (std::size_t i = 0; i < table.size(); ++i) {
        values[table[i].key] = json::object{{"value", json_value(loaded.config, table[i])},
                                            {"from", project::to_string(loaded.origins[i].from)},
                                            {"place", loaded.origins[i].place}};
    }
    out << pretty(json::object{{"schema", "waaft.config/1"}, {"file", loaded.file}, {"settings", std::move(values)}});
}

std::vector<std::string> path_of(std::string_view key) {
    std::vector<std::string> path{"serve"};
    while (true) {
        const auto dot = key.find('.');
        path.emplace_back(key.substr(0, dot));
        if (dot == std::string_view::npos) {
            return path;
        }
        key.remove_prefix(dot + 1);
    }
}

void emit_value(YAML::Emitter& yaml, const app::Config& config, const app::Setting& setting) {
    if (setting.kind != app::Kind::list) {
        yaml << app::render(config, setting);
        return;
    }
    yaml << YAML::Flow << app::render_list(config, setting);
}

// A file that means the same: `waaft serve --config` takes it.
void show_yaml(const LoadedConfig& loaded, std::ostream& out) {
    YAML::Emitter yaml;
    std::vector<std::string> open;
    yaml << YAML::BeginMap;
    const auto table = app::settings();
    for (std::size_t i = 0; i < table.size(); ++i) {
        const auto path = path_of(table[i].key);
        const auto parents = path.size() - 1;
        const auto common = static_cast<std::size_t>(
            std::mismatch(open.begin(), open.end(), path.begin(), path.end() - 1).first - open.begin());
        for (; open.size() > common; open.pop_back()) {
            yaml << YAML::EndMap;
        }
        for (; open.size() < parents; open.push_back(path[open.size()])) {
            yaml << YAML::Key << path[open.size()] << YAML::Value << YAML::BeginMap;
        }
        yaml << YAML::Key << path.back() << YAML::Value;
        emit_value(yaml, loaded.config, table[i]);
        yaml << YAML::Comment(describe(loaded.origins[i]));
    }
    for (; !open.empty(); open.pop_back()) {
        yaml << YAML::EndMap;
    }
    yaml << YAML::EndMap;
    out << yaml.c_str() << '\n';
}

Result<Exit, Errors> show(const ShowOptions& options, const Environment& environment, const Streams& streams) {
    const auto loaded = load_config(*options.flags, environment);
    if (!loaded) {
        return loaded.error();
    }
    for (const auto& warning : loaded->warnings) {
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

Result<Exit, Errors> check(const ConfigFlags& flags, const Environment& environment, const Streams& streams) {
    const auto loaded = load_config(flags, environment);
    if (!loaded) {
        return loaded.error();
    }
    for (const auto& warning : loaded->warnings) {
        print_warning(streams, warning);
    }
    streams.err << (loaded->file.empty() ? "the configuration" : loaded->file) << " is valid\n";
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

Command show_command(const Environment& environment) {
    const auto options = std::make_shared<ShowOptions>();
    Command command{
        .name = "show",
        .doc = "Show the effective value of every setting and where it came from.",
        .options = config_options(options->flags),
        .arguments = {},
        .subcommands = {},
        .run = [options, environment](const Streams& streams) { return show(*options, environment, streams); }};
    command.options.insert(
        command.options.begin(),
        output_option({"text", "json", "yaml"}, [options](const std::string& value) { options->output = value; }));
    return command;
}

Command check_command(const Environment& environment) {
    const auto flags = std::make_shared<ConfigFlags>();
    return {.name = "check",
            .doc = "Check the configuration and say everything that is wrong with it.",
            .options = config_options(flags),
            .arguments = {},
            .subcommands = {},
            .run = [flags, environment](const Streams& streams) { return check(*flags, environment, streams); }};
}

Command schema_command() {
    const auto options = std::make_shared<SchemaOptions>();
    return {.name = "schema",
            .doc = "Describe every setting: as JSON Schema for editors, or as a table.",
            .options = {output_option({"json", "markdown"},
                                      [options](const std::string& value) { options->output = value; })},
            .arguments = {},
            .subcommands = {},
            .run = [options](const Streams& streams) -> Result<Exit, Errors> {
                streams.out << (options->output == "json" ? json_schema() : markdown_table());
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
