// waaft.yaml from anybody: never an exception, never a value that its own table would refuse, and the
// section for the cluster is a file that is read the same again.
#include "cmd/project/parse.h"

#include <cstdlib>

namespace {

void require(bool good) {
    if (!good) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace waaft;
    const auto parsed = project::parse_file({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
    require(parsed.errors.size() <= project::errors_max);
    project::Project project;
    for (const auto& value : parsed.fields) {
        require(project::apply(value, project).has_value());
        // What was accepted once is accepted again, as text.
        if (!project::flag_name(*value.field).empty()) {
            require(set_from_text(project, *value.field, render(project, *value.field)).has_value());
        }
    }
    app::Config config;
    for (const auto& value : parsed.serve) {
        require(project::apply(value, config).has_value());
        require(app::set_from_text(config, *value.setting, app::render(config, *value.setting)).has_value());
    }
    const auto section = project::serve_text(parsed.serve);
    const auto again = project::parse_file(section, "again.yaml");
    require(again.errors.empty() && project::serve_text(again.serve) == section);
    return 0;
}
