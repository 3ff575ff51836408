#include "cmd/project/parse.h"
#include "cmd/project/config_text.h"
#include "tests/support/catch.h"

using namespace waaft;
using project::parse_file;

namespace {

struct Wrong {
    std::string text;
    std::string code;
    std::string what;
    std::string where;
    std::string hint;
};

const std::string see_names =
    "its keys are name, image, registry, cluster, expose, domain, tls, resources, autoscaling, drain, redis, storage, "
    "secrets, imagePull, patches, serve";

void check_wrong(const std::vector<Wrong>& table) {
    for (const auto& wrong : table) {
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

project::Project applied(const project::ParsedFile& parsed) {
    project::Project result;
    for (const auto& value : parsed.fields) REQUIRE(apply(value, result).has_value());
    return result;
}

}  // namespace

TEST_CASE("a wrong project says what was expected, where, and the nearest name") {
    check_wrong({
        {"imge:\n  repository: a\n", "config_unknown_key", "\"imge\" is no key of the file", "w.yaml:1:1",
         "did you mean image?"},
        {"autoscaling:\n  mim: 2\n", "config_unknown_key", "\"mim\" is no key of autoscaling", "w.yaml:2:3",
         "did you mean min?"},
        {"autoscaling:\n  behavior:\n    scaleDown: {windw: 5m}\n", "config_unknown_key",
         "\"windw\" is no key of autoscaling.behavior.scaleDown", "w.yaml:3:17", "did you mean window?"},
        {"autoscaling:\n  max: 5000\n", "config_value",
         "autoscaling.max must be a whole number from 1 to 1000, not \"5000\"", "w.yaml:2:8",
         "leave it out for the default, 10"},
        {"autoscaling: 3\n", "config_type", "autoscaling must be a map of keys and values, not a single value",
         "w.yaml:1:14", "write `min:` and its values, indented"},
        {"name: Waaft\n", "config_value",
         "name must be a DNS label: lower-case letters, digits and hyphens, at most 63, not \"Waaft\"", "w.yaml:1:7",
         "leave it out for the default, waaft"},
        {"name: [a]\n", "config_type",
         "name must be a DNS label: lower-case letters, digits and hyphens, at most 63, not a list", "w.yaml:1:7",
         "write one value after the colon"},
        {"image: {repository: a/b:1}\n", "config_value",
         "image.repository must be a repository such as org/waaft or registry.example.org:5000/org/waaft, without a "
         "tag, not \"a/b:1\"",
         "w.yaml:1:21", "leave it out for the default, waaft"},
        {"image: {builder: podman}\n", "config_value", "image.builder must be auto, docker or native, not \"podman\"",
         "w.yaml:1:18", "leave it out for the default, auto"},
        {"cluster: {autopilot: yes}\n", "config_value", "cluster.autopilot must be true or false, not \"yes\"",
         "w.yaml:1:22", "leave it out for the default, false"},
        {"drain: {grace: 1500ms}\n", "config_value",
         "drain.grace must be a duration in whole seconds such as 30s, 5m or 2h, from 30s to 7d, not \"1500ms\"",
         "w.yaml:1:16", "leave it out for the default, 10m"},
        {"patches: p.yaml\n", "config_type",
         "patches must be a list, each item text without control characters that does not begin with a hyphen, not a "
         "single value",
         "w.yaml:1:10", "write [first, second]"},
        {"expose: {annotations: {a: [b]}}\n", "config_type",
         "expose.annotations must be a map of names and texts, not a list", "w.yaml:1:27",
         "write one text after each name"},
        {"cluster: {context: --insecure}\n", "config_value",
         "cluster.context must be text without control characters that does not begin with a hyphen, not "
         "\"--insecure\"",
         "w.yaml:1:20", "leave it out"},
        {"serve:\n  listen:\n    prot: 3000\n", "config_unknown_key", "\"prot\" is no key of listen", "w.yaml:3:5",
         "did you mean port?"},
        {"zzzzzz: 1\n", "config_unknown_key", "\"zzzzzz\" is no key of the file", "w.yaml:1:1", see_names},
        {"name: a\nname: b\n", "config_duplicate_key", "\"name\" is given twice in the file", "w.yaml:2:1",
         "keep one of the two"},
    });
}

TEST_CASE("a secret has one place, written as data") {
    const std::string of_cluster =
        "write one of {file: PATH}, {env: NAME}, {command: [PROGRAM]} and {existing: secret/key}";
    const std::string of_caller = "write one of {file: PATH}, {env: NAME} and {command: [PROGRAM]}";
    check_wrong({
        {"registry: {password: hunter2}\n", "config_type",
         "registry.password must say where the secret is, and is a single value here", "w.yaml:1:22", of_caller},
        {"registry: {password: {}}\n", "config_value",
         "registry.password must name one place where the secret is, not 0", "w.yaml:1:22", of_caller},
        {"secrets: {rooms.keys: {file: k, env: K}}\n", "config_value",
         "rooms.keys must name one place where the secret is, not 2", "w.yaml:1:23", of_cluster},
        {"secrets: {rooms.key: {file: k}}\n", "config_unknown_key", "\"rooms.key\" is no key of secrets", "w.yaml:1:11",
         "did you mean rooms.keys?"},
        {"registry: {password: {existing: a/b}}\n", "config_unknown_key", "\"existing\" is no key of registry.password",
         "w.yaml:1:23", of_caller},
        {"registry: {password: {command: pass show x}}\n", "config_value",
         "registry.password.command must be a list, [program, argument]; no shell reads it", "w.yaml:1:32",
         "correct it, or use another way"},
        {"secrets: {rooms.keys: {env: 1K}}\n", "config_value", "rooms.keys.env must be a variable's name",
         "w.yaml:1:29", "correct it, or use another way"},
        {"secrets: {rooms.keys: {existing: only-name}}\n", "config_value",
         "rooms.keys.existing must be SECRET/KEY of the namespace", "w.yaml:1:34", "correct it, or use another way"},
    });
    const auto good = parse_file(
        "registry: {user: me, password: {command: [pass, show, x]}}\n"
        "secrets:\n  rooms.keys: {file: keys.json}\n  ice.turn_secret: {existing: turn/secret}\n",
        "w.yaml");
    REQUIRE(good.errors.empty());
    const auto project = applied(good);
    CHECK(project.registry.password.command == std::vector<std::string>{"pass", "show", "x"});
    CHECK(project.secrets.at("rooms.keys").file == "keys.json");
    CHECK(project.secrets.at("ice.turn_secret").existing == "turn/secret");
}

TEST_CASE("what is not YAML is refused with its position") {
    for (const std::string text : {"serve:\n\tdata: x\n", "serve: [\n", "a: b: c\n", "%YAML 9\n---\n"}) {
        CAPTURE(text);
        const auto parsed = parse_file(text, "w.yaml");
        REQUIRE(parsed.errors.size() == 1);
        CHECK(parsed.errors.front().code == "config_syntax");
        CHECK(parsed.errors.front().what.starts_with("this is not YAML: "));
        CHECK(parsed.errors.front().where.starts_with("w.yaml:"));
    }
    check_wrong({{"serve: &all\n  data: x\nother: *all\n", "config_syntax", "aliases (*name) are not supported",
                  "w.yaml:3:8", "write it out plainly"}});
    CHECK(parse_file("serve:\n  data: x\n---\nserve:\n  data: y\n", "w").errors.size() == 1);
    CHECK(parse_file(std::string(100'000, '['), "w").errors.front().what == "nested too deeply");
    CHECK(parse_file(std::string(project::config_file_bytes_max + 1, ' '), "w").errors.front().code ==
          "config_too_large");
}

TEST_CASE("a file without values is a valid one") {
    for (const std::string text : {"", "# nothing\n", "---\n", "serve:\n", "serve: {}\n", "image:\nserve:\n  tls:\n"}) {
        CAPTURE(text);
        const auto parsed = parse_file(text, "w.yaml");
        CHECK(parsed.errors.empty());
        CHECK(parsed.fields.empty());
        CHECK(parsed.serve.empty());
    }
}

TEST_CASE("all mistakes are told at once, up to a limit") {
    CHECK(parse_file("nam: x\nserve:\n  dat: x\n  listen:\n    port: x\n", "w").errors.size() == 3);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "key" + std::to_string(i) + ": x\n";
    CHECK(parse_file(many, "w").errors.size() == project::errors_max);
}

TEST_CASE("files that cannot be read say why") {
    const auto missing = project::read_config("/nonexistent/waaft.yaml");
    REQUIRE(!missing.has_value());
    CHECK(missing.error().what == "the file cannot be read: No such file or directory");
    CHECK(missing.error().where == "/nonexistent/waaft.yaml");
    CHECK(project::read_config("/").error().what == "this is a folder, not a file");
    CHECK(project::overlay_of("sub/waaft.yaml", "staging") == "sub/waaft.staging.yaml");
}
