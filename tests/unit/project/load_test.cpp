#include "cmd/project/load.h"
#include "cmd/project/fields.h"
#include "server/app/settings.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>
#include <set>

using namespace waaft;

namespace {

// A folder of its own that is the working directory while the test runs.
class Workspace {
public:
    Workspace() : before_(std::filesystem::current_path()) { std::filesystem::current_path(folder_.path()); }
    ~Workspace() { std::filesystem::current_path(before_); }
    static void write(const std::string& name, const std::string& text) { testing::write_file(name, text); }

private:
    std::filesystem::path before_;
    testing::TemporaryDirectory folder_;
};

Error only_error(const Result<project::Loaded, cmd::Errors>& loaded) {
    REQUIRE(!loaded.has_value());
    REQUIRE(loaded.error().size() == 1);
    return loaded.error().front();
}

}  // namespace

TEST_CASE("nothing at all is a project") {
    const Workspace workspace;
    const auto loaded = project::load({}, {});
    REQUIRE(loaded.has_value());
    CHECK(loaded->file.empty());
    CHECK(loaded->project.name == "waaft");
    CHECK(loaded->project.autoscaling.max == 10);
    CHECK(loaded->project.serve_yaml.empty());
    CHECK(loaded->origins.empty());
}

TEST_CASE("a flag wins over a variable, it over the overlay, it over the file, it over the default") {
    const Workspace workspace;
    Workspace::write("waaft.yaml",
                     "name: one\nautoscaling: {min: 2, max: 20, cpu: 55}\ncluster:\n  namespace: base\n"
                     "image: {tags: [a, b]}\nexpose: {annotations: {x: 1, y: 2}}\n"
                     "secrets: {rooms.keys: {file: k}, ice.turn_secret: {env: T}}\n"
                     "serve:\n  log: {level: debug}\n  rooms: {max: 7}\n");
    Workspace::write("waaft.staging.yaml",
                     "autoscaling: {max: 4}\ncluster: {namespace: staging, context: two}\nimage: {tags: [c]}\n"
                     "expose: {annotations: {y: 3}}\nsecrets: {rooms.keys: {env: K}}\nserve: {rooms: {max: 3}}\n");
    const auto base = project::load({}, {});
    REQUIRE(base.has_value());
    CHECK(base->project.autoscaling.max == 20);
    CHECK(base->project.cluster.namespace_ == "base");

    const project::Flags flags{.file = {}, .environment = "staging", .values = {{"cluster.context", "three"}}};
    const auto loaded = project::load(flags, {{"WAAFT_CLUSTER_CONTEXT", "env"}, {"WAAFT_AUTOSCALING_CPU", "70"}});
    REQUIRE(loaded.has_value());
    const auto& project = loaded->project;
    CHECK(project.name == "one");
    CHECK(project.autoscaling.min == 2);
    CHECK(project.autoscaling.max == 4);
    CHECK(project.autoscaling.cpu_percent == 70);
    CHECK(project.cluster.namespace_ == "staging");
    CHECK(project.cluster.context == "three");
    CHECK(project.image.tags == std::vector<std::string>{"c"});
    CHECK(project.expose.annotations == std::map<std::string, std::string>{{"x", "1"}, {"y", "3"}});
    CHECK(project.secrets.at("rooms.keys").env == "K");
    CHECK(project.secrets.at("rooms.keys").file.empty());
    CHECK(project.secrets.at("ice.turn_secret").env == "T");
    CHECK(project.serve_yaml == "serve:\n  log:\n    level: debug\n  rooms:\n    max: 3\n");
    CHECK(describe(loaded->origins.at("name")) == "waaft.yaml:1");
    CHECK(describe(loaded->origins.at("autoscaling.max")) == "waaft.staging.yaml:1");
    CHECK(describe(loaded->origins.at("autoscaling.cpu")) == "env WAAFT_AUTOSCALING_CPU");
    CHECK(describe(loaded->origins.at("cluster.context")) == "flag --context");
}

TEST_CASE("the file's folder is that of its paths") {
    const Workspace workspace;
    std::filesystem::create_directory("sub");
    Workspace::write("sub/w.yaml", "patches: [p.yaml]\n");
    Workspace::write("sub/w.eu.yaml", "name: eu\n");
    const auto loaded = project::load({.file = "sub/w.yaml", .environment = "eu", .values = {}}, {});
    REQUIRE(loaded.has_value());
    CHECK(loaded->project.folder == "sub");
    CHECK(loaded->project.name == "eu");
    CHECK(project::load({}, {{"WAAFT_CONFIG", "sub/w.yaml"}})->file == "sub/w.yaml");
}

TEST_CASE("mistakes name the flag, the variable, or the file, line and column") {
    const Workspace workspace;
    Workspace::write("waaft.yaml", "autoscaling:\n  mni: 2\n");
    const auto loaded =
        project::load({.file = {}, .environment = {}, .values = {{"cluster.namespace", "No"}}}, {{"WAAFT_NAME", "-"}});
    REQUIRE(!loaded.has_value());
    REQUIRE(loaded.error().size() == 3);
    CHECK(loaded.error()[0].where == "waaft.yaml:2:3");
    CHECK(loaded.error()[0].hint == "did you mean min?");
    CHECK(loaded.error()[1].where == "env WAAFT_NAME");
    CHECK(loaded.error()[2].where == "flag --namespace");

    Workspace::write("waaft.yaml", "");
    CHECK(only_error(project::load({.file = {}, .environment = "prod", .values = {}}, {})).where == "waaft.prod.yaml");
    CHECK(only_error(project::load({.file = {}, .environment = "../x", .values = {}}, {})).code == "usage_environment");
    CHECK(only_error(project::load({.file = "none.yaml", .environment = {}, .values = {}}, {})).code ==
          "config_unreadable");
}

