// The project as all sources together say it: flag over WAAFT_* over waaft.<env>.yaml over waaft.yaml
// over the defaults.
//
// Thread: main. Ownership: values. Errors: all that were found, each with its place (file:line:column,
// variable or flag): those of parse.h and config_text.h, config_conflict, usage_environment.
// Variables and flags of the server's settings are not read here: they are those of the machine that
// runs `waaft serve`, and the cluster gets what the file says.
#pragma once

#include "cmd/command.h"
#include "cmd/project/project.h"

#include <memory>
#include <vector>

namespace waaft::project {

Result<Loaded, cmd::Errors> load(const Flags& flags, const cmd::Environment& environment);

// The context that gcloud's get-credentials writes for a cluster on GKE, which load() takes where none is named:
// "gke_PROJECT_ZONE_NAME"; empty: not on GKE, or one of the three is missing.
std::string gke_context(const Project::Cluster& cluster);

// The fields that have a flag: --context, -n/--namespace, --image-repository ... They write into
// `flags->values`. --config and -e are among the common_options() of cmd/ui; the command copies them.
std::vector<cmd::Option> project_options(const std::shared_ptr<Flags>& flags);

}  // namespace waaft::project
