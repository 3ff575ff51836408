#include "cmd/project/load.h"

#include "cmd/project/config_text.h"
#include "cmd/project/conflicts.h"
#include "cmd/project/fields.h"
#include "cmd/project/parse.h"

#include <algorithm>
#include <filesystem>

namespace waaft::project {
namespace {

class Loader {
public:
    void add_files(const Flags& flags, const cmd::Environment& environment) {
        const auto files = config_files(flags.file, flags.environment, environment);
        if (!files) {
            errors_.push_back(files.error());
            return;
        }
        if (files->base) {
            loaded_.file = *files->base;
            loaded_.project.folder = folder_of(*files->base);
            add_file(*files->base, Origin::From::file);
        }
        if (files->overlay) {
            if (!files->base) loaded_.file = *files->overlay;
            add_file(*files->overlay, Origin::From::overlay);
        }
    }

    void add_environment(const cmd::Environment& environment) {
        for (const auto& field : fields()) {
            const auto name = environment_name(field);
            const auto found = name.empty() ? environment.end() : environment.find(name);
            if (found != environment.end()) {
                note(field, set_from_text(loaded_.project, field, found->second), {Origin::From::environment, name});
            }
        }
        loaded_.warnings = misspelt_variables(environment);
    }

    void add_flags(const Flags& flags) {
        for (const auto& [key, text] : flags.values) {
            const auto* field = find_field(key);
            const std::string flag = field == nullptr        ? key
                                     : !field->alias.empty() ? std::string(field->alias)
                                                             : flag_name(*field);
            if (field == nullptr) {
                errors_.push_back({"config_unknown_key", "\"" + key + "\" is no key of waaft.yaml", "flag", {}});
            } else {
                note(*field, set_from_text(loaded_.project, *field, text), {Origin::From::flag, flag});
            }
        }
    }

    Result<Loaded, cmd::Errors> finish(bool for_cluster) {
        loaded_.project.serve_yaml = serve_text(serve_);
        auto& scaling = loaded_.project.autoscaling;
        const bool one_pod = loaded_.project.redis.mode == RedisMode::none;
        if (one_pod && !loaded_.origins.contains("autoscaling.max")) scaling.max = scaling.min;
        if (errors_.empty()) errors_ = for_cluster ? find_conflicts(loaded_, serve_) : find_conflicts(loaded_);
        if (!errors_.empty()) return std::move(errors_);
        return std::move(loaded_);
    }

private:
    static std::string folder_of(const std::string& file) {
        const auto folder = std::filesystem::path(file).parent_path().string();
        return folder.empty() ? "." : folder;
    }

    void add_file(const std::string& path, Origin::From from) {
        const auto text = read_config(path);
        if (!text) {
            errors_.push_back(text.error());
            return;
        }
        auto parsed = parse_file(*text, path);
        for (const auto& value : parsed.fields) {
            note(*value.field, apply(value, loaded_.project), {from, path + ":" + std::to_string(value.line)});
        }
        std::move(parsed.serve.begin(), parsed.serve.end(), std::back_inserter(serve_));
        std::move(parsed.errors.begin(), parsed.errors.end(), std::back_inserter(errors_));
    }

    void note(const Field& field, const Result<void>& set, Origin origin) {
        if (!set) {
            auto error = set.error();
            error.where = describe(origin);
            errors_.push_back(std::move(error));
        }
        loaded_.origins[std::string(field.key)] = std::move(origin);
    }

    Loaded loaded_;
    std::vector<ServeValue> serve_;  // of values of one setting the last counts
    cmd::Errors errors_;
};

std::string placeholder(const Field& field) {
    switch (field.kind) {
        case Kind::integer: return "N";
        case Kind::duration: return "DURATION";
        case Kind::list: return "A,B";
        case Kind::boolean: return "true|false";
        case Kind::choice: return "MODE";
        default: return "TEXT";
    }
}

// A list's flag may be repeated; its values add up.
void add_value(Flags& flags, const Field& field, const std::string& value) {
    const auto same = std::find_if(flags.values.begin(), flags.values.end(),
                                   [&](const auto& other) { return other.first == field.key; });
    if (same != flags.values.end() && field.kind == Kind::list) {
        same->second += "," + value;
    } else {
        flags.values.emplace_back(field.key, value);
    }
}

cmd::Option option_of(const Field& field, const std::shared_ptr<Flags>& flags) {
    cmd::Option option{
        .name = field.alias.empty() ? flag_name(field) : std::string(field.alias),
        .aliases = {},
        .value = placeholder(field),
        .doc = std::string(field.doc),
        .group = "Project",
        .choices = {field.choices.begin(), field.choices.end()},
        .file = field.key == "registry.caFile" || field.key == "cluster.kubeconfig",
        .repeatable = field.kind == Kind::list,
        .value_optional = field.kind == Kind::boolean,
        .set = [flags, &field](const std::string&, const std::string& value) { add_value(*flags, field, value); }};
    if (field.kind == Kind::boolean) option.choices = {"true", "false"};
    if (!field.alias.empty()) option.aliases.push_back(flag_name(field));
    if (!field.short_flag.empty()) option.aliases.emplace_back(field.short_flag);
    return option;
}

}  // namespace

std::string gke_context(const Project::Cluster& cluster) {
    const bool named = !cluster.project.empty() && !cluster.zone.empty() && !cluster.name.empty();
    if (cluster.provider != Provider::gke || !named) return {};
    return "gke_" + cluster.project + "_" + cluster.zone + "_" + cluster.name;
}

Result<Loaded, cmd::Errors> load(const Flags& flags, const cmd::Environment& environment) {
    Loader loader;
    loader.add_files(flags, environment);
    loader.add_environment(environment);
    loader.add_flags(flags);
    auto loaded = loader.finish(flags.for_cluster);
    if (loaded && loaded->project.cluster.context.empty())
        loaded->project.cluster.context = gke_context(loaded->project.cluster);
    return loaded;
}

std::vector<cmd::Option> project_options(const std::shared_ptr<Flags>& flags) {
    std::vector<cmd::Option> options;
    for (const auto& field : fields()) {
        if (field.on_flags) options.push_back(option_of(field, flags));
    }
    return options;
}

}  // namespace waaft::project
