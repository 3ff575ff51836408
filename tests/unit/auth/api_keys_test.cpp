#include "server/auth/api_keys.h"

#include "server/auth/api_keys_file.h"
#include "server/auth/tokens.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace waaft;
using namespace waaft::auth;
using waaft::testing::TemporaryDirectory;
using waaft::testing::write_file;

namespace {

const std::string some_hash(64, 'a');

NewKey new_key(const std::string& name) { return *make_api_key(name); }

}  // namespace

TEST_CASE("a made key is in the file as its some_hash only") {
    const NewKey made = new_key("office-2");
    CHECK(made.key.starts_with("waaft_office-2_"));
    CHECK(made.key.size() == std::string("waaft_office-2_").size() + 43);
    CHECK(made.line == "office-2 sha256:" + sha256_hex(made.key));
    CHECK(new_key("office-2").key != made.key);
    for (const char* name : {"", "Office", "a_b", "a b", "012345678901234567890123456789012"}) {
        INFO(name);
        CHECK(make_api_key(name).has_error());
    }
}

TEST_CASE("lines of the keys' file") {
    const struct {
        std::string text;
        std::size_t keys;
        const char* where;  // of the error, nullptr: none
    } cases[] = {
        {"", 0, nullptr},
        {"\n\n# nothing\n   \t\n", 0, nullptr},
        {"a sha256:" + some_hash, 1, nullptr},
        {"a sha256:" + some_hash + "\r\n\tb\tsha256:" + some_hash + "   # of the office\n", 2, nullptr},
        {"a sha256:" + some_hash + "\na sha256:" + some_hash + "\n", 2, nullptr},
        {"a\n", 0, "f:1"},
        {"a sha256:" + some_hash + "\n\nB sha256:" + some_hash, 0, "f:3"},
        {"a md5:" + some_hash, 0, "f:1"},
        {"a sha256:" + some_hash + "a", 0, "f:1"},
        {"a sha256:" + std::string(64, 'A'), 0, "f:1"},
        {"a sha256:" + some_hash + " b", 0, "f:1"},
        {"# x\nsha256:" + some_hash, 0, "f:2"},
        {std::string("\0", 1), 0, "f:1"},
        {std::string(33, 'a') + " sha256:" + some_hash, 0, "f:1"},
    };
    for (const auto& test : cases) {
        INFO(test.text);
        const auto keys = parse_key_lines(test.text, "f");
        CHECK(keys.has_error() == (test.where != nullptr));
        if (keys.has_value()) CHECK(keys->size() == test.keys);
        if (keys.has_error()) CHECK(keys.error().where == test.where);
        if (keys.has_error()) CHECK(keys.error().code == "keys_bad_line");
    }
}

TEST_CASE("a key is valid while its line stands in the file, from one request to the next") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("keys");
    const NewKey a = new_key("a");
    const NewKey b = new_key("b");
    write_file(file, a.line + "\n" + b.line + "\n");
    auto opened = ApiKeys::open(file);
    REQUIRE(opened.has_value());
    ApiKeys& keys = **opened;
    CHECK(keys.check(a.key) == "a");
    CHECK(keys.check(b.key) == "b");
    CHECK(keys.has("a"));
    CHECK_FALSE(keys.has("c"));

    // Revoked at once, however fast: also by a file of the same size.
    write_file(file, b.line + "\n" + b.line + "\n");
    REQUIRE(keys.refresh().has_value());
    CHECK_FALSE(keys.check(a.key));
    CHECK_FALSE(keys.has("a"));
    CHECK(keys.check(b.key) == "b");
    const NewKey successor = new_key("b");
    write_file(file, b.line + "\n" + successor.line + "\n");
    CHECK_FALSE(keys.check(successor.key));  // nobody looks at the file but refresh()
    REQUIRE(keys.refresh().has_value());
    CHECK(keys.check(b.key) == "b");
    CHECK(keys.check(successor.key) == "b");

    // A file that can't be read takes no key away and adds none, and is read again when it is mended.
    write_file(file, a.line + "\nbroken\n");
    for (int i = 0; i < 2; ++i) {
        const auto bad = keys.refresh();
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == "keys_bad_line");
        CHECK(keys.check(b.key) == "b");
        CHECK_FALSE(keys.check(a.key));
    }
    std::filesystem::remove(file);
    CHECK(keys.refresh().error().code == "keys_unreadable");
    CHECK(keys.has("b"));
    write_file(file + ".new", a.line + "\n");
    std::filesystem::rename(file + ".new", file);
    REQUIRE(keys.refresh().has_value());
    CHECK(keys.check(a.key) == "a");
    CHECK_FALSE(keys.check(b.key));
}

TEST_CASE("a file that has long been as it is is replaced with the same size and time stamp") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("keys");
    const NewKey a = new_key("a");
    const NewKey b = new_key("b");
    const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    write_file(file, a.line + "\n");
    std::filesystem::last_write_time(file, old);
    auto opened = ApiKeys::open(file);
    REQUIRE(opened.has_value());
    CHECK((*opened)->check(a.key) == "a");
    write_file(file + ".new", b.line + "\n");
    std::filesystem::last_write_time(file + ".new", old);
    std::filesystem::rename(file + ".new", file);
    REQUIRE((*opened)->refresh().has_value());
    CHECK_FALSE((*opened)->check(a.key));
    CHECK((*opened)->check(b.key) == "b");
}

TEST_CASE("what is not a valid key is refused") {
    const TemporaryDirectory directory;
    const NewKey a = new_key("a");
    const NewKey b = new_key("b");
    write_file(directory.file("keys"), a.line + "\nb sha256:" + sha256_hex(a.key) + "\n");
    auto opened = ApiKeys::open(directory.file("keys"));
    REQUIRE(opened.has_value());
    REQUIRE((*opened)->check(a.key) == "a");
    std::string other_case = a.key;
    other_case.back() = other_case.back() == 'x' ? 'y' : 'x';
    for (const std::string& key : {std::string(), std::string("waaft_"), std::string("waaft_a_"), a.key.substr(1),
                                   a.key + "A", other_case, b.key, "waaft_b" + a.key.substr(7), a.line}) {
        INFO(key);
        CHECK_FALSE((*opened)->check(key));
    }
}

TEST_CASE("without a file there are no keys, with an unreadable one no start") {
    auto none = ApiKeys::open("");
    REQUIRE(none.has_value());
    CHECK_FALSE((*none)->check(new_key("a").key));
    CHECK_FALSE((*none)->has("a"));

    const TemporaryDirectory directory;
    CHECK(ApiKeys::open(directory.file("none")).error().code == "keys_unreadable");
    CHECK(ApiKeys::open(directory.path().string()).error().code == "keys_unreadable");
    write_file(directory.file("keys"), "a\n");
    const auto bad = ApiKeys::open(directory.file("keys"));
    CHECK(bad.error().code == "keys_bad_line");
    CHECK(bad.error().where == directory.file("keys") + ":1");
}
