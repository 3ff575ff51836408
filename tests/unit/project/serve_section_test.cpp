#include "cmd/project/parse.h"
#include "tests/support/catch.h"

using waaft::project::parse_file;

namespace {

struct WrongServe {
    std::string text;
    std::string code;
    std::string what;
    std::string where;
    std::string hint;
};

const std::vector<WrongServe> wrong_files{
    {"serve:\n  listen:\n    prot: 3000\n", "config_unknown_key", "\"prot\" is no key of listen", "w.yaml:3:5",
     "did you mean port?"},
    {"sevre:\n  data: x\n", "config_unknown_key", "\"sevre\" is no key of the file", "w.yaml:1:1",
     "did you mean serve?"},
    {"serve:\n  listen.port: 3000\n", "config_unknown_key", "\"listen.port\" is no key of serve", "w.yaml:2:3",
     "see `waaft config show` for the names"},
    {"serve:\n  listen:\n    port: 70000\n", "config_value",
     "listen.port must be a whole number from 0 to 65535, not \"70000\"", "w.yaml:3:11",
     "leave it out for the default, 3000"},
    {"serve:\n  listen:\n    port: [3000]\n", "config_type",
     "listen.port must be a whole number from 0 to 65535, not a list", "w.yaml:3:11",
     "write one value after the colon"},
    {"serve:\n  listen:\n    port:\n", "config_type", "listen.port must be a whole number from 0 to 65535, not nothing",
     "w.yaml:3:5", "write one value after the colon"},
    {"serve:\n  listen:\n    port: 1\n    port: 2\n", "config_duplicate_key", "\"port\" is given twice in listen",
     "w.yaml:4:5", "keep one of the two"},
    {"serve:\n  listen: 3000\n", "config_type", "listen must be a map of keys and values, not a single value",
     "w.yaml:2:11", "write `address:` and its values, indented"},
    {"[serve]\n", "config_type", "the file must be a map of keys and values, not a list", "w.yaml:1:1",
     "write `name:` and its values, indented"},
    {"serve:\n  ? [a]\n  : b\n", "config_type", "a key must be a name, not a list", "w.yaml:2:5",
     "see `waaft config show` for the names"},
    {"serve:\n  tls:\n    names: here\n", "config_type",
     "tls.names must be a list, each item a host name or an IP address, not a single value", "w.yaml:3:12",
     "write [first, second]"},
    {"serve:\n  tls:\n    names: [ok.example, {a: b}]\n", "config_type",
     "tls.names must be a list, each item a host name or an IP address, not a map", "w.yaml:3:25",
     "write [first, second]"},
    {"serve:\n  tls:\n    names: [ok.example, not ok]\n", "config_value",
     "tls.names must be a list, each item a host name or an IP address, not \"not ok\"", "w.yaml:3:12", "leave it out"},
    {"serve:\n  rooms:\n    keep: 3 weeks\n", "config_value",
     "rooms.keep must be a duration such as 500ms, 30s, 5m, 2h or 30d, from 1m to 3650d, not \"3 weeks\"",
     "w.yaml:3:11", "leave it out for the default, 30d"},
    {"serve:\n  chat: {text_max: 1TB}\n", "config_value",
     "chat.text_max must be a size such as 4096, 64KiB or 1MiB, from 1 to 64KiB, not \"1TB\"", "w.yaml:2:20",
     "leave it out for the default, 4KiB"},
    {"serve:\n  log: {level: loud}\n", "config_value", "log.level must be debug, info, warn or error, not \"loud\"",
     "w.yaml:2:16", "leave it out for the default, info"},
    {"serve:\n  ice: {relay_only: yes}\n", "config_value", "ice.relay_only must be true or false, not \"yes\"",
     "w.yaml:2:21", "leave it out for the default, false"},
    {"serve: &all\n  data: x\nother: *all\n", "config_syntax", "aliases (*name) are not supported", "w.yaml:3:8",
     "write it out plainly"},
    {"serve:\n  data: x\n---\nserve:\n  data: y\n", "config_syntax",
     "a second document begins here; the configuration is one document", "w.yaml:4:1", "write it out plainly"},
};

}  // namespace

TEST_CASE("a wrong section serve: says what was expected, and where") {
    for (const auto& wrong : wrong_files) {
        CAPTURE(wrong.text);
        const auto parsed = parse_file(wrong.text, "w.yaml");
        REQUIRE(parsed.errors.size() == 1);
        const auto& error = parsed.errors.front();
        CHECK(error.code == wrong.code);
        CHECK(error.what == wrong.what);
        CHECK(error.where == wrong.where);
        CHECK(error.hint == wrong.hint);
    }
}

TEST_CASE("values keep their line and items") {
    const auto parsed =
        parse_file("serve:\n  data: \"none\"\n  tls:\n    names:\n      - a.example\n      - ::1\n", "w");
    REQUIRE(parsed.errors.empty());
    REQUIRE(parsed.serve.size() == 2);
    CHECK(parsed.serve[0].setting->key == "data");
    CHECK(parsed.serve[0].items == std::vector<std::string>{"none"});
    CHECK(parsed.serve[0].line == 2);
    CHECK(parsed.serve[1].items == std::vector<std::string>{"a.example", "::1"});
}

TEST_CASE("a file cannot grow by its own aliases") {
    std::string bomb = "a: &a [x, x]\n";
    for (char c = 'b'; c <= 'z'; ++c) {
        bomb +=
            std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" + static_cast<char>(c - 1) + "]\n";
    }
    REQUIRE(parse_file(bomb, "w").errors.size() == 1);
    CHECK(parse_file(bomb, "w").errors.front().what == "aliases (*name) are not supported");
}
