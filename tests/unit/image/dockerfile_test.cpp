#include "cmd/image/dockerfile.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::image;

TEST_CASE("the first line of a Dockerfile may ask for the bare files") {
    struct Row {
        const char* text;
        const char* path;
    };
    for (const auto& row : {Row{"# waaft: rootfs=build/rootfs.tar\nFROM scratch\n", "build/rootfs.tar"},
                            Row{"# waaft: rootfs=./a/../files.tar\r\nFROM scratch\r\n", "files.tar"},
                            Row{"# waaft: rootfs=a.tar", "a.tar"}, Row{"FROM scratch\n# waaft: rootfs=a.tar\n", ""},
                            Row{"# a comment\n", ""}, Row{"", ""}}) {
        INFO(row.text);
        CHECK(wanted_rootfs(row.text, "Dockerfile").value() == row.path);
    }
}

TEST_CASE("but only below the folder that is built from") {
    for (const auto* path : {"/etc/a.tar", "../a.tar", "a/../../b.tar", "a", "", ".tar"}) {
        INFO(path);
        const auto wanted = wanted_rootfs(std::string("# waaft: rootfs=") + path + "\nFROM scratch\n", "Dockerfile");
        REQUIRE(wanted.has_error());
        CHECK(wanted.error().code == "usage_dockerfile");
        CHECK(wanted.error().where == "Dockerfile:1");
    }
}
