#include "cmd/project/map_reader.h"

#include "cmd/nearest.h"

#include <algorithm>
#include <set>

namespace waaft::project {
namespace {

bool is_map(Problems& problems, const yaml::Node& map, const MapName& name, const std::string& example) {
    if (map.type == yaml::Node::Type::null) {
        return false;
    }
    if (map.type != yaml::Node::Type::map) {
        problems.add(map.at, "config_type",
                     name.owner + " must be a map of keys and values, not " + std::string(yaml::name_of(map.type)),
                     "write `" + example + ":` and its values, indented");
        return false;
    }
    return true;
}

// `known` is null where any name will do.
void read_map(Problems& problems, const yaml::Node& map, const MapName& name, const std::vector<std::string>* known,
              const UseEntry& use) {
    constexpr std::size_t shown_max = 64;
    std::set<std::string> seen;
    for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
        const auto& key = map.children[i];
        if (key.type != yaml::Node::Type::scalar) {
            problems.add(key.at, "config_type", "a key must be a name, not " + std::string(yaml::name_of(key.type)),
                         name.names_hint);
        } else if (known != nullptr && std::find(known->begin(), known->end(), key.scalar) == known->end()) {
            const auto guess = cmd::nearest(key.scalar, *known);
            problems.add(key.at, "config_unknown_key",
                         "\"" + key.scalar.substr(0, shown_max) + "\" is no key of " + name.owner,
                         guess.empty() ? name.names_hint : "did you mean " + guess + "?");
        } else if (!seen.insert(key.scalar).second) {
            problems.add(key.at, "config_duplicate_key",
                         "\"" + key.scalar.substr(0, shown_max) + "\" is given twice in " + name.owner,
                         "keep one of the two");
        } else {
            use(key, map.children[i + 1]);
        }
    }
}

}  // namespace

void Problems::add(const yaml::Position& at, std::string code, std::string what, std::string hint) {
    if (errors_.size() < errors_max) {
        errors_.push_back({std::move(code), std::move(what), place(at), std::move(hint)});
    }
}

void each_entry(Problems& problems, const yaml::Node& map, const MapName& name, const std::vector<std::string>& keys,
                const UseEntry& use) {
    if (is_map(problems, map, name, keys.front())) {
        read_map(problems, map, name, &keys, use);
    }
}

void each_entry(Problems& problems, const yaml::Node& map, const MapName& name, const UseEntry& use) {
    if (is_map(problems, map, name, "name")) {
        read_map(problems, map, name, nullptr, use);
    }
}

}  // namespace waaft::project
