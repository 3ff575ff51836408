#include "cmd/schema.h"

#include "cmd/json_text.h"
#include "cmd/project/field_json.h"
#include "cmd/schema_values.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace waaft::cmd {
namespace {

namespace json = boost::json;

json::object empty_map(std::string_view doc) {
    return {{"type", {"object", "null"}},
            {"description", doc},
            {"additionalProperties", false},
            {"properties", json::object{}}};
}

json::value default_of(const app::Setting& setting) {
    const app::Config initial;
    const auto text = app::render(initial, setting);
    switch (setting.kind) {
        case app::Kind::list: return json::array{};
        case app::Kind::boolean: return text == "true";
        case app::Kind::integer: return *app::parse_integer(text);
        default: return json::value(text);
    }
}

// Bounds are in the description too: a pattern is nothing to read.
template <class Entry>
std::string description_of(const Entry& entry, bool bounded) {
    return std::string(entry.doc) + (bounded ? " Takes " + expected(entry) + "." : "");
}

// `root` is the schema of the map that `key`, which is dotted, begins in.
void add_property(json::object& root, std::string_view key, json::object property) {
    auto* map = &root;
    for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
        auto& properties = map->at("properties").as_object();
        const auto name = key.substr(0, dot);
        if (!properties.contains(name)) {
            properties[name] = empty_map("Settings " + std::string(name) + ".*");
        }
        map = &properties.at(name).as_object();
        key.remove_prefix(dot + 1);
    }
    map->at("properties").as_object()[key] = std::move(property);
}

json::object property_of(const app::Setting& setting) {
    auto property = schema_of(setting);
    property["description"] =
        description_of(setting, setting.kind == app::Kind::duration || setting.kind == app::Kind::size);
    property["default"] = default_of(setting);
    return property;
}

json::object property_of(const project::Field& field) {
    auto property = schema_of(field);
    property["description"] = description_of(field, field.kind == project::Kind::duration);
    if (auto initial = project::to_json(project::Project{}, field); !initial.is_null()) {
        property["default"] = std::move(initial);
    }
    return property;
}

// "redis: none" says the same as "redis: {mode: none}".
void allow_mode_alone(json::object& root, const project::Field& field) {
    const auto dot = field.key.find(".mode");
    if (dot == std::string_view::npos || dot + 5 != field.key.size()) return;
    auto& section = root.at("properties").as_object().at(field.key.substr(0, dot)).as_object();
    section["type"] = {"object", "null", "string"};
    section["if"] = {{"type", "string"}};
    section["then"] = schema_of(field);
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

}  // namespace

std::string json_schema() {
    auto root = empty_map("Configuration of waaft.");
    for (const auto& field : project::fields()) {
        add_property(root, field.key, property_of(field));
        allow_mode_alone(root, field);
    }
    auto serve = empty_map("Settings of `waaft serve`.");
    for (const auto& setting : app::settings()) {
        add_property(serve, setting.key, property_of(setting));
    }
    root.at("properties").as_object()["serve"] = std::move(serve);
    json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "waaft.yaml"}};
    for (auto& [key, value] : root) {
        schema[key] = std::move(value);
    }
    return pretty(schema);
}

std::string settings_table() {
    const app::Config initial;
    std::string table = "| setting | flag | default | meaning |\n|---|---|---|---|\n";
    for (const auto& setting : app::settings()) {
        const auto value = app::render(initial, setting);
        const auto flags = code(app::flag_name(setting)) + (setting.alias.empty() ? "" : ", " + code(setting.alias));
        table += "| " + code(setting.key) + " | " + flags + " | " + (value.empty() ? "" : code(value)) + " | " +
                 std::string(setting.doc) + " |\n";
    }
    return table;
}

std::string project_table() {
    const project::Project initial;
    std::string table = "| key | flag | variable | default | meaning | takes |\n|---|---|---|---|---|---|\n";
    for (const auto& field : project::fields()) {
        std::string flags = field.on_flags ? code(project::flag_name(field)) : "";
        for (const auto other : {field.alias, field.short_flag}) flags += other.empty() ? "" : ", " + code(other);
        const auto value = project::render(initial, field);
        const auto variable = project::environment_name(field);
        table += "| " + code(field.key) + " | " + flags + " | " + (variable.empty() ? "" : code(variable)) + " | " +
                 (value.empty() ? "" : code(value)) + " | " + std::string(field.doc) + " | " +
                 project::expected(field) + " |\n";
    }
    return table;
}

}  // namespace waaft::cmd
