#include "server/net/limits.h"
#include "server/net/newcomer_line.h"
#include "server/net/proxies.h"
#include "server/net/server.h"
#include "server/net/timer_wheel.h"
#include "server/net/tls_sniff.h"
#include "tests/support/catch.h"

#include <functional>
#include <memory>
#include <vector>

using namespace waaft;
using namespace waaft::net;
using namespace std::chrono_literals;

TEST_CASE("the first byte says what a connection speaks") {
    for (int byte = 0; byte < 256; ++byte) {
        CAPTURE(byte);
        FirstByte expected = FirstByte::neither;
        if (byte == 0x16)
            expected = FirstByte::tls;
        else if ((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '\r' || byte == '\n')
            expected = FirstByte::http;
        CHECK(sniff(static_cast<std::uint8_t>(byte)) == expected);
    }
}

TEST_CASE("a text frame has the shortest length that holds it") {
    const std::pair<std::size_t, std::string> table[] = {
        {0, std::string("\x81\x00", 2)},
        {125, "\x81\x7d"},
        {126, std::string("\x81\x7e\x00\x7e", 4)},
        {65535, "\x81\x7e\xff\xff"},
        {65536, std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10)},
    };
    for (const auto& [size, header] : table) {
        CAPTURE(size);
        const std::string payload(size, 'x');
        CHECK(text_frame(payload) == header + payload);
    }
}

TEST_CASE("what limits count of an address") {
    const std::pair<const char*, const char*> table[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:db8:1:2::1", "2001:db8:1:2::/64"},
        {"::1", "::/64"},
        {"fe80::1%eth0", "fe80::1%eth0"},
        {"somewhere", "somewhere"},
        {"", ""},
    };
    for (const auto& [address, key] : table) CHECK(address_key(address) == key);
    const auto key = [](const char* text) { return IpAddress::parse(text)->limit_key(); };
    CHECK(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::"));
    CHECK(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
    CHECK(key("192.0.2.1") != key("192.0.2.2"));
    CHECK(key("192.0.2.1") == key("::ffff:192.0.2.1"));
    CHECK(key("0.0.0.0") != key("::"));
}

TEST_CASE("tickets count connections, in all and per address") {
    AddressLimits limits({5, 2, 100});
    const auto one = *IpAddress::parse("2001:db8::1");
    const auto neighbour = *IpAddress::parse("2001:db8::2");
    const auto other = *IpAddress::parse("192.0.2.1");
    auto a = limits.admit(one);
    auto b = limits.admit(neighbour);
    CHECK((a && b));
    CHECK_FALSE(limits.admit(one).has_value());
    CHECK(limits.open_connections() == 2);
    AddressLimits::Ticket moved = std::move(*a);
    a.reset();
    CHECK_FALSE(limits.admit(one).has_value());  // a moved ticket is still a connection
    moved = AddressLimits::Ticket();
    auto c = limits.admit(one);
    CHECK(c.has_value());
    auto d = limits.admit(other, false), e = limits.admit(other, false), f = limits.admit(other, false);
    CHECK((d && e && f));  // not counted per address
    CHECK_FALSE(limits.admit(other).has_value());
    CHECK(limits.open_connections() == 5);
    b.reset(), c.reset(), d.reset(), e.reset(), f.reset();
    CHECK(limits.open_connections() == 0);
    CHECK(limits.remembered_addresses() == 0);
}

TEST_CASE("who owns many IPv6 addresses has as much as two or four, not as many") {
    AddressLimits limits({100, 2, 3});
    const auto address = [](unsigned customer, unsigned site, unsigned host) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), "2001:db8:%x:%02x%02x::1", customer, site, host);
        return *IpAddress::parse(text.data());
    };
    std::vector<AddressLimits::Ticket> open;
    const auto admitted = [&](unsigned customer, unsigned site) {
        std::size_t count = 0;
        for (unsigned host = 0; host < 256; ++host) {
            auto ticket = limits.admit(address(customer, site, host));
            if (!ticket) continue;
            open.push_back(std::move(*ticket));
            ++count;
        }
        return count;
    };
    CHECK(admitted(1, 0) == 4);
    CHECK(admitted(1, 1) == 4);
    CHECK(admitted(1, 2) == 0);
    CHECK(admitted(2, 0) == 4);
    open.clear();
    CHECK(limits.remembered_addresses() == 0);
    CHECK(admitted(1, 0) == 4);

    std::size_t handshakes = 0;
    for (unsigned site = 0; site < 256; ++site) {
        for (unsigned host = 0; host < 4; ++host)
            handshakes += limits.allow_handshake(address(3, site, host), TimePoint{1h});
    }
    CHECK(handshakes == 12);
}

