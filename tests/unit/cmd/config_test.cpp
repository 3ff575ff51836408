#include "cmd/config.h"
#include "cmd/command_line.h"
#include "cmd/commands.h"
#include "cmd/nearest.h"
#include "cmd/schema.h"
#include "cmd/schema_values.h"
#include "tests/support/catch.h"

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

using namespace waaft;

namespace {

// A folder of its own that is the working directory while the test runs.
class Workspace {
public:
    Workspace() : before_(std::filesystem::current_path()) {
        std::string name = (std::filesystem::temp_directory_path() / "waaft-test-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        folder_ = name;
        std::filesystem::current_path(folder_);
    }
    ~Workspace() {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(folder_);
    }
    static void write(const std::string& name, const std::string& text) { std::ofstream(name) << text; }

private:
    std::filesystem::path before_;
    std::filesystem::path folder_;
};

cmd::ConfigFlags flags_of(const std::vector<std::array<std::string, 2>>& values) {
    cmd::ConfigFlags flags;
    for (const auto& [key, text] : values) {
        const auto* setting = app::find_setting(key);
        REQUIRE(setting != nullptr);
        flags.values.push_back({setting, app::flag_name(*setting), text});
    }
    return flags;
}

std::string origin_of(const cmd::LoadedConfig& loaded, std::string_view key) {
    const auto* setting = app::find_setting(key);
    return project::describe(loaded.origins[static_cast<std::size_t>(setting - app::settings().data())]);
}

struct Ran {
    cmd::Exit code;
    std::string out;
    std::string err;
};

app::Config served;

Ran run(const std::vector<std::string>& arguments, const cmd::Environment& environment = {}) {
    std::ostringstream out;
    std::ostringstream err;
    const auto commands =
        cmd::all_commands(environment, [](const app::Config& config, const app::BuildInfo&) -> Result<void> {
            served = config;
            if (config.data == "broken") {
                return Error{"port_in_use", "the port is taken", "listen.port", "take another"};
            }
            return {};
        });
    const auto code = cmd::run_command_line(arguments, commands, {out, err, false});
    return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("flags win over the environment, it over the file, it over the defaults") {
    const Workspace workspace;
    Workspace::write("waaft.yaml", "serve:\n  listen:\n    port: 1001\n    shards: 2\n  rooms: {max: 7}\n");
    const cmd::Environment environment{{"WAAFT_LISTEN_PORT", "1002"}, {"WAAFT_LISTEN_SHARDS", "3"}};
    const auto loaded = cmd::load_config(flags_of({{"listen.port", "1003"}}), environment);
    REQUIRE(loaded.has_value());
    CHECK(loaded->config.port == 1003);
    CHECK(origin_of(*loaded, "listen.port") == "flag --listen-port");
    CHECK(loaded->config.shards == 3);
    CHECK(origin_of(*loaded, "listen.shards") == "env WAAFT_LISTEN_SHARDS");
    CHECK(loaded->config.rooms_max == 7);
    CHECK(origin_of(*loaded, "rooms.max") == "waaft.yaml:5");
    CHECK(loaded->config.members_max == 1000);
    CHECK(origin_of(*loaded, "rooms.members") == "default");
}

TEST_CASE("the file is the flag's, the variable's, or waaft.yaml if there is one") {
    const Workspace workspace;
    const cmd::Environment environment{{"WAAFT_CONFIG", "b.yaml"}};
    CHECK(cmd::load_config({}, {})->file.empty());
    Workspace::write("waaft.yaml", "serve: {data: one}\n");
    Workspace::write("b.yaml", "serve: {data: two}\n");
    Workspace::write("c.yaml", "serve: {data: three}\n");
    CHECK(cmd::load_config({}, {})->config.data == "one");
    CHECK(cmd::load_config({}, environment)->config.data == "two");
    CHECK(cmd::load_config({.file = "c.yaml", .environment = {}, .values = {}}, environment)->config.data == "three");
    const auto missing = cmd::load_config({.file = "d.yaml", .environment = {}, .values = {}}, environment);
    REQUIRE(!missing.has_value());
    CHECK(missing.error().front().where == "d.yaml");
}

TEST_CASE("errors name the flag, the variable or the line") {
    const Workspace workspace;
    Workspace::write("waaft.yaml", "serve:\n  ops:\n    port: many\n");
    const auto loaded =
        cmd::load_config(flags_of({{"log.level", "loud"}}), {{"WAAFT_TLS_NAMES", "good.example,bad name"}});
    REQUIRE(!loaded.has_value());
    REQUIRE(loaded.error().size() == 3);
    CHECK(loaded.error()[0].where == "waaft.yaml:3:11");
    CHECK(loaded.error()[1].where == "env WAAFT_TLS_NAMES");
    CHECK(loaded.error()[1].what ==
          "tls.names must be a list, each item a host name or an IP address, not \"bad name\"");
    CHECK(loaded.error()[2].where == "flag --log-level");
}

TEST_CASE("a contradiction names where the setting came from") {
    const Workspace workspace;
    const auto loaded = cmd::load_config({}, {{"WAAFT_TLS_MODE", "files"}, {"WAAFT_TLS_CERT", "c.pem"}});
    REQUIRE(!loaded.has_value());
    CHECK(loaded.error().front() == Error{"config_conflict", "tls.mode is files, but tls.key names no key",
                                          "env WAAFT_TLS_MODE", "set tls.key to a PEM file"});
}

TEST_CASE("variables that Kubernetes adds are left alone, misspelt ones are mentioned") {
    const Workspace workspace;
    const auto loaded = cmd::load_config(
        {}, {{"WAAFT_PORT", "tcp://10.0.0.1:3000"}, {"WAAFT_SERVICE_HOST", "10.0.0.1"}, {"WAAFT_LISTEN_PROT", "1"}});
    REQUIRE(loaded.has_value());
    CHECK(loaded->config.port == 3000);
    CHECK(loaded->warnings ==
          std::vector<std::string>{"WAAFT_LISTEN_PROT is not a setting; did you mean WAAFT_LISTEN_PORT?"});
}

TEST_CASE("serve takes every setting as a flag") {
    const Workspace workspace;
    for (const auto& setting : app::settings()) {
        CAPTURE(setting.key);
        const auto text = app::render(app::Config{}, setting);
        CHECK(run({"serve", app::flag_name(setting) + "=" + text}).err.empty());
    }
    const auto ran = run({"serve", "--port", "4000", "--tls", "off", "--trusted-proxies", "10.0.0.0/8,::1",
                          "--trusted-proxies", "192.0.2.0/24", "--data", "none"});
    CHECK(ran.code == cmd::Exit::ok);
    CHECK(served.port == 4000);
    CHECK(served.tls == app::Config::Tls::off);
    CHECK(served.trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "::1", "192.0.2.0/24"});
    CHECK(served.data == "none");
}

TEST_CASE("a switch may stand alone or have a value") {
    const Workspace workspace;
    const std::vector<std::string> turn{"serve", "--ice-turn", "turn:t", "--ice-turn-secret", "f"};
    auto alone = turn;
    alone.insert(alone.end(), {"--ice-relay-only", "--port", "1"});
    CHECK(run(alone).code == cmd::Exit::ok);
    CHECK(served.relay_only);
    auto valued = turn;
    valued.emplace_back("--ice-relay-only=false");
    CHECK(run(valued).code == cmd::Exit::ok);
    CHECK(!served.relay_only);
}

TEST_CASE("a server that cannot start ends with its error") {
    const Workspace workspace;
    const auto ran = run({"serve", "--data", "broken"});
    CHECK(ran.code == cmd::Exit::usage);
    CHECK(ran.err == "error: the port is taken\n  at: listen.port\n  try: take another\n");
    CHECK(ran.out.empty());
}

TEST_CASE("usage errors say what is near") {
    struct Row {
        std::vector<std::string> arguments;
        std::string err;
    };
    const std::vector<Row> rows{
        {{"sreve"}, "error: there is no command sreve\n  at: waaft\n  try: did you mean serve?\n"},
        {{"config", "chek"}, "error: there is no command chek\n  at: waaft config\n  try: did you mean check?\n"},
        {{"serve", "--prot", "3"},
         "error: there is no option --prot\n  at: waaft serve\n  try: did you mean --port?\n"},
        {{"serve", "now"}, "error: there is no argument now\n  at: waaft serve\n  try: waaft serve --help\n"},
        {{"serve", "--tls", "on"},
         "error: --tls must be auto, files or off, not \"on\"\n  at: waaft serve\n  try: waaft serve --help\n"},
        {{"version", "--output", "xml"},
         "error: --output must be text or json, not \"xml\"\n  at: waaft version\n  try: waaft version --help\n"},
        {{"completion", "csh"},
         "error: SHELL must be bash, zsh or fish, not \"csh\"\n  at: waaft completion\n  try: waaft completion "
         "--help\n"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.arguments);
        const auto ran = run(row.arguments);
        CHECK(ran.code == cmd::Exit::usage);
        CHECK(ran.err == row.err);
        CHECK(ran.out.empty());
    }
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"serve", "--port"},
                                                                       {"serve", "--port", "1", "--port", "2"},
                                                                       {"serve", "--port", "1", "--listen-port", "2"},
                                                                       {"completion"},
                                                                       {"key", "new"},
                                                                       {},
                                                                       {"config"}}) {
        CAPTURE(arguments);
        const auto ran = run(arguments);
        CHECK(ran.code == cmd::Exit::usage);
        CHECK(!ran.err.empty());
        CHECK(ran.out.empty());
    }
}

