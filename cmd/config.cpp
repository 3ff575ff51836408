#include "cmd/config.h"

#include "cmd/config_file.h"
#include "cmd/nearest.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace waaft::cmd {
namespace {

constexpr std::string_view default_file = "waaft.yaml";
constexpr std::string_view file_variable = "WAAFT_CONFIG";

std::optional<std::string> find_file(const ConfigFlags& flags, const Environment& environment) {
    if (flags.file) {
        return flags.file;
    }
    if (const auto found = environment.find(file_variable); found != environment.end() && !found->second.empty()) {
        return found->second;
    }
    std::error_code ignored;
    if (std::filesystem::exists(default_file, ignored)) {
        return std::string(default_file);
    }
    return std::nullopt;
}

std::size_t index_of(const app::Setting& setting) {
    return static_cast<std::size_t>(&setting - app::settings().data());
}

class Loader {
public:
    Loader() { loaded_.origins.resize(app::settings().size()); }

    void add_file(const std::string& path) {
        loaded_.file = path;
        const auto text = read_config(path);
        if (!text) {
            errors_.push_back(text.error());
            return;
        }
        auto parsed = parse_config(*text, path);
        for (const auto& value : parsed.values) {
            const bool list = value.setting->kind == app::Kind::list;
            note(*value.setting,
                 list ? app::set_from_list(loaded_.config, *value.setting, value.items)
                      : app::set_from_text(loaded_.config, *value.setting, value.items.front()),
                 {Origin::From::file, path + ":" + std::to_string(value.line)});
        }
        errors_.insert(errors_.end(), parsed.errors.begin(), parsed.errors.end());
    }

    void add_environment(const Environment& environment) {
        for (const auto& setting : app::settings()) {
            const auto name = app::environment_name(setting);
            if (const auto found = environment.find(name); found != environment.end()) {
                note(setting, app::set_from_text(loaded_.config, setting, found->second),
                     {Origin::From::environment, name});
            }
        }
        warn_of_misspelt(environment);
    }

    void add_flags(const std::vector<ConfigFlags::Value>& values) {
        for (const auto& value : values) {
            note(*value.setting, app::set_from_text(loaded_.config, *value.setting, value.text),
                 {Origin::From::flag, value.flag});
        }
    }

    Result<LoadedConfig, Errors> finish() {
        if (errors_.empty()) {
            for (auto& conflict : app::find_conflicts(loaded_.config)) {
                const auto& origin = loaded_.origins[index_of(*app::find_setting(conflict.key))];
                conflict.error.where = describe(origin);
                errors_.push_back(std::move(conflict.error));
            }
        }
        if (!errors_.empty()) {
            return errors_;
        }
        return loaded_;
    }

private:
    void note(const app::Setting& setting, const Result<void>& set, Origin origin) {
        if (!set) {
            auto error = set.error();
            error.where = describe(origin);
            errors_.push_back(std::move(error));
        }
        loaded_.origins[index_of(setting)] = std::move(origin);
    }

    // Not errors: Kubernetes puts variables such as WAAFT_PORT into pods beside a Service of that name.
    void warn_of_misspelt(const Environment& environment) {
        std::vector<std::string> names{std::string(file_variable)};
        for (const auto& setting : app::settings()) {
            names.push_back(app::environment_name(setting));
        }
        for (const auto& [name, value] : environment) {
            if (!name.starts_with("WAAFT_") || std::find(names.begin(), names.end(), name) != names.end()) {
                continue;
            }
            const auto guess = nearest(name, names);
            if (!guess.empty() && edit_distance(name, guess) <= 2) {
                loaded_.warnings.push_back(name + " is not a setting; did you mean " + guess + "?");
            }
        }
    }

    LoadedConfig loaded_;
    Errors errors_;
};

std::string placeholder(const app::Setting& setting) {
    switch (setting.kind) {
        case app::Kind::integer: return "N";
        case app::Kind::duration: return "DURATION";
        case app::Kind::size: return "SIZE";
        case app::Kind::list: return "A,B";
        case app::Kind::boolean: return "true|false";
        case app::Kind::choice: return "MODE";
        case app::Kind::text: return "TEXT";
    }
    return {};
}

bool names_a_file(const app::Setting& setting) {
    static constexpr std::array<std::string_view, 6> keys{"data",       "tls.cert",        "tls.key",
                                                          "rooms.keys", "ice.turn_secret", "ice.turn_password"};
    return std::find(keys.begin(), keys.end(), setting.key) != keys.end();
}

// A list's flag may be repeated; its values add up.
void add_value(ConfigFlags& flags, const app::Setting& setting, const std::string& flag, const std::string& value) {
    const auto same = std::find_if(flags.values.begin(), flags.values.end(),
                                   [&](const ConfigFlags::Value& other) { return other.setting == &setting; });
    if (same != flags.values.end() && setting.kind == app::Kind::list) {
        same->text += "," + value;
    } else {
        flags.values.push_back({&setting, flag, value});
    }
}

Option option_of(const app::Setting& setting, const std::shared_ptr<ConfigFlags>& flags) {
    Option option{.name = app::flag_name(setting),
                  .aliases = {},
                  .value = placeholder(setting),
                  .doc = std::string(setting.doc),
                  .group = std::string(setting.key.substr(0, setting.key.find('.'))),
                  .choices = {setting.choices.begin(), setting.choices.end()},
                  .file = names_a_file(setting),
                  .repeatable = setting.kind == app::Kind::list,
                  .value_optional = setting.kind == app::Kind::boolean,
                  .set = [flags, &setting](const std::string& flag, const std::string& value) {
                      add_value(*flags, setting, flag, value);
                  }};
    if (setting.kind == app::Kind::boolean) {
        option.choices = {"true", "false"};
    }
    if (!setting.alias.empty()) {
        option.aliases.emplace_back(setting.alias);
    }
    return option;
}

}  // namespace

std::string describe(const Origin& origin) {
    switch (origin.from) {
        case Origin::From::initial: return "default";
        case Origin::From::file: return origin.place;
        case Origin::From::environment: return "env " + origin.place;
        case Origin::From::flag: return "flag " + origin.place;
    }
    return {};
}

std::vector<Option> config_options(const std::shared_ptr<ConfigFlags>& flags) {
    std::vector<Option> options;
    options.push_back({.name = "--config",
                       .aliases = {},
                       .value = "FILE",
                       .doc = "The configuration file; without it $WAAFT_CONFIG, or waaft.yaml if there is one.",
                       .group = {},
                       .choices = {},
                       .file = true,
                       .set = [flags](const std::string&, const std::string& value) { flags->file = value; }});
    for (const auto& setting : app::settings()) {
        options.push_back(option_of(setting, flags));
    }
    return options;
}

Result<LoadedConfig, Errors> load_config(const ConfigFlags& flags, const Environment& environment) {
    Loader loader;
    if (const auto file = find_file(flags, environment)) {
        loader.add_file(*file);
    }
    loader.add_environment(environment);
    loader.add_flags(flags.values);
    return loader.finish();
}

}  // namespace waaft::cmd