TEST_CASE("the client of a proxy is counted by its own address, and not twice in all") {
    AddressLimits limits({3, 2, 100});
    const auto proxy = *IpAddress::parse("10.0.0.1");
    const auto client = *IpAddress::parse("192.0.2.1");
    std::vector<AddressLimits::Ticket> open;
    for (int i = 0; i < 3; ++i) open.push_back(*limits.admit(proxy, false));
    CHECK_FALSE(limits.admit(proxy, false).has_value());
    open.push_back(*limits.admit_behind_proxy(client));
    open.push_back(*limits.admit_behind_proxy(client));
    CHECK_FALSE(limits.admit_behind_proxy(client).has_value());
    CHECK(limits.open_connections() == 3);
    open.clear();
    CHECK(limits.open_connections() == 0);
    CHECK(limits.remembered_addresses() == 0);
}

TEST_CASE("networks are cut at their bits") {
    struct Row {
        std::string address;
        std::string key;
        std::string network;
    };
    for (const Row& row :
         {Row{"192.0.2.77", "192.0.2.77", "192.0.2.0/24"}, Row{"::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"},
          Row{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"},
          Row{"no address", "no address", "no address"}}) {
        CAPTURE(row.address);
        CHECK(address_key(row.address) == row.key);
        CHECK(network_key(row.address) == row.network);
    }
    CHECK(IpAddress::parse("2001:db8:1:2ff::")->network(56).text() == "2001:db8:1:200::");
    CHECK(IpAddress::parse("255.255.255.255")->network(9).text() == "255.128.0.0");
}

TEST_CASE("handshakes are limited by the second, and idle addresses are forgotten") {
    AddressLimits limits({100, 100, 3});
    const auto address = *IpAddress::parse("192.0.2.1");
    TimePoint now{1h};
    const auto allowed = [&] {
        int count = 0;
        while (limits.allow_handshake(address, now)) ++count;
        return count;
    };
    CHECK(allowed() == 3);
    now += 400ms;
    CHECK(allowed() == 1);
    now += 10s;
    CHECK(allowed() == 3);
    CHECK(limits.allow_handshake(*IpAddress::parse("192.0.2.2"), now));
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        IpAddress many;
        many.bytes = {10, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                      static_cast<std::uint8_t>(i)};
        now += 1ms;
        REQUIRE(limits.allow_handshake(many, now));
    }
    CHECK(limits.remembered_addresses() < 8'000);  // about a second's worth, doubled, per stripe
}

TEST_CASE("a list of proxies names its bad entry") {
    for (const std::string bad :
         {"10.0.0.0/33", "::/129", "10.0.0/8", "proxy", "10.0.0.1/", "10.0.0.1/-1", "/8", "", "10.0.0.1/8x"}) {
        const auto parsed = TrustedProxies::parse({"127.0.0.1", bad});
        CAPTURE(bad);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == "proxy_bad");
        CHECK(parsed.error().where == bad);
    }
}

TEST_CASE("networks hold what they should") {
    const struct {
        const char* network;
        const char* address;
        bool trusted;
    } table[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.0.2.128/25", "192.0.2.200", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"0.0.0.0/0", "203.0.113.1", true},
        {"0.0.0.0/0", "::1", false},
        {"fd00::/8", "fdff::1", true},
        {"fd00::/8", "fe00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::/0", "2001:db8::1", true},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    };
    for (const auto& row : table) {
        CAPTURE(row.network, row.address);
        CHECK(TrustedProxies::parse({row.network})->trusts(*IpAddress::parse(row.address)) == row.trusted);
    }
}

TEST_CASE("only what trusted proxies appended is believed") {
    using Headers = std::vector<std::pair<std::string, std::string>>;
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8", "fd00::/8"}).value();
    const struct {
        const char* peer;
        Headers headers;
        const char* address;
        const char* proto;
        const char* host;
    } table[] = {
        {"192.0.2.1",
         {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "evil"}},
         "192.0.2.1",
         "",
         ""},
        {"10.0.0.1", {}, "10.0.0.1", "", ""},
        {"10.0.0.1",
         {{"x-forwarded-for", "198.51.100.7"}, {"X-FORWARDED-PROTO", "HTTPS"}, {"X-Forwarded-Host", "a.example"}},
         "198.51.100.7",
         "https",
         "a.example"},
        {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 198.51.100.7"}}, "198.51.100.7", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 198.51.100.7, 10.0.0.9"}}, "198.51.100.7", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "198.51.100.7"}}, "198.51.100.7", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, nonsense, 10.0.0.9"}}, "10.0.0.9", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", ""}}, "10.0.0.1", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", "10.0.0.3,10.0.0.2"}}, "10.0.0.3", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", "198.51.100.7:4711"}}, "198.51.100.7", "", ""},
        {"10.0.0.1", {{"X-Forwarded-For", "[2001:db8::7]:4711"}}, "2001:db8::7", "", ""},
        {"fd00::1",
         {{"X-Forwarded-For", "2001:db8::7"}, {"X-Forwarded-Proto", "http,https"}},
         "2001:db8::7",
         "https",
         ""},
        {"10.0.0.1", {{"X-Forwarded-Proto", "gopher"}}, "10.0.0.1", "", ""},
        // Two trusted proxies, each with its item in all lists.
        {"10.0.0.1",
         {{"X-Forwarded-For", "203.0.113.9, 10.0.0.5"},
          {"X-Forwarded-Proto", "https, http"},
          {"X-Forwarded-Host", "a.example, inner"}},
         "203.0.113.9",
         "https",
         "a.example"},
        // The client wrote the first items itself.
        {"10.0.0.1",
         {{"X-Forwarded-For", "6.6.6.6, 198.51.100.7"},
          {"X-Forwarded-Proto", "https, http"},
          {"X-Forwarded-Host", "evil, a.example"}},
         "198.51.100.7",
         "http",
         "a.example"},
    };
    for (const auto& row : table) {
        const auto client = proxies.resolve(*IpAddress::parse(row.peer), row.headers);
        CAPTURE(row.peer, row.headers.size());
        CHECK(client.address.text() == row.address);
        CHECK(client.proto == row.proto);
        CHECK(client.host == row.host);
    }
}

