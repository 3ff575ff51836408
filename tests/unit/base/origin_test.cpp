#include "server/base/origin.h"
#include "tests/support/catch.h"

using namespace waaft;

TEST_CASE("origins are the same however they are written") {
    const std::pair<const char*, const char*> same[] = {
        {"https://example.org", "https://example.org:443"},
        {"http://example.org", "HTTP://Example.ORG:80/"},
        {"https://example.org.", "https://example.org"},
        {"https://[::1]:8443", "https://[0:0:0:0:0:0:0:1]:8443"},
        {"https://[2001:DB8::A]", "https://[2001:db8:0::000a]:443"},
        {"wss://a", "wss://a:443"},
    };
    for (const auto& [one, other] : same) {
        INFO(one << " and " << other);
        REQUIRE(parse_origin(one));
        CHECK(parse_origin(one) == parse_origin(other));
    }
    const std::pair<const char*, const char*> different[] = {
        {"https://example.org", "http://example.org"},
        {"https://example.org", "https://example.org:8443"},
        {"https://example.org", "https://example.org.evil"},
        {"http://a:443", "https://a:443"},
        {"https://127.0.0.1", "https://[::1]"},
    };
    for (const auto& [one, other] : different) {
        INFO(one << " and " << other);
        REQUIRE((parse_origin(one) && parse_origin(other)));
        CHECK(parse_origin(one) != parse_origin(other));
    }
    CHECK(origin_at("https", "example.org:443") == parse_origin("https://example.org"));
    for (const char* bad : {"", "null", "https://", "https:///", "://a", "https://a:b", "https://a:70000",
                            "https://a:", "https://[::1", "https://[x]", "https://u@a", "https://a/b", "https://a b"}) {
        INFO(bad);
        CHECK_FALSE(parse_origin(bad));
    }
}
