// What waaft asks of gcloud for a cluster on GKE, as arguments; nothing runs here.
//
// Thread: any, no state. Ownership: values. Errors: config_value, with the setting that is missing or
// cannot be; GCLOUD_FAILED is for the caller to answer. Source: gcloud container clusters create, create-auto,
// get-credentials, delete and gcloud compute addresses create, describe (reference of 2026-11);
// tests/data/gcloud_flags.json.
#pragma once

#include "cmd/project/project.h"
#include "server/base/result.h"

#include <string>
#include <vector>

namespace waaft::gke {

using Argv = std::vector<std::string>;

// The context that get-credentials writes into the kubeconfig.
Result<std::string> context_name(const project::Project& project);

Result<Argv> create_cluster(const project::Project& project);
Result<Argv> connect_cluster(const project::Project& project);
// gcloud does not ask; the caller has.
Result<Argv> delete_cluster(const project::Project& project);
// Prints the name of the reserved address `ip`.
Result<Argv> find_address(const project::Project& project, const std::string& ip);
// gcloud does not ask; the caller has.
Result<Argv> release_address(const project::Project& project, const std::string& name);

// The address that the load balancer keeps over destroy and deploy; `name` is its name in the project.
std::string address_name(const project::Project& project);
Result<Argv> reserve_address(const project::Project& project, const std::string& name);
Result<Argv> describe_address(const project::Project& project, const std::string& name);

// GCLOUD_FAILED with gcloud's own reason and what to type, of the last lines that it wrote.
Error explain(const Argv& argv, int exit_code, const std::vector<std::string>& lines);

}  // namespace waaft::gke
