#include "server/app/services.h"
#include "server/app/greeting.h"
#include "server/app/post_office.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::app;

TEST_CASE("a keyed limit counts each key in its own window") {
    KeyedLimit limit("things", 2, std::chrono::minutes(1));
    const TimePoint start{};
    CHECK(limit.allow("a", start));
    CHECK(limit.allow("a", start + std::chrono::seconds(59)));
    CHECK_FALSE(limit.allow("a", start + std::chrono::seconds(59)));
    CHECK(limit.allow("b", start + std::chrono::seconds(59)));
    CHECK(limit.allow("a", start + std::chrono::seconds(60)));
}

TEST_CASE("what is forgiven was not counted") {
    KeyedLimit limit("things", 1, std::chrono::minutes(1));
    const TimePoint start{};
    CHECK(limit.allow("a", start));
    limit.forgive("a");
    limit.forgive("a");
    limit.forgive("nobody");
    CHECK(limit.allow("a", start));
    CHECK_FALSE(limit.allow("a", start));
}

TEST_CASE("a keyed limit stays bounded under a flood of keys") {
    KeyedLimit limit("things", 1, std::chrono::minutes(1));
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
    const std::vector<std::string> machine{"localhost", "box",         "127.0.0.1", "192.0.2.7",
                                           "::1",       "2001:db8::7", "fe80::1",   "169.254.3.4"};
    const auto greeting_of = [&](std::uint16_t port, std::uint16_t ops_port, const std::string& fingerprint) {
        return make_greeting(config, reach_of(config, port, machine, {}), ops_port, fingerprint);
    };
    const Greeting greeting = greeting_of(3000, 9090, "AB:CD");
    CHECK(greeting.links ==
          std::vector<std::string>{"http://localhost:3000/", "https://192.0.2.7:3000/", "https://[2001:db8::7]:3000/"});
    CHECK(greeting.ca_link == "http://192.0.2.7:3000/ca.crt");
    const std::string text = render_greeting(greeting, false);
    CHECK(text.find("http://localhost:3000/") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(render_greeting(greeting, true).find("\u2588") != std::string::npos);

    config.tls = Config::Tls::off;
    CHECK(greeting_of(80, 0, "").links.back() == "http://[2001:db8::7]/");
    CHECK(greeting_of(80, 0, "").ca_link.empty());
}

TEST_CASE("only what is listened on is named") {
    const std::vector<std::string> machine{"localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"};
    struct Row {
        std::string listen;
        std::string local;
        std::vector<std::string> network;
    };
    for (const Row& row :
         {Row{"", "http://localhost:3000", {"https://192.0.2.7:3000", "https://[2001:db8::7]:3000"}},
          Row{"::", "http://localhost:3000", {"https://192.0.2.7:3000", "https://[2001:db8::7]:3000"}},
          Row{"0.0.0.0", "http://localhost:3000", {"https://192.0.2.7:3000"}},
          Row{"127.0.0.1", "http://localhost:3000", {}}, Row{"::1", "http://localhost:3000", {}},
          Row{"192.0.2.7", "", {"https://192.0.2.7:3000"}}, Row{"2001:DB8::7", "", {"https://[2001:db8::7]:3000"}}}) {
        CAPTURE(row.listen);
        Config config;
        config.address = row.listen;
        const Reach reach = reach_of(config, 3000, machine, {});
        CHECK(reach.local == row.local);
        CHECK(reach.network == row.network);
        CHECK_FALSE(make_greeting(config, reach, 0, "").links.empty());
    }
}

TEST_CASE("links for others: public_url, else what was asked for, else an address that others can use") {
    Config config;
    const std::vector<std::string> machine{"127.0.0.1", "192.0.2.7"};
    const Reach reach = reach_of(config, 3000, machine, {});
    using Links = std::vector<std::string>;
    CHECK(origins_to_share(reach, "https://live.lan:3000") == Links{"https://live.lan:3000"});
    for (const std::string local : {"http://localhost:3000", "http://127.0.0.2:3000", "http://[::1]:3000"})
        CHECK(origins_to_share(reach, local) == Links{"https://192.0.2.7:3000"});
    CHECK(origins_to_share(reach_of(config, 3000, {"127.0.0.1"}, {}), "http://localhost:3000") ==
          Links{"http://localhost:3000"});
    config.public_url = "https://live.example.org";
    CHECK(origins_to_share(reach_of(config, 3000, machine, {}), "http://localhost:3000") ==
          Links{"https://live.example.org"});
}

TEST_CASE("a host is ours, or nobody's in the public DNS") {
    Config config;
    config.public_url = "https://Live.Example.org:8443";
    config.tls_names = {"chat.example.org"};
    const Reach reach = reach_of(config, 3000, {"box.example.net", "127.0.0.1"}, {"*.rooms.example.org"});
    for (const std::string host :
         {"live.example.org", "chat.example.org", "box.example.net", "a.rooms.example.org", "localhost", "x.localhost",
          "box", "box.local", "box.lan", "box.home.arpa", "192.0.2.1", "[2001:db8::1]"}) {
        CAPTURE(host);
        CHECK(knows_host(reach, host));
    }
    for (const std::string host :
         {"evil.example", "live.example.org.evil.example", "xlive.example.org", "example.org", "a.b.rooms.example.org",
          "rooms.example.org", "192.0.2.1.evil.example", "evil.lan.example"}) {
        CAPTURE(host);
        CHECK_FALSE(knows_host(reach, host));
    }
}
