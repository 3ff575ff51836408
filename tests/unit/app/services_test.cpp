#include "server/app/services.h"
#include "server/app/greeting.h"
#include "server/app/post_office.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::app;

TEST_CASE("a keyed limit counts each key in its own window") {
    KeyedLimit limit(2, std::chrono::minutes(1));
    const TimePoint start{};
    CHECK(limit.allow("a", start));
    CHECK(limit.allow("a", start + std::chrono::seconds(59)));
    CHECK_FALSE(limit.allow("a", start + std::chrono::seconds(59)));
    CHECK(limit.allow("b", start + std::chrono::seconds(59)));
    CHECK(limit.allow("a", start + std::chrono::seconds(60)));
}

TEST_CASE("a keyed limit stays bounded under a flood of keys") {
    KeyedLimit limit(1, std::chrono::minutes(1));
    const TimePoint start{};
    for (int i = 0; i < 65536; ++i) CHECK(limit.allow(std::to_string(i), start));
    CHECK_FALSE(limit.allow("one more", start));
    CHECK(limit.allow("one more", start + std::chrono::minutes(2)));
}

TEST_CASE("revoked links are forgotten when they have expired") {
    RevokedLinks links;
    links.add("room/x", 1000);
    CHECK(links.contains("room/x"));
    links.forget_expired(999);
    CHECK(links.contains("room/x"));
    links.forget_expired(1001);
    CHECK_FALSE(links.contains("room/x"));
}

TEST_CASE("the greeting names the links that work") {
    Config config;
    const std::vector<std::string> addresses{"localhost", "box",         "127.0.0.1", "192.0.2.7",
                                             "::1",       "2001:db8::7", "fe80::1"};
    const Greeting greeting = make_greeting(config, 3000, 9090, addresses, "AB:CD");
    CHECK(greeting.links ==
          std::vector<std::string>{"http://localhost:3000/", "https://192.0.2.7:3000/", "https://[2001:db8::7]:3000/"});
    CHECK(greeting.ca_link == "http://192.0.2.7:3000/ca.crt");
    const std::string text = render_greeting(greeting, false);
    CHECK(text.find("http://localhost:3000/") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(render_greeting(greeting, true).find("\u2588") != std::string::npos);

    config.tls = Config::Tls::off;
    CHECK(make_greeting(config, 80, 0, addresses, "").links.back() == "http://[2001:db8::7]/");
    CHECK(make_greeting(config, 80, 0, addresses, "").ca_link.empty());
}
