#include "cmd/init/pipeline.h"
#include "cmd/yaml/document.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::init;

namespace {

project::Project project_at(const std::string& repository) {
    project::Project project;
    project.image.repository = repository;
    return project;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("pipelines are YAML without anything left to fill in") {
    auto project = project_at("host:5000/team/waaft");
    project.registry.plain_http = true;
    project.registry.ca_file = "it's ours: #1.crt";
    for (const auto& [system, path] :
         {std::pair{"github", ".github/workflows/waaft.yml"}, {"gitlab", ".gitlab-ci.yml"}}) {
        INFO(system);
        const auto file = pipeline(system, project, default_ci_image(project));
        REQUIRE(file.has_value());
        CHECK(file->path == path);
        CHECK(yaml::parse(file->text, file->path).has_value());
        for (const auto* name : {"@REGISTRY@", "@CI_IMAGE@", "@LOGIN@"}) CHECK_FALSE(contains(file->text, name));
        CHECK(contains(file->text, "image: host:5000/team/waaft:ci\n"));
        CHECK(contains(file->text,
                       R"(| waaft login host:5000 --plain-http --registry-ca-file 'it'\''s ours: #1.crt' --user)"));
    }
}

TEST_CASE("a name without a host is one of Docker Hub") {
    const auto file = pipeline("gitlab", project_at("team/waaft"), "ci:1");
    REQUIRE(file.has_value());
    CHECK(contains(file->text, "waaft login docker.io --user"));
}

TEST_CASE("a pipeline needs a place for its image") {
    CHECK(pipeline("github", project::Project{}, "ci:1").error().code == "usage_repository");
    CHECK(pipeline("github", project_at("host/waaft"), "no image").error().code == "usage_image");
}

TEST_CASE("the Dockerfile begins with what build-image looks for") {
    CHECK(dockerfile().path == "Dockerfile");
    CHECK(dockerfile().text.starts_with("# waaft: rootfs=build/rootfs.tar\n"));
    CHECK(contains(dockerfile().text, "\nADD build/rootfs.tar /\n"));
}
