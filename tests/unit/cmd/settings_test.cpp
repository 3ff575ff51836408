#include "server/app/settings.h"

#include "tests/support/catch.h"

#include <set>

using namespace waaft;
using app::Kind;

namespace {

// A valid text that is not the default.
std::string other_text(const app::Setting& setting) {
    const app::Config initial;
    switch (setting.kind) {
        case Kind::boolean: return app::render(initial, setting) == "true" ? "false" : "true";
        case Kind::integer: return std::to_string(setting.max);
        case Kind::size: return app::format_size(setting.max);
        case Kind::duration: return app::format_duration(app::Millis(setting.max));
        case Kind::choice:
            return std::string(setting.choices[app::render(initial, setting) == setting.choices[0] ? 1 : 0]);
        case Kind::text:
        case Kind::list: break;
    }
    switch (setting.form) {
        case app::Form::ip_address: return "::1";
        case app::Form::host: return "live.example.org";
        case app::Form::cidr: return "10.0.0.0/8";
        case app::Form::origin: return "https://live.example.org:8443";
        case app::Form::ancestor: return "https://*.example.org";
        case app::Form::stun_url: return "stun:stun.example.org:3478";
        case app::Form::redis_url: return "rediss://redis.example.org:6380/1";
        case app::Form::turn_url: return "turn:[2001:db8::1]:3478?transport=tcp";
        case app::Form::any: return "/some/where";
    }
    return {};
}

}  // namespace

TEST_CASE("every setting takes back what it renders") {
    for (const auto& setting : app::settings()) {
        CAPTURE(setting.key);
        const app::Config initial;
        app::Config changed;
        const auto text = other_text(setting);
        REQUIRE(app::set_from_text(changed, setting, text).has_value());
        CHECK(app::render(changed, setting) == text);
        CHECK(app::render(changed, setting) != app::render(initial, setting));
        // No other setting shares its field.
        for (const auto& other : app::settings()) {
            if (other.key != setting.key) {
                CHECK(app::render(changed, other) == app::render(initial, other));
            }
        }
        REQUIRE(app::set_from_text(changed, setting, app::render(initial, setting)).has_value());
        CHECK(app::render(changed, setting) == app::render(initial, setting));
    }
}

TEST_CASE("defaults are within their bounds and do not contradict each other") {
    app::Config initial;
    for (const auto& setting : app::settings()) {
        CAPTURE(setting.key);
        CHECK(app::set_from_text(initial, setting, app::render(initial, setting)).has_value());
    }
    CHECK(app::find_conflicts(initial).empty());
}

TEST_CASE("names, flags and variables are unique and well-formed") {
    std::set<std::string> names;
    for (const auto& setting : app::settings()) {
        CAPTURE(setting.key);
        CHECK(names.insert(app::flag_name(setting)).second);
        CHECK(names.insert(app::environment_name(setting)).second);
        CHECK((setting.alias.empty() || names.insert(std::string(setting.alias)).second));
        CHECK(setting.doc.ends_with('.'));
        CHECK(app::find_setting(setting.key) == &setting);
    }
    CHECK(app::flag_name(*app::find_setting("limits.connections_per_address")) == "--limits-connections-per-address");
    CHECK(app::environment_name(*app::find_setting("listen.port")) == "WAAFT_LISTEN_PORT");
    CHECK(app::find_setting("listen") == nullptr);
}

TEST_CASE("numbers outside their bounds are refused") {
    for (const auto& setting : app::settings()) {
        CAPTURE(setting.key);
        app::Config config;
        if (setting.kind == Kind::integer) {
            CHECK(!app::set_from_text(config, setting, std::to_string(setting.max + 1)).has_value());
            CHECK(!app::set_from_text(config, setting, "-1").has_value());
            CHECK(!app::set_from_text(config, setting, "99999999999999999999999").has_value());
            CHECK(!app::set_from_text(config, setting, "").has_value());
        } else if (setting.kind == Kind::duration) {
            CHECK(!app::set_from_text(config, setting, std::to_string(setting.max + 1) + "ms").has_value());
            CHECK(!app::set_from_text(config, setting, "5").has_value());
        } else if (setting.kind == Kind::size) {
            CHECK(!app::set_from_text(config, setting, std::to_string(setting.max + 1)).has_value());
        }
        CHECK(app::render(config, setting) == app::render(app::Config{}, setting));
    }
}

