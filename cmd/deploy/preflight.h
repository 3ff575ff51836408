// What must be known and true before anything is changed in a cluster.
//
// Thread: main. Ownership: values. Errors: all that are missing at once: FORBIDDEN with the list of rights,
// HPA_NO_METRICS, IMAGE_ARCH, those of kube::Api. What may not be asked with the rights at hand (nodes, other
// namespaces) is taken as unknown: rights inside one namespace are enough.
#pragma once

#include "cmd/command.h"
#include "cmd/kube/api.h"
#include "cmd/manifest/render.h"
#include "cmd/project/project.h"

#include <string>
#include <vector>

namespace waaft::deploy {

struct ClusterFacts {
    manifest::Facts facts;
    std::string version;                 // "v1.34.2"
    bool namespace_exists = true;        // or nobody may tell us
    bool namespace_is_ours = false;      // waaft made it: its labels are ours, and destroy may remove it
    std::vector<std::string> platforms;  // of the nodes: "linux/amd64"
    bool has_metrics = false;
};

Result<ClusterFacts> read_facts(kube::Api& api, const project::Project& project);

// Whether one Service can have TCP and UDP: by the version of the cluster.
bool has_mixed_protocol(std::string_view version, project::Provider provider);

// The rights that the objects and the watching need and the user has not: "patch deployments.apps".
Result<std::vector<std::string>> missing_rights(kube::Api& api, const kube::Objects& objects, bool namespace_exists);

// IMAGE_ARCH, HPA_NO_METRICS.
cmd::Errors objections(const ClusterFacts& facts, const std::vector<std::string>& image_platforms,
                       const std::string& image);

}  // namespace waaft::deploy
