#include "cmd/config.h"

#include "cmd/project/config_text.h"
#include "cmd/project/parse.h"

#include <algorithm>
#include <array>

namespace waaft::cmd {
namespace {

std::size_t index_of(const app::Setting& setting) {
    return static_cast<std::size_t>(&setting - app::settings().data());
}

class Loader {
public:
    Loader() { loaded_.origins.resize(app::settings().size()); }

    void add_files(const ConfigFlags& flags, const Environment& environment) {
        const auto files = project::config_files(flags.file, flags.environment, environment);
        if (!files) {
            errors_.push_back(files.error());
            return;
        }
        loaded_.file = files->base.value_or("");
        loaded_.overlay = files->overlay.value_or("");
        if (files->base) add_file(*files->base, Origin::From::file);
        if (files->overlay) add_file(*files->overlay, Origin::From::overlay);
    }

    void add_file(const std::string& path, Origin::From from) {
        const auto text = project::read_config(path);
        if (!text) {
            errors_.push_back(text.error());
            return;
        }
        // The whole file is checked, although only the server's section counts here.
        auto parsed = project::parse_file(*text, path);
        for (const auto& value : parsed.serve) {
            note(*value.setting, project::apply(value, loaded_.config),
                 {from, path + ":" + std::to_string(value.line)});
        }
        for (const auto& value : parsed.fields) {
            if (value.field->kind != project::Kind::secrets) continue;
            for (const auto& [setting, source] : value.secrets) secrets_.push_back(setting);
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
        loaded_.warnings = project::misspelt_variables(environment);
    }

    void add_flags(const std::vector<ConfigFlags::Value>& values) {
        for (const auto& value : values) {
            note(*value.setting, app::set_from_text(loaded_.config, *value.setting, value.text),
                 {Origin::From::flag, value.flag});
        }
    }

    Result<LoadedConfig, Errors> finish(bool with_secrets) {
        if (errors_.empty()) {
            for (auto& conflict : app::find_conflicts(with_secrets ? config_with_secrets() : loaded_.config)) {
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
    app::Config config_with_secrets() const {
        auto config = loaded_.config;
        for (const auto& name : secrets_) {
            const auto* setting = app::find_setting(name);
            if (app::render(config, *setting).empty()) {
                static_cast<void>(app::set_from_text(config, *setting, "/etc/waaft/secrets/" + name));
            }
        }
        return config;
    }

    void note(const app::Setting& setting, const Result<void>& set, Origin origin) {
        if (!set) {
            auto error = set.error();
            error.where = describe(origin);
            errors_.push_back(std::move(error));
        }
        loaded_.origins[index_of(setting)] = std::move(origin);
    }

    LoadedConfig loaded_;
    std::vector<std::string> secrets_;  // settings whose files `secrets:` brings into the cluster
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
    loader.add_files(flags, environment);
    loader.add_environment(environment);
    loader.add_flags(flags.values);
    return loader.finish(flags.with_secrets);
}

}  // namespace waaft::cmd