TEST_CASE("durations and sizes") {
    using std::chrono::milliseconds;
    CHECK(app::parse_duration("500ms") == milliseconds(500));
    CHECK(app::parse_duration("90s") == milliseconds(90'000));
    CHECK(app::parse_duration("2h") == milliseconds(7'200'000));
    CHECK(app::format_duration(milliseconds(90'000)) == "90s");
    CHECK(app::format_duration(milliseconds(86'400'000)) == "1d");
    CHECK(app::format_duration(milliseconds(0)) == "0s");
    CHECK(app::format_duration(milliseconds(1'500)) == "1500ms");
    for (const std::string wrong : {"", "s", "1", "1.5s", " 1s", "1 s", "-1s", "1S", "9223372036854775807d"}) {
        CAPTURE(wrong);
        CHECK(!app::parse_duration(wrong).has_value());
    }
    CHECK(app::parse_size("4096") == 4096);
    CHECK(app::parse_size("64KiB") == 65536);
    CHECK(app::format_size(65536) == "64KiB");
    CHECK(app::format_size(1000) == "1000");
    for (const std::string wrong : {"", "KiB", "1KB", "1kib", "1.5MiB", "9223372036854775807GiB"}) {
        CAPTURE(wrong);
        CHECK(!app::parse_size(wrong).has_value());
    }
}

TEST_CASE("forms of text") {
    struct Row {
        app::Form form;
        std::string text;
        bool good;
    };
    const std::vector<Row> rows{
        {app::Form::ip_address, "127.0.0.1", true},
        {app::Form::ip_address, "localhost", false},
        {app::Form::ip_address, "1.2.3", false},
        {app::Form::host, "a-b.example.org", true},
        {app::Form::host, "-a.example", false},
        {app::Form::host, "a..b", false},
        {app::Form::host, std::string(64, 'a'), false},
        {app::Form::cidr, "10.0.0.0/8", true},
        {app::Form::cidr, "2001:db8::/32", true},
        {app::Form::cidr, "10.0.0.1", true},
        {app::Form::cidr, "10.0.0.0/33", false},
        {app::Form::cidr, "10.0.0.0/", false},
        {app::Form::origin, "https://live.example.org", true},
        {app::Form::origin, "http://[::1]:3000", true},
        {app::Form::origin, "https://live.example.org/", false},
        {app::Form::origin, "live.example.org", false},
        {app::Form::origin, "https://live.example.org:0", false},
        {app::Form::origin, "https://*.example.org", false},
        {app::Form::ancestor, "https://*.example.org", true},
        {app::Form::ancestor, "https://*", false},
        {app::Form::stun_url, "stun:192.0.2.1", true},
        {app::Form::stun_url, "turn:192.0.2.1", false},
        {app::Form::turn_url, "turns:turn.example.org:5349?transport=tcp", true},
        {app::Form::turn_url, "turn:turn.example.org?transport=sctp", false},
        {app::Form::turn_url, "turn:", false},
        {app::Form::any, "a\nb", false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CHECK(app::has_form(row.form, row.text) == row.good);
    }
}

TEST_CASE("settings that contradict each other") {
    struct Row {
        std::vector<std::pair<std::string, std::string>> set;
        std::string blamed;  // empty: fine
    };
    const std::vector<Row> rows{
        {{{"tls.mode", "files"}, {"tls.cert", "c"}, {"tls.key", "k"}}, ""},
        {{{"tls.mode", "files"}, {"tls.cert", "c"}}, "tls.mode"},
        {{{"tls.cert", "c"}}, "tls.cert"},
        {{{"tls.key", "k"}}, "tls.key"},
        {{{"tls.cert", "c"}, {"tls.key", "k"}}, ""},
        {{{"tls.mode", "off"}, {"tls.cert", "c"}, {"tls.key", "k"}}, "tls.cert"},
        {{{"tls.mode", "off"}, {"tls.key", "k"}}, "tls.key"},
        {{{"ops.port", "3000"}}, "ops.port"},
        {{{"ops.port", "3000"}, {"ops.address", ""}}, ""},
        {{{"ice.turn", "turn:t"}}, "ice.turn"},
        {{{"ice.turn", "turn:t"}, {"ice.turn_secret", "f"}}, ""},
        {{{"ice.turn", "turn:t"}, {"ice.turn_username", "u"}}, "ice.turn_username"},
        {{{"ice.turn", "turn:t"}, {"ice.turn_username", "u"}, {"ice.turn_password", "p"}}, ""},
        {{{"ice.turn", "turn:t"}, {"ice.turn_username", "u"}, {"ice.turn_password", "p"}, {"ice.turn_secret", "f"}},
         "ice.turn_secret"},
        {{{"ice.relay_only", "true"}}, "ice.relay_only"},
        {{{"rooms.create", "key"}}, "rooms.create"},
        {{{"ping.idle", "50s"}}, "ping.idle_timeout"},
        {{{"ping.shared", "50s"}}, "ping.shared_timeout"},
        {{{"ping.on_air", "10s"}}, "ping.on_air_timeout"},
        {{{"resume.window", "1s"}}, "resume.shown_after"},
        {{{"chat.text_max", "8KiB"}, {"limits.message_max", "4KiB"}}, "chat.text_max"},
        {{{"limits.send_queue", "64KiB"}, {"limits.message_max", "128KiB"}}, "limits.send_queue"},
    };
    for (const auto& row : rows) {
        app::Config config;
        std::string all;
        for (const auto& [key, text] : row.set) {
            all += key + "=" + text + " ";
            REQUIRE(app::set_from_text(config, *app::find_setting(key), text).has_value());
        }
        CAPTURE(all);
        const auto conflicts = app::find_conflicts(config);
        REQUIRE(conflicts.size() == (row.blamed.empty() ? 0 : 1));
        if (!row.blamed.empty()) {
            CHECK(conflicts.front().key == row.blamed);
            CHECK(!conflicts.front().error.what.empty());
            CHECK(!conflicts.front().error.hint.empty());
        }
    }
}