TEST_CASE("values that contradict each other are refused, with the one to blame") {
    struct Row {
        std::string text;
        std::string what;
        std::string where;
    };
    const std::vector<Row> rows{
        {"autoscaling: {min: 5, max: 2}\n", "autoscaling.min is 5, more than autoscaling.max, 2", "waaft.yaml:1"},
        {"redis: none\nautoscaling: {max: 2}\n",
         "redis.mode is none, so the rooms are in one pod, and autoscaling asks for up to 2 pods", "waaft.yaml:2"},
        {"redis: {mode: none}\nautoscaling: {min: 2}\n",
         "redis.mode is none, so the rooms are in one pod, and autoscaling asks for up to 2 pods", "waaft.yaml:2"},
        {"redis: external\n", "redis.mode is external, and redis.address is empty", "waaft.yaml:1"},
        {"redis: {address: redis://redis.example.org}\n", "redis.address is used with redis.mode external alone",
         "waaft.yaml:1"},
        {"name: x\nautoscaling:\n  min: 11\n", "autoscaling.min is 11, more than autoscaling.max, 10", "waaft.yaml:3"},
        {"resources: {memory: 1Gi}\n", "resources.memory is 1Gi, more than resources.memoryLimit, 512Mi",
         "waaft.yaml:1"},
        {"resources: {cpuLimit: 100m}\n", "resources.cpu is 500m, more than resources.cpuLimit, 100m", "waaft.yaml:1"},
        {"drain: {grace: 30s, preStop: 1m}\n", "drain.preStop must be shorter than drain.grace, of which it is a part",
         "waaft.yaml:1"},
        {"imagePull: {user: me}\n", "imagePull.user and imagePull.password belong together", "waaft.yaml:1"},
        {"registry: {password: {env: P}}\n", "registry.password is given without registry.user", "waaft.yaml:1"},
        {"tls: {issuer: a}\n", "tls.issuer needs a name to sign, and domain is empty", "waaft.yaml:1"},
        {"serve:\n  rooms:\n    create: key\n", "rooms.create is key, but rooms.keys names no file", "waaft.yaml:3:13"},
    };
    for (const auto& row : rows) {
        const Workspace workspace;
        CAPTURE(row.text);
        Workspace::write("waaft.yaml", row.text);
        const auto error = only_error(project::load({}, {}));
        CHECK(error.code == "config_conflict");
        CHECK(error.what == row.what);
        CHECK(error.where == row.where);
    }
    const Workspace workspace;
    Workspace::write("waaft.yaml",
                     "secrets: {rooms.keys: {env: K}}\nserve: {rooms: {create: key}, tls: {mode: files}}\n");
    CHECK(project::load({}, {}).has_value());
}

TEST_CASE("names that look like a misspelt variable are mentioned, others left alone") {
    const Workspace workspace;
    const auto loaded = project::load({}, {{"WAAFT_CLUSTER_CONTXT", "x"}, {"WAAFT_SERVICE_HOST", "10.0.0.1"}});
    REQUIRE(loaded.has_value());
    CHECK(loaded->warnings ==
          std::vector<std::string>{"WAAFT_CLUSTER_CONTXT is not a setting; did you mean WAAFT_CLUSTER_CONTEXT?"});
}

TEST_CASE("no two fields, settings or flags share a name, and a default is what its table takes") {
    std::set<std::string> names;
    for (const auto& setting : app::settings()) names.insert(app::environment_name(setting));
    std::set<std::string> flags{"--config", "--env", "-e",    "--output", "--progress",
                                "--quiet",  "-q",    "--yes", "-y",       "--timeout"};
    for (const auto& field : project::fields()) {
        CAPTURE(field.key);
        CHECK((project::environment_name(field).empty() || names.insert(project::environment_name(field)).second));
        CHECK(!field.doc.empty());
        CHECK(field.doc.ends_with('.'));
        if (project::flag_name(field).empty()) continue;
        project::Project project;
        CHECK(set_from_text(project, field, render(project::Project{}, field)).has_value());
    }
    for (const auto& option : project::project_options(std::make_shared<project::Flags>())) {
        CAPTURE(option.name);
        CHECK(flags.insert(option.name).second);
        for (const auto& alias : option.aliases) CHECK(flags.insert(alias).second);
    }
}

TEST_CASE("the flags of single commands arrive in order, lists add up") {
    const auto flags = std::make_shared<project::Flags>();
    for (const auto& option : project::project_options(flags)) {
        if (option.name == "--namespace") option.set("-n", "live");
        if (option.name == "--image-repository") option.set("--image-repository", "org/waaft");
    }
    CHECK(flags->values == std::vector<std::pair<std::string, std::string>>{{"image.repository", "org/waaft"},
                                                                            {"cluster.namespace", "live"}});
}
