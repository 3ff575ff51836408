#include "cmd/push/login.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <sstream>

using namespace waaft;
using namespace waaft::push;
using waaft::testing::TemporaryDirectory;

namespace {

Result<std::string> password_of(const std::string& text) {
    std::istringstream in(text);
    return read_password(in);
}

}  // namespace

TEST_CASE("a host is kept as Docker keeps it") {
    CHECK(*login_host("r.example:5000") == "r.example:5000");
    for (const char* hub : {"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"})
        CHECK(*login_host(hub) == "docker.io");
    for (const char* text : {"", "r.example/path", "https://r.example", "a b"})
        CHECK(login_host(text).error().code == "usage_host");
}

TEST_CASE("a password is one line") {
    CHECK(*password_of("secret") == "secret");
    CHECK(*password_of("secret\n") == "secret");
    CHECK(*password_of("secret\r\n") == "secret");
    CHECK(*password_of(" with blanks ") == " with blanks ");
    CHECK(password_of(std::string(64 * 1024, 'x'))->size() == 64 * 1024);
    for (const auto& text : {std::string(), std::string("\n"), std::string("a\nb"), std::string("a\0b", 3),
                             std::string(64 * 1024 + 1, 'x')})
        CHECK(password_of(text).error().code == "usage_password");
}

TEST_CASE("a login goes through a link into the file that it names, for its owner only") {
    const TemporaryDirectory directory;
    const os::Interrupt interrupt;
    waaft::testing::write_file(directory.file("real.json"), "{}");
    std::filesystem::create_symlink("real.json", directory.file("config.json"));
    const auto kept =
        keep_login("r.example", {"u", "p", {}}, {{"DOCKER_CONFIG", directory.path().string()}}, interrupt);
    REQUIRE(kept.has_value());
    CHECK(std::filesystem::is_symlink(directory.file("config.json")));
    const auto mode = std::filesystem::status(directory.file("real.json")).permissions();
    CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    CHECK(waaft::testing::read_file(directory.file("real.json")).find("dTpw") != std::string::npos);
    CHECK(keep_login("r.example", {"u", "p", {}}, {}, interrupt).error().code == "usage_home");
    waaft::testing::write_file(directory.file("real.json"), "no JSON");
    CHECK(keep_login("r.example", {"u", "p", {}}, {{"DOCKER_CONFIG", directory.path().string()}}, interrupt)
              .error()
              .code == "docker_config");
}
