#include "cmd/init/project_text.h"
#include "cmd/project/fields.h"
#include "cmd/project/parse.h"
#include "server/app/settings.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <regex>

using namespace waaft;
using namespace waaft::init;

namespace {

std::string described(const cmd::Errors& errors) {
    std::string text;
    for (const auto& error : errors) text += error.where + ": " + error.what + "\n";
    return text;
}

// As somebody edits it who wants every value written.
std::string uncommented(const std::string& text) {
    return std::regex_replace(text, std::regex("(^|\n)( *)#([a-zA-Z])"), "$1$2$3");
}

project::ParsedFile parsed(const std::string& text) {
    auto file = project::parse_file(text, "waaft.yaml");
    INFO(described(file.errors) << text);
    REQUIRE(file.errors.empty());
    return file;
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_CASE("a file in which nothing was chosen says nothing") {
    const auto text = project_text({}, {});
    CHECK(text.starts_with("# yaml-language-server: $schema=templates/waaft.schema.json\n"));
    const auto file = parsed(text);
    CHECK(file.fields.empty());
    CHECK(file.serve.empty());
}

TEST_CASE("every field and setting is in it once, with its sentence") {
    const auto text = project_text({}, {});
    for (const auto& field : project::fields()) {
        INFO(field.key);
        CHECK(count(text, "# " + std::string(field.doc) + "\n") >= 1);
    }
    const auto file = parsed(uncommented(text));
    CHECK(file.fields.size() == project::fields().size());
    CHECK(file.serve.size() == app::settings().size());
}

TEST_CASE("without the # each value is the default") {
    const auto file = parsed(uncommented(project_text({}, {})));
    const project::Project initial;
    project::Project project;
    for (const auto& value : file.fields) {
        INFO(value.field->key);
        REQUIRE(project::apply(value, project).has_value());
        CHECK(project::render(project, *value.field) == project::render(initial, *value.field));
    }
    app::Config config;
    for (const auto& value : file.serve) {
        INFO(value.setting->key);
        REQUIRE(project::apply(value, config).has_value());
        CHECK(app::render(config, *value.setting) == app::render(app::Config(), *value.setting));
    }
}

TEST_CASE("what was chosen is read back, in the maps that it belongs to") {
    struct Row {
        const char* key;
        const char* text;
    };
    const std::array rows{Row{"name", "studio"},
                          Row{"image.repository", "host:5000/team/waaft"},
                          Row{"image.tags", "1,yes"},
                          Row{"registry.plainHttp", "true"},
                          Row{"registry.caFile", "it's a: \"file\" #1.crt"},
                          Row{"cluster.context", "*odd: name"},
                          Row{"expose.mode", "gateway"},
                          Row{"expose.address", "2001:db8::1"},
                          Row{"autoscaling.max", "20"},
                          Row{"autoscaling.behavior.scaleDown.window", "1h"},
                          Row{"drain.grace", "30s"}};
    project::Project project;
    std::set<std::string, std::less<>> chosen;
    for (const auto& row : rows) {
        INFO(row.key);
        REQUIRE(project::set_from_text(project, *project::find_field(row.key), row.text).has_value());
        chosen.insert(row.key);
    }
    const auto file = parsed(project_text(project, chosen));
    CHECK(file.fields.size() == rows.size());
    project::Project again;
    for (const auto& value : file.fields) REQUIRE(project::apply(value, again).has_value());
    for (const auto& row : rows) {
        INFO(row.key);
        CHECK(project::render(again, *project::find_field(row.key)) == row.text);
    }
    CHECK(parsed(uncommented(project_text(project, chosen))).fields.size() == project::fields().size());
}