namespace {

struct Alarm : Deadline {
    std::function<void()> then = [] {};
    int fired = 0;

private:
    void on_deadline() override {
        ++fired;
        then();
    }
};

}  // namespace

TEST_CASE("deadlines fire once, up to a tick late and never early") {
    const TimePoint start{1h};
    TimerWheel wheel(start, 100ms);
    CHECK(wheel.empty());
    for (const auto after : {0ms, 1ms, 99ms, 100ms, 101ms, 2500ms, 25'600ms, 25'601ms, 60'000ms, 3'600'000ms}) {
        CAPTURE(after.count());
        TimerWheel fresh(start, 100ms);
        Alarm alarm;
        fresh.arm(alarm, start + after);
        auto now = start;
        while (alarm.fired == 0 && now < start + 2h) fresh.advance(now += 10ms);
        CHECK(now >= start + after);
        CHECK(now <= start + after + 110ms);
        fresh.advance(now + 1h);
        CHECK(alarm.fired == 1);
        CHECK(fresh.empty());
    }
}

TEST_CASE("deadlines may be moved, dropped, and destroyed by one another") {
    const TimePoint start{1h};
    TimerWheel wheel(start, 100ms);
    Alarm moved, dropped, again;
    auto destroyed = std::make_unique<Alarm>();
    Alarm destroyer;
    wheel.arm(moved, start + 1s);
    wheel.arm(moved, start + 3s);
    wheel.arm(dropped, start + 1s);
    dropped.disarm();
    wheel.arm(destroyer, start + 1s);
    wheel.arm(*destroyed, start + 1s);
    destroyer.then = [&] { destroyed.reset(); };
    wheel.arm(again, start + 1s);
    again.then = [&] {
        if (again.fired < 3) wheel.arm(again, start);  // already over: the next tick
    };
    wheel.advance(start + 1s);
    CHECK(destroyer.fired == 1);
    CHECK(again.fired == 1);
    CHECK(moved.fired == 0);
    wheel.advance(start + 30s);  // a long sleep
    CHECK(moved.fired == 1);
    CHECK(dropped.fired == 0);
    CHECK(again.fired == 2);
    wheel.advance(start + 10h);
    CHECK(again.fired == 3);
    CHECK(wheel.empty());
}

TEST_CASE("newcomers go on in order, but the last first while the first has waited too long") {
    const TimePoint start{1h};
    NewcomerLine line(1s);
    std::vector<int> order;
    for (int who = 1; who <= 5; ++who)
        CHECK(line.push([&order, who](bool overdue) { order.push_back(overdue ? -who : who); }, start + who * 100ms));
    const TimePoint first_is_overdue = start + 1101ms;
    CHECK_FALSE(line.has_overdue(first_is_overdue - 1ms));
    line.take_next(first_is_overdue - 1ms);
    line.take_next(first_is_overdue);  // 2 is the first now
    line.take_next(start + 2s);
    line.take_first(start + 2s);
    CHECK(line.has_overdue(start + 2s));
    line.take_next(start + 2s);
    CHECK(order == std::vector<int>{1, 2, -5, -3, -4});
    CHECK(line.empty());
    CHECK_FALSE(line.has_overdue(start + 1h));
}

TEST_CASE("a full line of newcomers lets go of who has waited longest") {
    NewcomerLine line(1s);
    std::vector<std::weak_ptr<int>> waiting;
    const auto push = [&] {
        const auto connection = std::make_shared<int>();
        waiting.push_back(connection);
        return line.push([connection](bool) {}, {});
    };
    for (std::size_t i = 0; i < NewcomerLine::places; ++i)
        if (!push()) FAIL("no place for " << i);
    CHECK_FALSE(waiting[0].expired());
    CHECK_FALSE(push());
    CHECK(waiting[0].expired());
    CHECK_FALSE(waiting[1].expired());
    line.clear();
    CHECK(waiting.back().expired());
}
