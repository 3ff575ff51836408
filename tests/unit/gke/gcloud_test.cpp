#include "cmd/gke/gcloud.h"

#include "cmd/os/process.h"
#include "tests/support/catch.h"

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
    return {*gke::create_cluster(project), *gke::connect_cluster(project), *gke::delete_cluster(project),
            *gke::reserve_address(project, "waaft"), *gke::describe_address(project, "waaft")};
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
    CHECK(*gke::context_name(live("europe-west1-b")) == "gke_acme-1_europe-west1-b_live");
}

TEST_CASE("every argument is one that gcloud's reference has") {
    const auto table = flag_table();
    for (const auto& project : {live("europe-west1-b"), live("europe-west1"), live("europe-west1", true)}) {
        for (const auto& argv : all_commands(project)) {
            INFO(os::shown(argv));
            REQUIRE(argv.front() == "gcloud");
            const auto& flags = table.at(verb_of(argv)).as_object();
            for (std::size_t i = 5; i < argv.size(); ++i) {
                INFO(argv[i]);
                REQUIRE(flags.contains(argv[i]));
                if (flags.at(argv[i]) == "value") REQUIRE_FALSE(argv.at(++i).starts_with("--"));
            }
        }
    }
}

TEST_CASE("the installed gcloud knows every argument") {
    if (os::find_program("gcloud").empty()) {
        WARN("skipped: gcloud is not installed");
        return;
    }
    for (const auto& argv : all_commands(live("europe-west1-b"))) {
        const auto help = os::run({.argv = {"gcloud", argv[1], argv[2], argv[3], "--help"}}, nullptr);
        REQUIRE(help.has_value());
        for (const auto& word : argv) {
            INFO(verb_of(argv) << " " << word);
            if (word.starts_with("--") && word != "--quiet" && word != "--project" && word != "--format")
                CHECK(help->out.find(word) != std::string::npos);
        }
    }
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
