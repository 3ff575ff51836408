// The effective configuration: defaults, then waaft.yaml, then the environment, then flags.
//
// Thread: main. Ownership: values. Errors: all that were found, each with its place
// (file:line:column, variable or flag); codes config_value, config_conflict and those of project/parse.h.
#pragma once

#include "cmd/command.h"
#include "cmd/project/origin.h"
#include "server/app/config.h"
#include "server/app/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace waaft::cmd {

// What the command line said.
struct ConfigFlags {
    struct Value {
        const app::Setting* setting = nullptr;
        std::string flag;  // as typed
        std::string text;
    };
    std::optional<std::string> file;         // --config
    std::optional<std::string> environment;  // -e staging: waaft.staging.yaml is merged over it
    // A file that `secrets:` brings into the cluster counts as there: for who only looks at the configuration.
    bool with_secrets = false;
    std::vector<Value> values;
};

using project::Origin;

struct LoadedConfig {
    app::Config config;
    std::vector<Origin> origins;        // one for each of app::settings(), in its order
    std::string file;                   // empty: none was read
    std::string overlay;                // the same
    std::vector<std::string> warnings;  // names that look like a misspelt variable
};

// The flags that every command with a configuration takes; they write into `flags`, which must outlive them.
std::vector<Option> config_options(const std::shared_ptr<ConfigFlags>& flags);

Result<LoadedConfig, Errors> load_config(const ConfigFlags& flags, const Environment& environment);

}  // namespace waaft::cmd
