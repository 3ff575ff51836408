#include "cmd/init/pipeline.h"

#include "cmd/init/templates.h"
#include "cmd/os/process.h"
#include "cmd/registry/reference.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace waaft::init {
namespace {

std::string text_of(std::string_view name) {
    const auto table = templates();
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const Template& each) { return each.name == name; });
    assert(found != table.end());
    return std::string(found->text);
}

std::string filled(std::string text, const std::vector<std::pair<std::string_view, std::string>>& values) {
    for (const auto& [name, value] : values) {
        for (auto at = text.find(name); at != text.npos; at = text.find(name, at + value.size())) {
            text.replace(at, name.size(), value);
        }
    }
    return text;
}

std::string login_of(const project::Project& project, const std::string& host) {
    std::vector<std::string> argv{"waaft", "login", host};
    if (project.registry.plain_http) argv.emplace_back("--plain-http");
    const auto& ca = project.registry.ca_file;
    if (!ca.empty()) argv.insert(argv.end(), {"--registry-ca-file", ca});
    return os::shown(argv);
}

}  // namespace

File dockerfile() { return {"Dockerfile", text_of("Dockerfile")}; }

std::string default_ci_image(const project::Project& project) { return project.image.repository + ":ci"; }

Result<File> pipeline(std::string_view system, const project::Project& project, const std::string& ci_image) {
    if (project.image.repository == project::Project{}.image.repository) {
        return Error{"usage_repository", "a pipeline needs to know where the image goes", "image.repository",
                     "add --image-repository registry.example.org/team/waaft"};
    }
    const auto repository = registry::parse_reference(project.image.repository);
    if (!repository) return Error{"usage_image", std::string(describe(repository.error())), "image.repository", {}};
    if (const auto image = registry::parse_reference(ci_image); !image) {
        return Error{"usage_image", std::string(describe(image.error())), "--ci-image " + ci_image, {}};
    }
    const bool github = system == "github";
    return File{
        github ? ".github/workflows/waaft.yml" : ".gitlab-ci.yml",
        filled(text_of(github ? "github.yml" : "gitlab.yml"), {{"@REGISTRY@", repository->host},
                                                               {"@CI_IMAGE@", ci_image},
                                                               {"@LOGIN@", login_of(project, repository->host)}})};
}

}  // namespace waaft::init
