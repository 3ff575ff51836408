#include "cmd/gke/gcloud.h"

#include "cmd/os/process.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <boost/json.hpp>

#include <fstream>
#include <sstream>

using namespace waaft;
using waaft::gke::Argv;

namespace {

project::Project live(const std::string& zone, bool autopilot = false) {
    project::Project project;
    project.cluster.provider = project::Provider::gke;
    project.cluster.project = "acme-1";
    project.cluster.zone = zone;
    project.cluster.name = "live";
    project.cluster.autopilot = autopilot;
    return project;
}

std::vector<Argv> all_commands(const project::Project& project) {
    return {*gke::create_cluster(project),
            *gke::connect_cluster(project),
            *gke::delete_cluster(project),
            *gke::reserve_address(project, "waaft"),
            *gke::describe_address(project, "waaft"),
            *gke::find_address(project, "192.0.2.7"),
            *gke::release_address(project, "waaft")};
}

boost::json::object flag_table() {
    std::ifstream file(std::string(WAAFT_SOURCE_DIR) + "/tests/data/gcloud_flags.json");
    std::stringstream text;
    text << file.rdbuf();
    return boost::json::parse(text.str()).at("commands").as_object();
}

// The words before the name.
std::string verb_of(const Argv& argv) { return argv.at(1) + " " + argv.at(2) + " " + argv.at(3); }

}  // namespace

TEST_CASE("the commands of the design, word by word") {
    CHECK(os::shown(*gke::connect_cluster(live("europe-west1-b"))) ==
          "gcloud container clusters get-credentials live --zone europe-west1-b --project acme-1");
    CHECK(
        os::shown(*gke::create_cluster(live("europe-west1", true))) ==
        "gcloud container clusters create-auto live --region europe-west1 --project acme-1 --release-channel regular");
    CHECK(os::shown(*gke::reserve_address(live("europe-west1-b"), "waaft")) ==
          "gcloud compute addresses create waaft --region europe-west1 --project acme-1");
    CHECK(os::shown(*gke::release_address(live("europe-west1-b"), "waaft")) ==
          "gcloud compute addresses delete waaft --region europe-west1 --project acme-1 --quiet");
    CHECK(os::shown(*gke::find_address(live("europe-west1"), "192.0.2.7")) ==
          "gcloud compute addresses list --filter address=192.0.2.7 --regions europe-west1 --project acme-1 --format "
          "'value(name)'");
    CHECK(*gke::context_name(live("europe-west1-b")) == "gke_acme-1_europe-west1-b_live");
}

TEST_CASE("every argument is one that gcloud's reference has") {
    const auto table = flag_table();
    for (const auto& project : {live("europe-west1-b"), live("europe-west1"), live("europe-west1", true)}) {
        for (const auto& argv : all_commands(project)) {
            INFO(os::shown(argv));
            REQUIRE(argv.front() == "gcloud");
            const auto& flags = table.at(verb_of(argv)).as_object();
            // `list` alone has no name behind the verb.
            for (std::size_t i = argv[4].starts_with("--") ? 4 : 5; i < argv.size(); ++i) {
                INFO(argv[i]);
                REQUIRE(flags.contains(argv[i]));
                if (flags.at(argv[i]) == "value") REQUIRE_FALSE(argv.at(++i).starts_with("--"));
            }
        }
    }
}

TEST_CASE("the installed gcloud's own parser takes every command") {
    if (os::find_program("gcloud").empty()) {
        WARN("skipped: gcloud is not installed");
        return;
    }
    // Nobody is logged in there, and Google is not reached: what gcloud objects to is that, or an argument.
    const testing::TemporaryDirectory folder;
    const auto run = [&](const Argv& argv) {
        os::ProcessSpec spec;
        spec.argv = argv;
        spec.environment = {{"CLOUDSDK_CONFIG", folder.path().string()},
                            {"CLOUDSDK_CORE_CHECK_GCE_METADATA", "false"},
                            {"CLOUDSDK_CORE_DISABLE_PROMPTS", "true"},
                            {"CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER", "http://127.0.0.1:1/"},
                            {"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", "http://127.0.0.1:1/"}};
        auto ran = os::run(spec, nullptr);
        REQUIRE(ran.has_value());
        return std::move(*ran);
    };
    auto commands = all_commands(live("europe-west1-b"));
    commands.push_back(*gke::create_cluster(live("europe-west1")));
    commands.push_back(*gke::create_cluster(live("europe-west1", true)));
    for (const auto& argv : commands) {
        INFO(os::shown(argv));
        const auto ran = run(argv);
        INFO(ran.err);
        CHECK(ran.exit_code == 1);
        CHECK(ran.err.find("gcloud auth login") != std::string::npos);
    }
    const auto wrong = run({"gcloud", "container", "clusters", "create", "live", "--no-such-flag"});
    CHECK(wrong.exit_code == 2);
}

TEST_CASE("why gcloud failed, in its own words, and what mends it") {
    const Argv argv{"gcloud", "container", "clusters", "create", "live"};
    const struct {
        std::vector<std::string> lines;
        const char* what;
        const char* hint;
    } table[] = {{{"ERROR: (gcloud.container.clusters.create) You do not currently have an active account selected.",
                   "Please run:", "", "  $ gcloud auth login"},
                  "gcloud ended with exit code 1: You do not currently have an active account selected.",
                  "gcloud auth login, then the same command again"},
                 {{"ERROR: quota CPUS exceeded (in europe) "},
                  "gcloud ended with exit code 1: quota CPUS exceeded (in europe) ",
                  "its last lines say why; run it by hand: gcloud container clusters create live"},
                 {{"ERROR: (gcloud.x) Kubernetes Engine API has not been used in project 1 before"},
                  "gcloud ended with exit code 1: Kubernetes Engine API has not been used in project 1 before",
                  "gcloud services enable container.googleapis.com compute.googleapis.com"},
                 {{},
                  "gcloud ended with exit code 1",
                  "its last lines say why; run it by hand: gcloud container clusters create live"}};
    for (const auto& row : table) {
        const auto error = gke::explain(argv, 1, row.lines);
        CHECK(error.code == "GCLOUD_FAILED");
        CHECK(error.what == row.what);
        CHECK(error.hint == row.hint);
    }
}

TEST_CASE("each namespace of a cluster has an address of its own") {
    auto project = live("europe-west1-b");
    CHECK(gke::address_name(project) == "waaft");
    project.cluster.namespace_ = "staging";
    CHECK(gke::address_name(project) == "staging-waaft");
}

TEST_CASE("what is missing or cannot be is said by the name of its setting") {
    project::Project project = live("europe-west1-b", true);
    CHECK(gke::create_cluster(project).error().where == "cluster.zone");
    CHECK(gke::create_cluster(project).error().hint == "write zone: europe-west1");
    project.cluster.zone.clear();
    CHECK(gke::connect_cluster(project).error().what == "cluster.zone must be set for a cluster on GKE");
    project.cluster.project.clear();
    CHECK(gke::delete_cluster(project).error().what == "cluster.project must be set for a cluster on GKE");
}
