#include "cmd/image/name.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/image/ran.h"

using namespace waaft;
using namespace waaft::image;

TEST_CASE("a name is what docker shows and what registries read") {
    const auto name = name_image("org/waaft", "1.2");
    REQUIRE(name.has_value());
    CHECK(name->familiar == "org/waaft:1.2");
    CHECK(name->full == "docker.io/org/waaft:1.2");
    CHECK(name->repository == "docker.io/org/waaft");
    CHECK(name->tag == "1.2");
    CHECK(name_image("waaft", "1")->full == "docker.io/library/waaft:1");
    CHECK(name_image("127.0.0.1:5000/waaft", "1")->full == "127.0.0.1:5000/waaft:1");
    CHECK(name_image("org/waaft:1", "2").error().code == "usage_image");
    CHECK(name_image("Org/Waaft", "2").error().code == "usage_image");
    CHECK(name_image("org/waaft", "a b").error().code == "usage_version");
    CHECK(name_image("org/waaft", "").error().code == "usage_version");
}

TEST_CASE("any text becomes a tag") {
    CHECK(as_tag("v1.2-3-gabc-dirty") == "v1.2-3-gabc-dirty");
    CHECK(as_tag("release/1.2+x") == "release-1.2-x");
    CHECK(as_tag("-a") == "_a");
    CHECK(as_tag(std::string(200, 'a')).size() == 128);
    CHECK(as_tag("") == "");
}

TEST_CASE("a remote is shown without user and password") {
    const struct {
        const char* remote;
        const char* url;
    } table[] = {{"https://user:word@host/org/waaft.git", "https://host/org/waaft"},
                 {"git@host:org/waaft.git", "https://host/org/waaft"},
                 {"ssh://git@host/org/waaft", "https://host/org/waaft"},
                 {"http://host/waaft", "http://host/waaft"},
                 {"/srv/git/waaft.git", ""},
                 {"", ""}};
    for (const auto& row : table) {
        INFO(row.remote);
        CHECK(public_url(row.remote) == row.url);
    }
}

TEST_CASE("platforms") {
    CHECK(*parse_platform("linux/amd64") == "linux/amd64");
    CHECK(*parse_platform("linux/arm64/v8") == "linux/arm64");
    CHECK(*parse_platform("linux/arm/v7") == "linux/arm/v7");
    for (const auto* wrong : {"amd64", "windows/amd64", "linux/", "linux/a b", "linux/arm/", "linux/arm/v7/x"}) {
        INFO(wrong);
        CHECK(parse_platform(wrong).error().code == "usage_platform");
    }
}

TEST_CASE("git says version, commit and time; a folder without it says nothing") {
    const testing::TemporaryDirectory folder;
    const auto path = folder.path().string();
    const os::Interrupt interrupt;
    const auto none = read_tree("/proc", interrupt);
    REQUIRE(none.has_value());
    CHECK(none->version.empty());
    CHECK(none->committed == 0);

    testing::ran({"git", "-C", path, "init", "-q"});
    testing::ran({"env", "GIT_COMMITTER_DATE=@1700000000 +0000", "git", "-C", path, "-c", "user.name=a", "-c",
                  "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "begin"});
    const auto tree = read_tree(path, interrupt);
    REQUIRE(tree.has_value());
    CHECK(tree->commit.size() == 12);
    CHECK(tree->commit.starts_with(tree->version));
    CHECK(tree->committed == 1700000000);
    CHECK(tree->source.empty());
}
