#include "cmd/init/project_text.h"

#include "cmd/project/fields.h"
#include "cmd/yaml/document.h"
#include "server/app/settings.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <vector>

namespace waaft::init {
namespace {

namespace json = boost::json;

constexpr std::string_view head =
    R"(# yaml-language-server: $schema=templates/waaft.schema.json
# What waaft builds, ships and runs. A value that is commented out shows its default: to change it, take away the #
# before it and before the names above it. `waaft config check` says what is wrong; the schema for editors is what
# `waaft config schema` prints.
)";

struct Line {
    std::string key;  // "serve.listen.port"
    std::string_view doc;
    std::string value;  // as it stands after the colon
    bool chosen = false;
};

std::string list_value(const std::vector<std::string>& items) {
    return yaml::emit_inline(json::array(items.begin(), items.end()));
}

std::string value_of(const project::Project& project, const project::Field& field) {
    using project::Kind;
    const auto text = project::render(project, field);
    switch (field.kind) {
        case Kind::boolean:
        case Kind::integer: return text;
        case Kind::labels:
        case Kind::secrets: return "{}";
        case Kind::secret: return "{env: REGISTRY_PASSWORD}";  // it has no default; this is what pipelines set
        case Kind::list: {
            project::Project copy = project;  // members are found through a Project that may be written
            return list_value(std::get<std::vector<std::string>& (*)(project::Project&)>(field.member)(copy));
        }
        default: return yaml::emit_inline(json::value(text));
    }
}

std::string value_of(const app::Config& config, const app::Setting& setting) {
    const auto text = app::render(config, setting);
    switch (setting.kind) {
        case app::Kind::boolean:
        case app::Kind::integer: return text;
        case app::Kind::list: return list_value(app::render_list(config, setting));
        default: return yaml::emit_inline(json::value(text));
    }
}

std::vector<std::string> split(std::string_view key) {
    std::vector<std::string> names;
    for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
        names.emplace_back(key.substr(0, dot));
        key.remove_prefix(dot + 1);
    }
    names.emplace_back(key);
    return names;
}

// Writes the lines as nested maps; lines of one map follow each other.
class Writer {
public:
    explicit Writer(const std::vector<Line>& lines) : lines_(lines), text_(head) {}

    std::string write() && {
        for (const auto& line : lines_) {
            const auto names = split(line.key);
            open(names);
            comment(names.size() - 1, line.doc);
            put(names.size() - 1, line.chosen, names.back() + ": " + line.value);
        }
        return std::move(text_);
    }

private:
    // The maps that the line is in, as far as they are not open yet.
    void open(const std::vector<std::string>& names) {
        std::size_t same = 0;
        while (same < open_.size() && same + 1 < names.size() && open_[same] == names[same]) ++same;
        open_.assign(names.begin(), names.end() - 1);
        if (same == 0) text_ += '\n';
        for (auto depth = same; depth < open_.size(); ++depth) {
            std::string prefix;
            for (std::size_t i = 0; i <= depth; ++i) prefix += open_[i] + ".";
            const bool used = std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
                return line.chosen && line.key.starts_with(prefix);
            });
            if (prefix == "serve.") comment(0, "Settings of the server itself; a change of them makes new pods.");
            put(depth, used, open_[depth] + ":");
        }
    }
    void comment(std::size_t depth, std::string_view text) {
        text_.append(2 * depth, ' ');
        text_.append("# ").append(text) += '\n';
    }
    void put(std::size_t depth, bool chosen, const std::string& line) {
        text_.append(2 * depth, ' ');
        text_.append(chosen ? "" : "#").append(line) += '\n';
    }

    const std::vector<Line>& lines_;
    std::string text_;
    std::vector<std::string> open_;
};

}  // namespace

std::string project_text(const project::Project& project, const std::set<std::string, std::less<>>& chosen) {
    std::vector<Line> lines;
    for (const auto& field : project::fields()) {
        lines.push_back({std::string(field.key), field.doc, value_of(project, field), chosen.contains(field.key)});
    }
    const app::Config config;
    for (const auto& setting : app::settings()) {
        lines.push_back({"serve." + std::string(setting.key), setting.doc, value_of(config, setting), false});
    }
    return Writer(lines).write();
}

}  // namespace waaft::init
