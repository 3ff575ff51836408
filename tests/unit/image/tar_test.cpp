#include "cmd/image/tar.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/image/ran.h"

using namespace waaft;
using namespace waaft::image;

namespace {

std::string listed(const std::string& archive) {
    const testing::TemporaryDirectory folder;
    testing::write_file(folder.file("a.tar"), archive);
    const auto ran = testing::ran(
        {"tar", "--utc", "--full-time", "--numeric-owner", "--quoting-style=literal", "-tvf", folder.file("a.tar")});
    CHECK(ran.err == "");
    CHECK(ran.exit_code == 0);
    return ran.out;
}

}  // namespace

TEST_CASE("GNU tar reads what was written") {
    const std::string hundred = std::string(60, 'a') + "/" + std::string(39, 'b');
    const std::string longer = std::string(60, 'a') + "/" + std::string(240, 'b');
    TarWriter tar;
    tar.add({.kind = TarEntry::Kind::folder, .path = "tmp", .mode = 01777});
    tar.add({.kind = TarEntry::Kind::folder, .path = "data", .mode = 0700, .uid = 65532, .gid = 65532});
    tar.add({.path = "waaft", .mode = 0755, .mtime = 1700000000}, std::string(1000, 'x'));
    tar.add({.path = "empty"});
    tar.add({.path = "block"}, std::string(512, 'y'));
    tar.add({.path = hundred}, "h");
    tar.add({.path = longer}, "longer");
    tar.add({.path = "grüße"}, "!");
    const auto bytes = std::move(tar).finish();
    CHECK(bytes.size() % 512 == 0);
    CHECK(listed(bytes) ==
          "drwxrwxrwt 0/0               0 1970-01-01 00:00:00 tmp/\n"
          "drwx------ 65532/65532       0 1970-01-01 00:00:00 data/\n"
          "-rwxr-xr-x 0/0            1000 2023-11-14 22:13:20 waaft\n"
          "-rw-r--r-- 0/0               0 1970-01-01 00:00:00 empty\n"
          "-rw-r--r-- 0/0             512 1970-01-01 00:00:00 block\n"
          "-rw-r--r-- 0/0               1 1970-01-01 00:00:00 " +
              hundred +
              "\n"
              "-rw-r--r-- 0/0               6 1970-01-01 00:00:00 " +
              longer +
              "\n"
              "-rw-r--r-- 0/0               1 1970-01-01 00:00:00 grüße\n");
}

TEST_CASE("the bytes come back, with names of every length") {
    TarWriter tar;
    // The number in front of a pax record counts its own digits: 99 to 100 and 999 to 1000 are the edges.
    std::vector<std::string> names;
    for (std::size_t length = 80; length < 255; ++length) names.push_back(std::string(length, 'n'));
    for (std::size_t length = 970; length < 1000; ++length) {
        std::string name;
        while (name.size() + 100 < length) name += std::string(99, 'f') + "/";
        names.push_back(name + std::string(length - name.size(), 'z'));
    }
    for (const auto& name : names) tar.add({.path = name}, std::to_string(name.size()));
    const testing::TemporaryDirectory folder;
    testing::write_file(folder.file("a.tar"), std::move(tar).finish());
    const auto ran = testing::ran({"tar", "-C", folder.path(), "-xf", folder.file("a.tar")});
    CHECK(ran.err == "");
    for (const auto& name : names) {
        if (testing::read_file(folder.file(name)) != std::to_string(name.size())) FAIL(name.size() << " bytes of name");
    }
}

TEST_CASE("an empty archive is two empty blocks") { CHECK(TarWriter().finish() == std::string(1024, '\0')); }