TEST_CASE("every command has help") {
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                       {"serve", "-h"},
                                                                       {"config", "--help"},
                                                                       {"config", "show", "--help"},
                                                                       {"key", "new", "--help"}}) {
        CAPTURE(arguments);
        const auto ran = run(arguments);
        CHECK(ran.code == cmd::Exit::ok);
        CHECK(ran.err.empty());
        CHECK(ran.out.find("Usage: waaft") != std::string::npos);
    }
}

TEST_CASE("the configuration that is shown as YAML means the same") {
    const Workspace workspace;
    const auto first = run({"config", "show", "--output", "yaml", "--port", "77", "--tls-names", "a.example,::1",
                            "--data", "a: b # c", "--rooms-keep", "90s"});
    REQUIRE(first.code == cmd::Exit::ok);
    Workspace::write("waaft.yaml", first.out);
    const auto loaded = cmd::load_config({}, {});
    REQUIRE(loaded.has_value());
    CHECK(loaded->config.port == 77);
    CHECK(loaded->config.tls_names == std::vector<std::string>{"a.example", "::1"});
    CHECK(loaded->config.data == "a: b # c");
    CHECK(loaded->config.rooms_keep == app::Millis(90'000));
    for (const auto& setting : app::settings()) {
        CHECK(origin_of(*loaded, setting.key).starts_with("waaft.yaml:"));
    }
}

TEST_CASE("nearest names") {
    CHECK(cmd::edit_distance("", "abc") == 3);
    CHECK(cmd::edit_distance("prot", "port") == 1);
    CHECK(cmd::edit_distance("kitten", "sitting") == 3);
    CHECK(cmd::nearest("lisen", {"log", "listen"}) == "listen");
    CHECK(cmd::nearest("registry", {"serve"}).empty());
    CHECK(cmd::nearest(std::string(100'000, 'a'), {"serve"}).empty());
}

TEST_CASE("the schema and the tables of the documentation are those of the settings") {
    const auto read = [](const std::string& name) {
        std::ifstream file(std::string(WAAFT_SOURCE_DIR) + "/" + name);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    INFO("`make format` writes all three anew");
    const bool schema_is_new = read("templates/waaft.schema.json") == cmd::json_schema();
    const bool readme_is_new = read("README.md").find("\n" + cmd::settings_table() + "\n") != std::string::npos;
    const bool reference_is_new =
        read("docs/waaft.yaml.md").find("\n" + cmd::project_table() + "\n") != std::string::npos;
    CHECK(schema_is_new);
    CHECK(readme_is_new);
    CHECK(reference_is_new);
}

TEST_CASE("a pattern of whole numbers takes those between its bounds and no others") {
    struct Row {
        std::uint64_t min, max;
        std::string pattern;
    };
    const std::vector<Row> rows{{0, 0, "0*(0)"},
                                {7, 7, "0*(7)"},
                                {0, 10, "0*([0-9]|10)"},
                                {1, 100, "0*([1-9]|[1-9][0-9]|100)"},
                                {1, 65535,
                                 "0*([1-9]|[1-9][0-9]|[1-9][0-9]{2}|[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|"
                                 "65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"},
                                {1195, 1203, "0*(119[5-9]|120[0-3])"}};
    for (const auto& row : rows) CHECK(cmd::whole_numbers(row.min, row.max) == row.pattern);
    for (std::uint64_t min = 0; min < 1200; min += 157) {
        for (std::uint64_t max = min; max < 1300; max += 149) {
            const std::regex pattern(cmd::whole_numbers(min, max));
            bool right = true;
            for (std::uint64_t number = 0; number < 1400; ++number) {
                const bool inside = number >= min && number <= max;
                right = right && std::regex_match(std::to_string(number), pattern) == inside;
            }
            CAPTURE(min, max);
            CHECK(right);
        }
    }
}

TEST_CASE("the server takes the whole waaft.yaml, and refuses mistakes anywhere in it") {
    const Workspace workspace;
    Workspace::write("waaft.yaml", "name: live\nautoscaling: {max: 3}\nserve:\n  rooms: {max: 7}\n");
    const auto loaded = cmd::load_config({}, {});
    REQUIRE(loaded.has_value());
    CHECK(loaded->config.rooms_max == 7);
    Workspace::write("waaft.yaml", "autoscaling: {mx: 3}\n");
    const auto wrong = cmd::load_config({}, {});
    REQUIRE(!wrong.has_value());
    CHECK(wrong.error().front().where == "waaft.yaml:1:15");
}
