// Reads the section `serve:` of waaft.yaml by the server's own table of settings.
//
// Thread: any, no state. Ownership: values; Settings live as long as the program. Errors: config_type,
// config_unknown_key, config_duplicate_key, config_value, in the Problems.
#pragma once

#include "cmd/project/map_reader.h"
#include "server/app/settings.h"

#include <string>
#include <vector>

namespace waaft::project {

struct ServeValue {
    const app::Setting* setting = nullptr;
    std::vector<std::string> items;  // of a list; otherwise one
    std::string where;               // "waaft.yaml:3:9"
    int line = 0;
};

std::vector<ServeValue> read_serve(Problems& problems, const yaml::Node& section);

Result<void> apply(const ServeValue& value, app::Config& config);

// A file with the section as `waaft serve --config` takes it, in the order of the table so that
// only a change of values changes it; of values of one setting the last counts. Empty if there are none.
std::string serve_text(const std::vector<ServeValue>& values);

}  // namespace waaft::project
