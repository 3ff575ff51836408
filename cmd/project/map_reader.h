// Walks the maps of a configuration file and collects what is wrong in it, with places.
//
// Thread: any. Ownership: values; a Problems belongs to whoever reads one file. Errors: config_type,
// config_unknown_key, config_duplicate_key and what the caller adds; at most errors_max are kept.
#pragma once

#include "cmd/command.h"
#include "cmd/yaml/document.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::project {

inline constexpr std::size_t errors_max = 20;

class Problems {
public:
    // `file` stands in the places.
    explicit Problems(std::string file) : file_(std::move(file)) {}

    void add(const yaml::Position& at, std::string code, std::string what, std::string hint);
    std::string place(const yaml::Position& at) const { return yaml::place(file_, at); }
    bool any() const { return !errors_.empty(); }
    cmd::Errors take() { return std::move(errors_); }

private:
    std::string file_;
    cmd::Errors errors_;
};

// What is said of a map: "the file", "listen".
struct MapName {
    std::string owner;
    std::string names_hint;  // where the valid names are, if none is near
};

using UseEntry = std::function<void(const yaml::Node& key, const yaml::Node& value)>;

// Calls `use` for each entry whose key is one of `keys`, and reports all others.
void each_entry(Problems& problems, const yaml::Node& map, const MapName& name, const std::vector<std::string>& keys,
                const UseEntry& use);
// The same with any key that is a name.
void each_entry(Problems& problems, const yaml::Node& map, const MapName& name, const UseEntry& use);

// The names that may follow `prefix`, which ends with a dot or is empty, in dotted keys.
template <class Table>
std::vector<std::string> names_below(const Table& table, std::string_view prefix) {
    std::vector<std::string> names;
    for (const auto& each : table) {
        if (each.key.starts_with(prefix)) {
            const auto rest = each.key.substr(prefix.size());
            names.emplace_back(rest.substr(0, rest.find('.')));
        }
    }
    return names;
}

}  // namespace waaft::project
