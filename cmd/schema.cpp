#include "cmd/schema.h"

#include "cmd/json_text.h"
#include "server/app/settings.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace waaft::cmd {
namespace {

namespace json = boost::json;

json::object empty_map(std::string_view doc) {
    return {{"type", "object"}, {"description", doc}, {"additionalProperties", false}, {"properties", json::object{}}};
}

json::object integer_type(const app::Setting& setting) {
    return {{"type", "integer"}, {"minimum", setting.min}, {"maximum", setting.max}};
}

json::object string_type(std::string_view pattern) { return {{"type", "string"}, {"pattern", pattern}}; }

json::object type_of(const app::Setting& setting) {
    switch (setting.kind) {
        case app::Kind::text: return {{"type", "string"}};
        case app::Kind::list: return {{"type", "array"}, {"items", json::object{{"type", "string"}}}};
        case app::Kind::boolean: return {{"type", "boolean"}};
        case app::Kind::integer: return integer_type(setting);
        case app::Kind::duration: return string_type("^[0-9]+(ms|s|m|h|d)$");
        case app::Kind::size:
            return {{"anyOf", json::array{integer_type(setting), string_type("^[0-9]+(KiB|MiB|GiB)?$")}}};
        case app::Kind::choice: return {{"enum", json::array(setting.choices.begin(), setting.choices.end())}};
    }
    return {};
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

// Bounds are in the description too: a pattern cannot say them.
std::string description_of(const app::Setting& setting) {
    const bool bounded = setting.kind == app::Kind::duration || setting.kind == app::Kind::size;
    return std::string(setting.doc) + (bounded ? " Takes " + app::expected(setting) + "." : "");
}

void add_property(json::object& root, const app::Setting& setting) {
    auto* map = &root;
    std::string_view rest = setting.key;
    for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
        auto& properties = map->at("properties").as_object();
        const auto name = rest.substr(0, dot);
        if (!properties.contains(name)) {
            properties[name] = empty_map("Settings " + std::string(name) + ".*");
        }
        map = &properties.at(name).as_object();
        rest.remove_prefix(dot + 1);
    }
    auto property = type_of(setting);
    property["description"] = description_of(setting);
    property["default"] = default_of(setting);
    map->at("properties").as_object()[rest] = std::move(property);
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

}  // namespace

std::string json_schema() {
    auto serve = empty_map("Settings of `waaft serve`.");
    for (const auto& setting : app::settings()) {
        add_property(serve, setting);
    }
    auto root = empty_map("Configuration of waaft.");
    root.at("properties").as_object()["serve"] = std::move(serve);
    json::object schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "waaft.yaml"}};
    for (auto& [key, value] : root) {
        schema[key] = std::move(value);
    }
    return pretty(schema);
}

std::string markdown_table() {
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

}  // namespace waaft::cmd
