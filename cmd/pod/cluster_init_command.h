// `waaft cluster-init`: the step before the server in every pod.
//
// Thread: main. Ownership: the Command owns its options. Errors: see cluster_init.h and kube_api.h;
// file_unwritable for the folder of --out.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command cluster_init_command(const Environment& environment);

}  // namespace waaft::cmd
