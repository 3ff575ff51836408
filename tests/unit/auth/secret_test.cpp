#include "server/auth/tokens.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <sys/stat.h>

using namespace waaft;
using namespace waaft::auth;
using waaft::testing::read_file;
using waaft::testing::TemporaryDirectory;
using waaft::testing::write_file;

TEST_CASE("the secret is made once, private, and read again") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("secret");
    const auto made = ensure_secret(file);
    REQUIRE(made.has_value());
    CHECK(made->size() == 43);
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(read_file(file) == *made + "\n");
    const auto again = ensure_secret(file);
    REQUIRE(again.has_value());
    CHECK(*again == *made);
    CHECK(*ensure_secret(directory.file("other")) != *made);
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) ++files;
    CHECK(files == 2);
}

TEST_CASE("a secret that can't protect anything is refused") {
    const TemporaryDirectory directory;
    const struct {
        const char* name;
        std::string content;
        mode_t mode;
        const char* code;
    } cases[] = {
        {"31 characters", std::string(31, 'x') + "\n", 0600, "secret_bad"},
        {"empty", "", 0600, "secret_bad"},
        {"only blanks", std::string(64, ' '), 0600, "secret_bad"},
        {"too long", std::string(2000, 'x'), 0600, "secret_bad"},
        {"readable by everybody", std::string(43, 'x') + "\n", 0604, "secret_exposed"},
        {"writable by everybody", std::string(43, 'x') + "\n", 0602, "secret_exposed"},
    };
    for (const auto& test : cases) {
        INFO(test.name);
        const std::string file = directory.file("secret");
        write_file(file, test.content);
        REQUIRE(::chmod(file.c_str(), test.mode) == 0);
        const auto secret = ensure_secret(file);
        REQUIRE(secret.has_error());
        CHECK(secret.error().code == test.code);
        CHECK(secret.error().where == file);
        CHECK_FALSE(secret.error().hint.empty());
        CHECK(secret.error().what.find("xxx") == std::string::npos);
        CHECK(read_secret(file).error().code == test.code);
    }
}

TEST_CASE("one's own secret of 32 characters is taken, also when the group may read it") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("secret");
    write_file(file, std::string(32, 'x'));
    REQUIRE(::chmod(file.c_str(), 0640) == 0);
    const auto secret = ensure_secret(file);
    REQUIRE(secret.has_value());
    CHECK(*secret == std::string(32, 'x'));
}

TEST_CASE("a secret that can be neither read nor made says so") {
    const TemporaryDirectory directory;
    write_file(directory.file("file"), "x");
    for (const std::string& file :
         {directory.file("file/secret"), directory.file("none/secret"), directory.path().string()}) {
        INFO(file);
        const auto secret = ensure_secret(file);
        REQUIRE(secret.has_error());
        CHECK(secret.error().code == "secret_io");
    }
}

TEST_CASE("a shared secret is read, and never made") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("secret");
    CHECK(read_secret(file).error().code == "secret_io");
    CHECK_FALSE(std::filesystem::exists(file));
    write_file(file, std::string(43, 'x') + "\n");
    REQUIRE(::chmod(file.c_str(), 0440) == 0);  // as a Secret is mounted
    CHECK(read_secret(file).value() == std::string(43, 'x'));
}
