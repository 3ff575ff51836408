#include "cmd/schema_values.h"

#include <boost/json/array.hpp>

#include <array>

namespace waaft::cmd {
namespace {

namespace json = boost::json;
using std::string;
using std::string_view;

// What a plain word of YAML may be for a JSON Schema, where the reader takes it as text.
json::array any_scalar() { return {"string", "number", "boolean"}; }
constexpr string_view control = "\\u0000-\\u001F\\u007F";

const string label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const string name = label + "(\\." + label + ")*";
const string dns_label = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const string dns_name = dns_label + "(\\." + dns_label + ")*";
const string ipv6 = "[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*";  // all that may be one

string group(const string& pattern) { return "(" + pattern + ")"; }
string ipv4() {
    const auto byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    return string("(") + byte + "\\.){3}" + byte;
}
string port() { return "(:" + whole_numbers(1, 65535) + ")?"; }
string host_and_port() { return "(\\[" + ipv6 + "\\]|" + dns_name + ")" + port(); }

// A whole value; `may_be_empty` is "leave it out" in the file.
json::object text(json::array types, const string& pattern, bool may_be_empty) {
    return {{"type", std::move(types)}, {"pattern", "^(" + string(may_be_empty ? "|" : "") + pattern + ")$"}};
}

json::object one_of_formats(json::array choices, bool may_be_empty) {
    if (may_be_empty) choices.insert(choices.begin(), json::object{{"const", ""}});
    return {{"anyOf", std::move(choices)}};
}

json::object ip_address(bool may_be_empty) {
    const auto format = [](string_view word) { return json::object{{"type", "string"}, {"format", word}}; };
    return one_of_formats({format("ipv4"), format("ipv6")}, may_be_empty);
}

// Without control characters; without commas where items of a list may come from one text.
json::object free_text(bool item, bool may_be_empty, bool may_be_an_option) {
    const string rest = "[^" + string(item ? "," : "") + string(control) + "]*";
    const string first = "[^" + string(item ? "," : "") + string(control) + (may_be_an_option ? "" : "-") + "]";
    auto schema = text(any_scalar(), first + rest, may_be_empty);
    if (!may_be_an_option) schema["minimum"] = 0;
    return schema;
}

json::object host() {
    return one_of_formats(
        {json::object{{"type", any_scalar()}, {"pattern", "^" + dns_name + "$"}, {"maxLength", 253}, {"minimum", 0}},
         json::object{{"type", "string"}, {"format", "ipv6"}}},
        false);
}

json::object schema_of(app::Form form, bool item) {
    const auto of_text = [&](const string& pattern) { return text({"string"}, pattern, !item); };
    switch (form) {
        case app::Form::any: return free_text(item, !item, true);
        case app::Form::ip_address: return ip_address(!item);
        case app::Form::host: return host();
        case app::Form::cidr:
            return of_text(ipv4() + "(/" + whole_numbers(0, 32) + ")?|" + ipv6 + "(/" + whole_numbers(0, 128) + ")?");
        case app::Form::origin: return of_text("https?://" + host_and_port());
        case app::Form::ancestor: return of_text("https?://(" + host_and_port() + "|\\*\\." + dns_name + port() + ")");
        case app::Form::stun_url: return of_text("stuns?:" + host_and_port());
        case app::Form::redis_url: return of_text("rediss?://" + host_and_port() + "(/[0-9]*)?");
        case app::Form::turn_url: return of_text("turns?:" + host_and_port() + "(\\?transport=(udp|tcp))?");
    }
    return {};
}

// "org/waaft", "host:5000/org/waaft"; the first folder is a host if it looks like one.
string repository() {
    const string part = "[a-z0-9]+((\\.|__?|-+)[a-z0-9]+)*";
    return "((localhost" + port() + "|(?=[^/]*[.:][^/]*/)" + dns_name + port() + ")/)?" + part + "(/" + part + ")*";
}

json::object with_bounds(json::object schema, string_view keyword, const json::value& value) {
    schema[keyword] = value;
    return schema;
}

json::object schema_of(project::Form form, bool item, bool may_be_empty) {
    const auto of = [&](json::array types, const string& pattern) {
        return with_bounds(text(std::move(types), pattern, may_be_empty), "minimum", 0);
    };
    const string amount = "(?=[0-9.]*[1-9])0*[0-9]{1,12}";
    switch (form) {
        case project::Form::any: return free_text(item, may_be_empty, false);
        case project::Form::label: return of({"string", "integer", "boolean"}, label);
        case project::Form::name: return with_bounds(of(any_scalar(), name), "maxLength", 253);
        case project::Form::repository: return of(any_scalar(), repository());
        case project::Form::tag: return of(any_scalar(), "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
        case project::Form::platform: return text({"string"}, "[a-z0-9_]+(/[a-z0-9_]+){1,2}", may_be_empty);
        case project::Form::cpu:
            return with_bounds(text({"string", "number"}, amount + "((\\.[0-9]{1,3})?|(\\.0{1,3})?m)", may_be_empty),
                               "exclusiveMinimum", 0);
        case project::Form::memory:
            return with_bounds(
                text({"string", "number"},
                     "0*[1-9][0-9]{0,11}(\\.[0-9]{1,3})?|" + amount + "(\\.[0-9]{1,3})?([kMGT]|[KMGT]i)", may_be_empty),
                "minimum", 1);
        case project::Form::address: return ip_address(may_be_empty);
    }
    return {};
}

struct Unit {
    string_view suffix;
    std::uint64_t factor;
};

// The whole numbers of each unit that lie between the bounds.
template <std::size_t N>
string amounts(std::uint64_t min, std::uint64_t max, const std::array<Unit, N>& units) {
    string pattern;
    for (const auto& unit : units) {
        const auto least = (min + unit.factor - 1) / unit.factor;
        const auto most = max / unit.factor;
        if (least > most) continue;
        pattern += (pattern.empty() ? "" : "|") + whole_numbers(least, most) + string(unit.suffix);
    }
    return pattern;
}

json::object integer(std::int64_t min, std::int64_t max) {
    return {{"type", "integer"}, {"minimum", min}, {"maximum", max}};
}

json::object choice(std::span<const string_view> choices) {
    return {{"enum", json::array(choices.begin(), choices.end())}};
}

json::object list(json::object items) { return {{"type", "array"}, {"items", std::move(items)}}; }

json::object secret(bool in_cluster) {
    const json::object word{{"type", any_scalar()}};
    json::object program = word;
    program["minLength"] = 1;
    json::object ways{{"file", free_text(false, false, false)},
                      {"env", text({"string", "boolean"}, "[A-Za-z_][A-Za-z0-9_]{0,254}", false)},
                      {"command", json::object{{"type", "array"},
                                               {"minItems", 1},
                                               {"items", json::array{std::move(program)}},
                                               {"additionalItems", word}}}};
    if (in_cluster) ways["existing"] = text({"string"}, name + "/(?!\\.\\.|\\.$)[A-Za-z0-9_.-]{1,253}", false);
    return {{"type", "object"},
            {"additionalProperties", false},
            {"minProperties", 1},
            {"maxProperties", 1},
            {"properties", std::move(ways)}};
}

json::object secrets() {
    json::object names;
    for (const auto setting : project::secret_settings()) names[setting] = secret(true);
    return {{"type", {"object", "null"}}, {"additionalProperties", false}, {"properties", std::move(names)}};
}

// What an editor says where the pattern does not match; yaml-language-server and VS Code know the keyword.
json::object told(json::object schema, const string& expected) {
    if (schema.contains("pattern")) schema["patternErrorMessage"] = "must be " + expected;
    return schema;
}

json::object duration_in_seconds(const project::Field& field) {
    // Milliseconds only where they are whole seconds.
    constexpr std::array<Unit, 5> units{{{"000ms", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
    return text({"string"}, amounts(field.min, field.max, units), false);
}

json::object value_of(const project::Field& field) {
    using project::Kind;
    switch (field.kind) {
        case Kind::text: return schema_of(field.form, false, render(project::Project{}, field).empty());
        case Kind::list: return list(told(schema_of(field.form, true, false), string(describe(field.form))));
        case Kind::boolean: return {{"type", "boolean"}};
        case Kind::integer: return integer(field.min, field.max);
        case Kind::duration: return duration_in_seconds(field);
        case Kind::choice: return choice(field.choices);
        case Kind::labels:
            return {{"type", {"object", "null"}}, {"additionalProperties", json::object{{"type", any_scalar()}}}};
        case Kind::secret: return secret(false);
        case Kind::secrets: return secrets();
    }
    return {};
}

json::object value_of(const app::Setting& setting) {
    using app::Kind;
    constexpr std::array<Unit, 5> times{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
    constexpr std::array<Unit, 4> sizes{{{"", 1}, {"KiB", 1U << 10U}, {"MiB", 1U << 20U}, {"GiB", 1U << 30U}}};
    switch (setting.kind) {
        case Kind::text: return schema_of(setting.form, false);
        case Kind::list: return list(told(schema_of(setting.form, true), string(describe(setting.form))));
        case Kind::boolean: return {{"type", "boolean"}};
        case Kind::integer: return integer(setting.min, setting.max);
        case Kind::duration: return text({"string"}, amounts(setting.min, setting.max, times), false);
        case Kind::size: {
            auto schema = integer(setting.min, setting.max);
            schema["type"] = {"integer", "string"};
            schema["pattern"] = "^" + group(amounts(setting.min, setting.max, sizes)) + "$";
            return schema;
        }
        case Kind::choice: return choice(setting.choices);
    }
    return {};
}

}  // namespace

json::object schema_of(const app::Setting& setting) { return told(value_of(setting), expected(setting)); }
json::object schema_of(const project::Field& field) { return told(value_of(field), expected(field)); }

std::string whole_numbers(std::uint64_t min, std::uint64_t max) {
    string pattern = "0*(";
    while (true) {
        // As many free digits at the end as fit, after one digit from..to.
        std::uint64_t block = 1;
        int free = 0;
        for (; min % (block * 10) == 0 && min >= block * 10 && max - min >= block * 10 - 1; ++free) block *= 10;
        const auto from = min / block % 10;
        auto to = from;
        while (to < 9 && max - min >= (to - from + 2) * block - 1) ++to;
        const auto before = min / block / 10;
        pattern += before == 0 ? "" : std::to_string(before);
        pattern += from == to ? std::to_string(from) : "[" + std::to_string(from) + "-" + std::to_string(to) + "]";
        pattern += free == 0 ? "" : "[0-9]";
        pattern += free < 2 ? "" : "{" + std::to_string(free) + "}";
        const auto width = (to - from + 1) * block;
        if (max - min < width) return pattern + ")";
        min += width;
        pattern += "|";
    }
}

}  // namespace waaft::cmd
