#include "cmd/manifest/fields.h"

#include <boost/json.hpp>

#include <cassert>

namespace waaft::manifest {

namespace json = boost::json;

Path path_of(std::string_view dotted) {
    Path path;
    while (true) {
        const auto dot = dotted.find('.');
        path.push_back(dotted.substr(0, dot));
        if (dot == std::string_view::npos) return path;
        dotted.remove_prefix(dot + 1);
    }
}

const json::value* find(const Object& object, const Path& path) {
    const Object* at = &object;
    const json::value* value = nullptr;
    for (const auto key : path) {
        value = at != nullptr ? at->if_contains(key) : nullptr;
        if (value == nullptr) return nullptr;
        at = value->if_object();
    }
    return value;
}

json::value* find(Object& object, const Path& path) {
    return const_cast<json::value*>(find(const_cast<const Object&>(object), path));
}

std::string text_at(const Object& object, const Path& path) {
    const auto* value = find(object, path);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::value& place_at(Object& object, const Path& path) {
    Object* at = &object;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        json::value& next = (*at)[path[i]];
        at = next.is_object() ? &next.get_object() : &next.emplace_object();
    }
    return (*at)[path.back()];
}

void erase(Object& object, const Path& path) {
    const Path parent(path.begin(), path.end() - 1);
    auto* at = parent.empty() ? nullptr : find(object, parent);
    Object* holder = parent.empty() ? &object : at != nullptr ? at->if_object() : nullptr;
    if (holder != nullptr) holder->erase(path.back());
}

Object& map_at(Object& object, const Path& path) {
    auto& value = place_at(object, path);
    return value.is_object() ? value.get_object() : value.emplace_object();
}

json::array& list_at(Object& object, const Path& path) {
    auto& value = place_at(object, path);
    return value.is_array() ? value.get_array() : value.emplace_array();
}

Object& named(json::array& list, std::string_view name) {
    for (auto& entry : list) {
        if (entry.is_object() && text_at(entry.get_object(), {"name"}) == name) return entry.get_object();
    }
    assert(false && "a template lacks an element that the program knows");
    return list.emplace_back(Object{{"name", name}}).get_object();
}

std::string kind_of(const Object& object) { return text_at(object, {"kind"}); }
std::string name_of(const Object& object) { return text_at(object, {"metadata", "name"}); }
std::string title_of(const Object& object) { return kind_of(object) + "/" + name_of(object); }

}  // namespace waaft::manifest
