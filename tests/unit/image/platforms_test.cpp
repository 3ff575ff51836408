#include "cmd/image/platforms.h"

#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::image;

TEST_CASE("what the nodes are, each once and sorted; Windows and what is no platform are left out") {
    using List = std::vector<std::string>;
    const struct {
        const char* lines;
        List platforms;
    } table[] = {{"linux/amd64\n", {"linux/amd64"}},
                 {"linux/arm64\nlinux/amd64\nlinux/arm64\n", {"linux/amd64", "linux/arm64"}},
                 {"linux/amd64\nwindows/amd64", {"linux/amd64"}},
                 {"/\nlinux/\nlinux/a b\n\n", {}},
                 {"", {}}};
    for (const auto& row : table) {
        INFO(row.lines);
        CHECK(platforms_of_nodes(row.lines) == row.platforms);
    }
}

TEST_CASE("without a named cluster, or with one that nobody reaches, the builder decides") {
    const os::Interrupt interrupt;
    project::Project project;
    const auto unnamed = choose_platforms(project, interrupt);
    REQUIRE(unnamed.has_value());
    CHECK(unnamed->platforms.empty());
    CHECK(unnamed->why == "no cluster is named");
    project.cluster.kubeconfig = "/nowhere/config";
    const auto unreached = choose_platforms(project, interrupt);
    REQUIRE(unreached.has_value());
    CHECK(unreached->platforms.empty());
    CHECK(unreached->why.find("the cluster /nowhere/config does not say what its nodes are: ") == 0);
}
