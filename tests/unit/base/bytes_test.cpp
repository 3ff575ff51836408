#include "server/base/bytes.h"
#include "server/base/id.h"
#include "server/base/log.h"
#include "tests/support/catch.h"

#include <set>

using namespace waaft;

TEST_CASE("base64url and hex round-trip and refuse what is not theirs") {
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string bytes = random_bytes(size);
        CHECK(from_base64url(to_base64url(as_bytes(bytes))) == bytes);
        CHECK(from_hex(to_hex(as_bytes(bytes))) == bytes);
    }
    // RFC 4648 section 10, without padding.
    CHECK(to_base64url(as_bytes("foob")) == "Zm9vYg");
    for (const char* bad : {"A", "AB=", "A+BC", "AB", "Zm9vYh"}) {
        INFO(bad);
        CHECK_FALSE(from_base64url(bad).has_value());
    }
    for (const char* bad : {"0", "0g", "xx"}) CHECK_FALSE(from_hex(bad).has_value());
}

TEST_CASE("UTF-8 is what RFC 3629 says") {
    for (const char* good :
         {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xA5", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
        INFO(good);
        CHECK(is_utf8(good));
    }
    for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
        INFO(bad);
        CHECK_FALSE(is_utf8(bad));
    }
}

TEST_CASE("room names") {
    for (const char* good : {"abc", "my-room", "a1-b2", "0000"}) CHECK(is_room_name(good));
    for (const char* bad : {"", "ab", "-abc", "abc-", "Abc", "a b", "a_b", "a/b", "caf\xC3\xA9"}) {
        INFO(bad);
        CHECK_FALSE(is_room_name(bad));
    }
    CHECK_FALSE(is_room_name(std::string(65, 'a')));
    CHECK(is_room_name(random_room_name()));
    CHECK(random_room_name().size() == 23);
}

TEST_CASE("identifiers do not repeat") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random_member_id());
    CHECK(seen.size() == 1000);
    CHECK(random_key().size() == 43);
}

TEST_CASE("log text cannot break out of its JSON string") {
    CHECK(log::json_escaped("a\"b\\c\n\x01") == "a\\\"b\\\\c\\u000a\\u0001");
}
