#include "server/base/own_program.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <fstream>

using namespace waaft;

TEST_CASE("the file that is mapped at an address, whatever is in its name") {
    const std::string maps =
        "55d0c0000000-55d0c0100000 r--p 00000000 08:01 1234                       /srv/my waaft/usr/bin/waaft\n"
        "55d0c0100000-55d0c0200000 r-xp 00100000 08:01 1234                       /srv/my waaft/usr/bin/waaft\n"
        "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 \n"
        "7f0000002000-7f0000003000 r-xp 00000000 08:01 99                         /lib/libc.so.6\n"
        "nonsense\n";
    CHECK(mapped_file(maps, 0x55d0c0100000) == "/srv/my waaft/usr/bin/waaft");
    CHECK(mapped_file(maps, 0x55d0c01fffff) == "/srv/my waaft/usr/bin/waaft");
    CHECK(mapped_file(maps, 0x7f0000002fff) == "/lib/libc.so.6");
    CHECK(mapped_file(maps, 0x7f0000000800).empty());
    CHECK(mapped_file(maps, 0x55d0c0200000).empty());
    CHECK(mapped_file({}, 0).empty());
}

TEST_CASE("a program that its own loader started is in an archive, if one is around it") {
    const testing::TemporaryDirectory folder;
    const auto root = folder.path().string();
    const auto file = root + "/usr/bin/waaft";
    const auto loader = root + "/lib64/ld-linux-x86-64.so.2";

    const auto elsewhere = program_of(file, loader);
    CHECK(elsewhere.root.empty());
    CHECK(elsewhere.launcher == file);

    std::ofstream(root + "/waaft") << "#!/bin/sh\n";
    const auto unpacked = program_of(file, loader);
    CHECK(unpacked.file == file);
    CHECK(unpacked.root == root);
    CHECK(unpacked.launcher == root + "/waaft");

    CHECK(program_of(file, file).root.empty());
    CHECK(program_of("/usr/bin/waaft", "/lib64/ld-linux-x86-64.so.2").root.empty());
    CHECK(program_of("/src/build/waaft", "/lib64/ld-linux-x86-64.so.2").launcher == "/src/build/waaft");
    CHECK(program_of({}, "/usr/bin/waaft").file == "/usr/bin/waaft");
}

TEST_CASE("this program is its own file") {
    CHECK(own_program().file == std::filesystem::read_symlink("/proc/self/exe"));
    CHECK(own_program().root.empty());
}
