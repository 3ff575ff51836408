// The Kubernetes objects of a project: the files of manifests/ with fields patched, never their text.
//
// Thread: any, no state. Ownership: values. Units: as in project.h. Objects name no namespace: whoever
// applies them says which. Errors: manifest_expose, manifest_file (a project that cannot
// be brought to this cluster, with the field to change), those of patch.h and yaml/document.h.
// Secrets: values are given by the caller, go into Secret objects alone, and masked() hides them.
// Source: Kubernetes API reference 1.34; Gateway API v1; GKE's BackendConfig, GCPBackendPolicy,
// HealthCheckPolicy, ManagedCertificate.
#pragma once

#include "cmd/manifest/fields.h"
#include "cmd/manifest/patch.h"
#include "cmd/project/project.h"
#include "server/base/result.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace waaft::manifest {

// What is known about the image and the cluster; the defaults hold where nobody was asked.
struct Facts {
    std::string image;            // "host/org/waaft@sha256:..."; empty: repository:version of the project
    bool mixed_protocol = true;   // one Service may have TCP and UDP
    std::string address;          // that the UDP Service has by now, for ice.stun behind a Gateway or Ingress
    std::set<std::string> kinds;  // "podmonitors.monitoring.coreos.com": the custom kinds that exist
    bool kinds_known = false;     // `kinds` was asked for; otherwise what is configured is taken to exist
    struct Endpoint {
        std::string ip;
        std::uint16_t port = 443;
    };
    std::vector<Endpoint> api_servers;  // empty: not known, any address
    bool make_namespace = false;
};

// The values of the project's secrets, each as it goes into its file.
struct SecretValues {
    std::map<std::string, std::string> secrets;  // by the serve: setting, those that are not `existing`
    std::string pull_password;
};

struct Rendered {
    Objects objects;                 // in the order in which they are applied
    std::vector<std::string> notes;  // what the project says and pods cannot have, for people
};

// Without `values` the Secrets are left out, and a note says so.
Result<Rendered> render(const project::Project& project, const Facts& facts, const SecretValues* values,
                        const std::vector<Patch>& patches);

// The same objects with *** for each value of a Secret.
Objects masked(Objects objects);

// What of a project and cluster decides which objects there are; for those who ask the cluster.
std::string cluster_secret_name(const project::Project& project);  // "waaft-cluster"
std::string udp_service_name(const project::Project& project, const Facts& facts);

}  // namespace waaft::manifest
