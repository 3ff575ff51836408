#include "cmd/config_show.h"

#include "cmd/json_text.h"
#include "cmd/project/field_json.h"
#include "cmd/yaml/document.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <ostream>

namespace waaft::cmd {
namespace {

namespace json = boost::json;

struct Row {
    std::string key;
    std::string text;
    json::value value;  // null: not set
    Origin origin;
};

json::value json_value(const app::Config& config, const app::Setting& setting) {
    const auto text = app::render(config, setting);
    switch (setting.kind) {
        case app::Kind::list: {
            const auto items = app::render_list(config, setting);
            return json::array(items.begin(), items.end());
        }
        case app::Kind::boolean: return text == "true";
        case app::Kind::integer: return *app::parse_integer(text);
        default: return json::value(text);
    }
}

std::vector<Row> rows_of(const LoadedConfig& loaded) {
    std::vector<Row> rows;
    for (const auto& setting : app::settings()) {
        rows.push_back({std::string(setting.key), app::render(loaded.config, setting),
                        json_value(loaded.config, setting), loaded.origins[rows.size()]});
    }
    return rows;
}

std::vector<Row> rows_of(const project::Loaded& loaded) {
    std::vector<Row> rows;
    for (const auto& field : project::fields()) {
        const auto origin = loaded.origins.find(std::string(field.key));
        rows.push_back({std::string(field.key), project::to_line(loaded.project, field),
                        project::to_json(loaded.project, field),
                        origin == loaded.origins.end() ? Origin() : origin->second});
    }
    return rows;
}

void print_rows(const std::vector<Row>& rows, std::ostream& out) {
    constexpr std::size_t key_width = 38;
    constexpr std::size_t value_width = 28;
    const auto padded = [](std::string text, std::size_t width) {
        text.resize(std::max(width, text.size() + 1), ' ');
        return text;
    };
    for (const auto& row : rows) {
        out << padded(row.key, key_width) << padded(row.text, value_width) << describe(row.origin) << '\n';
    }
}

json::object to_json(std::vector<Row> rows) {
    json::object values;
    for (auto& row : rows) {
        values[row.key] = json::object{{"value", std::move(row.value)},
                                       {"from", project::to_string(row.origin.from)},
                                       {"place", row.origin.place}};
    }
    return values;
}

std::vector<std::string> path_of(std::string_view key) {
    std::vector<std::string> path;
    while (true) {
        const auto dot = key.find('.');
        path.emplace_back(key.substr(0, dot));
        if (dot == std::string_view::npos) {
            return path;
        }
        key.remove_prefix(dot + 1);
    }
}

}  // namespace

void show_text(const ShownConfig& config, std::ostream& out) {
    out << "# waaft.yaml, what concerns building and deploying\n";
    print_rows(rows_of(config.project), out);
    out << "\n# serve: in it, what concerns the server\n";
    print_rows(rows_of(config.server), out);
}

void show_json(const ShownConfig& config, std::ostream& out) {
    out << pretty(json::object{{"schema", "waaft.config/1"},
                               {"file", config.server.file},
                               {"overlay", config.server.overlay},
                               {"project", to_json(rows_of(config.project))},
                               {"settings", to_json(rows_of(config.server))}});
}

void show_yaml(const ShownConfig& config, std::ostream& out) {
    auto rows = rows_of(config.project);
    for (auto& row : rows_of(config.server)) {
        row.key = "serve." + row.key;
        rows.push_back(std::move(row));
    }
    std::vector<std::string> open;
    for (const auto& row : rows) {
        if (row.value.is_null()) continue;
        auto path = path_of(row.key);
        const auto name = path.back();
        path.pop_back();
        auto level = static_cast<std::size_t>(std::mismatch(open.begin(), open.end(), path.begin(), path.end()).first -
                                              open.begin());
        for (; level < path.size(); ++level) out << std::string(2 * level, ' ') << path[level] << ":\n";
        out << std::string(2 * level, ' ') << name << ": " << yaml::emit_inline(row.value) << "  # "
            << describe(row.origin) << '\n';
        open = std::move(path);
    }
}

}  // namespace waaft::cmd
