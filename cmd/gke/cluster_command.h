// `waaft cluster create|connect|address|delete`: a cluster on GKE and its address, made, found and removed by gcloud.
//
// Thread: main. Ownership: values. Bounds: 30 minutes for each command of gcloud, or --timeout.
// Errors: config_*, usage_yes, usage_save, process_not_found (gcloud is not installed), GCLOUD_FAILED with its last
// lines, interrupted. Source: gcloud.h.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command cluster_command(const Environment& environment);

}  // namespace waaft::cmd
