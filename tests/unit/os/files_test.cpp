#include "cmd/os/files.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using waaft::os::read_file;
using waaft::os::write_file;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat info {};
    stat(path.c_str(), &info);
    return info.st_mode & 0777;
}

std::size_t files_in(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a file is written whole, with its mode, and nothing stays beside it") {
    const waaft::testing::TemporaryDirectory folder;
    const auto path = folder.file("a");
    const std::string bytes(300'000, 'x');
    REQUIRE(write_file(path, bytes, 0600).has_value());
    CHECK(mode_of(path) == 0600);
    CHECK(read_file(path, 1 << 20).value() == bytes);
    REQUIRE(write_file(path, "short").has_value());
    CHECK(mode_of(path) == 0644);
    CHECK(read_file(path, 5).value() == "short");
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a link stays a link, and a device stays a device") {
    const waaft::testing::TemporaryDirectory folder;
    waaft::testing::write_file(folder.file("real"), "old");
    REQUIRE(symlink("real", folder.file("link").c_str()) == 0);
    REQUIRE(write_file(folder.file("link"), "new").has_value());
    CHECK(std::filesystem::is_symlink(folder.file("link")));
    CHECK(waaft::testing::read_file(folder.file("real")) == "new");
    CHECK(write_file("/dev/null", "x").has_value());
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("what cannot be read or written names the file") {
    const waaft::testing::TemporaryDirectory folder;
    const auto path = folder.file("a");
    CHECK(read_file(path, 10).error().code == "file_unreadable");
    CHECK(read_file(path, 10).error().where == path);
    CHECK(read_file(folder.path().string(), 10).error().code == "file_unreadable");
    waaft::testing::write_file(path, "12345678901");
    CHECK(read_file(path, 10).error().code == "file_too_large");
    CHECK(write_file(folder.path().string(), "x").error().code == "file_unwritable");
    CHECK(write_file(folder.file("no/such"), "x").error().where == folder.file("no/such"));
}

TEST_CASE("a temporary folder is private and goes with all its contents") {
    std::string path;
    {
        const waaft::os::TemporaryFolder folder;
        path = folder.path();
        CHECK(mode_of(path) == 0700);
        std::filesystem::create_directories(path + "/a/b");
    }
    CHECK_FALSE(std::filesystem::exists(path));
}
