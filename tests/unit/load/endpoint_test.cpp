#include "cmd/load/endpoint.h"
#include "tests/support/catch.h"

using namespace waaft::load;

TEST_CASE("URLs") {
    struct Case {
        const char* url;
        bool tls;
        const char* host;
        int port;
        const char* origin;
    };
    const Case cases[] = {
        {"http://127.0.0.1:3000", false, "127.0.0.1", 3000, "http://127.0.0.1:3000"},
        {"https://live.example.org", true, "live.example.org", 443, "https://live.example.org"},
        {"http://live.example.org/r/room", false, "live.example.org", 80, "http://live.example.org"},
        {"https://[::1]:8443/", true, "::1", 8443, "https://[::1]:8443"},
        {"http://[::1]", false, "::1", 80, "http://[::1]"},
    };
    for (const auto& one : cases) {
        INFO(one.url);
        const auto endpoint = parse_url(one.url);
        REQUIRE(endpoint.has_value());
        CHECK(endpoint->tls == one.tls);
        CHECK(endpoint->host == one.host);
        CHECK(endpoint->port == one.port);
        CHECK(endpoint->origin == one.origin);
    }
}

TEST_CASE("what is no URL of a server") {
    for (const char* url : {"", "live.example.org", "ws://a", "http://", "http://a:0", "http://a:65536", "http://a:x",
                            "http://[::1", "http://user@a", "http://a b"}) {
        INFO(url);
        CHECK_FALSE(parse_url(url).has_value());
    }
}

TEST_CASE("only this machine is loopback") {
    const auto loopback = [](const char* url) { return is_loopback(*resolve(*parse_url(url))); };
    CHECK(loopback("http://127.0.0.1:1"));
    CHECK(loopback("http://127.9.9.9:1"));
    CHECK(loopback("http://[::1]:1"));
    CHECK_FALSE(loopback("http://10.0.0.1:1"));
    CHECK_FALSE(loopback("http://128.0.0.1:1"));
    CHECK_FALSE(loopback("http://[2001:db8::1]:1"));
}
