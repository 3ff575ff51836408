// What the cluster can and lets us do: its version, rights, metrics, load balancers, quota, Pod Security, nodes.
//
// Thread: main; one round of requests for the objects, one for the rights. Ownership: values. Errors: none, see
// Check. Source: SelfSubjectAccessReview of authorization.k8s.io/v1; the objects of manifests/.
#pragma once

#include "cmd/doctor/check.h"
#include "cmd/kube/api.h"
#include "cmd/project/project.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::doctor {

Checks check_cluster(kube::Api& api, const project::Project& project);
// The same names, when there is no cluster to ask.
Checks skipped_cluster();

// The pure parts.
// A kubectl command that names no cluster yet, with the flags that do.
std::string for_target(std::string command, const kube::Target& target);
using Answer = Result<kube::Object>;
struct Right {
    std::string_view group;
    std::string_view resource;  // "pods/log" is a part of pods
    std::string_view verb;
};
// What a deploy, its status and its logs need in the namespace.
std::vector<Right> needed_rights();
// `user`: a SelfSubjectReview, which says who one is.
Check judge_rights(const std::vector<Right>& rights, const std::vector<Answer>& reviews, const Answer& user,
                   const kube::Target& target);
Check judge_version(const Answer& version);
Check judge_autoscaling(const Answer& group);
Check judge_metrics(const Answer& node_metrics);
Check judge_load_balancer(const Answer& services, const Answer& nodes, const project::Project& project);
Check judge_gateway(const Answer& classes, const project::Project& project);
Check judge_quota(const Answer& quotas, const project::Project& project);
Check judge_pod_security(const Answer& name_space, const project::Project& project);
Check judge_architecture(const Answer& nodes, const project::Project& project);

}  // namespace waaft::doctor
