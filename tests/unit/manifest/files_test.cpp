#include "cmd/manifest/files.h"
#include "cmd/os/files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>

using namespace waaft;
using namespace waaft::manifest;

namespace {

Object object(const char* kind, const char* name) {
    return {{"apiVersion", "v1"}, {"kind", kind}, {"metadata", Object{{"name", name}}}};
}

}  // namespace

TEST_CASE("a folder holds one file for each object, and none of an earlier run") {
    const testing::TemporaryDirectory temporary;
    const auto folder = temporary.file("a/b");
    const auto first = write_folder(folder, {object("Service", "waaft"), object("Ingress", "waaft")});
    REQUIRE(first.has_value());
    CHECK(first->written == std::vector<std::string>{"01-service-waaft.yaml", "02-ingress-waaft.yaml"});
    std::ofstream(folder + "/kustomization.yaml") << "resources: []\n";
    std::ofstream(folder + "/notes.txt") << "# Written by `waaft manifests`.\n";

    const auto second = write_folder(folder, {object("Service", "waaft")});
    REQUIRE(second.has_value());
    CHECK(second->removed == std::vector<std::string>{"02-ingress-waaft.yaml"});
    CHECK(std::filesystem::exists(folder + "/kustomization.yaml"));
    CHECK(std::filesystem::exists(folder + "/notes.txt"));
    CHECK_FALSE(std::filesystem::exists(folder + "/02-ingress-waaft.yaml"));
    CHECK(os::read_file(folder + "/01-service-waaft.yaml", 1000).value() ==
          "# Written by `waaft manifests`.\napiVersion: v1\nkind: Service\nmetadata:\n  name: waaft\n");
}

TEST_CASE("a folder that cannot be is an error with its name") {
    const testing::TemporaryDirectory temporary;
    std::ofstream(temporary.file("file")) << "x";
    const auto wrote = write_folder(temporary.file("file/below"), {object("Service", "waaft")});
    REQUIRE_FALSE(wrote.has_value());
    CHECK(wrote.error().code == "manifest_folder");
    CHECK(wrote.error().where == temporary.file("file/below"));
}

TEST_CASE("a stream has a line before each document") {
    CHECK(to_yaml({object("Service", "a"), object("Service", "b")}) ==
          "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"
          "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: b\n");
}
