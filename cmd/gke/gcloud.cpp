#include "cmd/gke/gcloud.h"

#include "cmd/os/process.h"
#include "cmd/project/load.h"

#include <algorithm>

namespace waaft::gke {
namespace {

// "europe-west1-b" is a zone, "europe-west1" a region.
bool is_zone(const std::string& location) { return std::count(location.begin(), location.end(), '-') == 2; }

std::string region_of(const std::string& location) {
    return is_zone(location) ? location.substr(0, location.rfind('-')) : location;
}

Result<void> complete(const project::Project& project) {
    const auto& cluster = project.cluster;
    const auto missing = [](const char* setting, const char* example) {
        return Error{"config_value", std::string(setting) + " must be set for a cluster on GKE", "waaft.yaml",
                     "write it below `cluster:`, for example " + std::string(example)};
    };
    if (cluster.project.empty()) return missing("cluster.project", "project: my-project-123");
    if (cluster.zone.empty()) return missing("cluster.zone", "zone: europe-west1-b");
    if (cluster.name.empty()) return missing("cluster.name", "name: live");
    return {};
}

void add(Argv& argv, std::initializer_list<std::string> more) { argv.insert(argv.end(), more); }

void add_place(Argv& argv, const project::Project::Cluster& cluster) {
    add(argv, {is_zone(cluster.zone) ? "--zone" : "--region", cluster.zone, "--project", cluster.project});
}

}  // namespace

Result<std::string> context_name(const project::Project& project) {
    if (const auto checked = complete(project); !checked) return checked.error();
    auto cluster = project.cluster;
    cluster.provider = project::Provider::gke;
    return project::gke_context(cluster);
}

Result<Argv> create_cluster(const project::Project& project) {
    if (const auto checked = complete(project); !checked) return checked.error();
    const auto& cluster = project.cluster;
    if (cluster.autopilot && is_zone(cluster.zone)) {
        return Error{"config_value", "an Autopilot cluster is in a region, not in the zone " + cluster.zone,
                     "cluster.zone", "write zone: " + region_of(cluster.zone)};
    }
    Argv argv{"gcloud", "container", "clusters", cluster.autopilot ? "create-auto" : "create", cluster.name};
    add_place(argv, cluster);
    add(argv, {"--release-channel", "regular"});
    if (cluster.autopilot) return argv;
    // Nodes for the pods of an autoscaler that goes from 1 to 10; the counts are for each zone.
    add(argv, {"--machine-type", "e2-standard-4", "--num-nodes", "1", "--enable-autoscaling", "--min-nodes", "1",
               "--max-nodes", "5", "--enable-ip-alias", "--enable-dataplane-v2", "--gateway-api", "standard",
               "--workload-pool", cluster.project + ".svc.id.goog"});
    return argv;
}

Result<Argv> connect_cluster(const project::Project& project) {
    if (const auto checked = complete(project); !checked) return checked.error();
    Argv argv{"gcloud", "container", "clusters", "get-credentials", project.cluster.name};
    add_place(argv, project.cluster);
    return argv;
}

Result<Argv> delete_cluster(const project::Project& project) {
    if (const auto checked = complete(project); !checked) return checked.error();
    Argv argv{"gcloud", "container", "clusters", "delete", project.cluster.name};
    add_place(argv, project.cluster);
    add(argv, {"--quiet"});
    return argv;
}

// Two namespaces of one cluster have an address each.
std::string address_name(const project::Project& project) {
    const auto& name_space = project.cluster.namespace_;
    return name_space == project.name ? project.name : name_space + "-" + project.name;
}

Result<Argv> reserve_address(const project::Project& project, const std::string& name) {
    if (const auto checked = complete(project); !checked) return checked.error();
    return Argv{"gcloud",
                "compute",
                "addresses",
                "create",
                name,
                "--region",
                region_of(project.cluster.zone),
                "--project",
                project.cluster.project};
}

Result<Argv> find_address(const project::Project& project, const std::string& ip) {
    if (const auto checked = complete(project); !checked) return checked.error();
    return Argv{"gcloud",    "compute",
                "addresses", "list",
                "--filter",  "address=" + ip,
                "--regions", region_of(project.cluster.zone),
                "--project", project.cluster.project,
                "--format",  "value(name)"};
}

Result<Argv> release_address(const project::Project& project, const std::string& name) {
    if (const auto checked = complete(project); !checked) return checked.error();
    return Argv{"gcloud",
                "compute",
                "addresses",
                "delete",
                name,
                "--region",
                region_of(project.cluster.zone),
                "--project",
                project.cluster.project,
                "--quiet"};
}

Result<Argv> describe_address(const project::Project& project, const std::string& name) {
    if (const auto checked = complete(project); !checked) return checked.error();
    return Argv{"gcloud",
                "compute",
                "addresses",
                "describe",
                name,
                "--region",
                region_of(project.cluster.zone),
                "--project",
                project.cluster.project,
                "--format",
                "value(address)"};
}

Error explain(const Argv& argv, int exit_code, const std::vector<std::string>& lines) {
    const auto has = [&](std::string_view part) {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const std::string& line) { return line.find(part) != std::string::npos; });
    };
    const auto said =
        std::find_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("ERROR: "); });
    std::string why = said == lines.end() ? "" : ": " + said->substr(7);
    // "(gcloud.container.clusters.create) " before the reason says nothing new.
    if (const auto begin = why.find(") "); why.starts_with(": (gcloud.") && begin != std::string::npos)
        why = ": " + why.substr(begin + 2);
    std::string hint = "its last lines say why; run it by hand: " + os::shown(argv);
    if (has("gcloud auth login")) {
        hint = "gcloud auth login, then the same command again";
    } else if (has("has not been used in project") || has("SERVICE_DISABLED")) {
        hint = "gcloud services enable container.googleapis.com compute.googleapis.com";
    }
    return {"GCLOUD_FAILED", "gcloud ended with exit code " + std::to_string(exit_code) + why, {}, std::move(hint)};
}

}  // namespace waaft::gke
