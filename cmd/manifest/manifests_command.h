// `waaft manifests`: the Kubernetes objects of a project, on stdout or into a folder.
//
// Thread: main. Ownership: values. Errors: see cmd/command.h. No cluster is asked and no value of a
// secret is read. JSON: {"schema":"waaft.manifests/1","result":"ok","objects":[...],"notes":["..."]},
// with --output-dir {"folder","written":["..."],"removed":["..."]} instead of the objects.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command manifests_command(const Environment& environment);

}  // namespace waaft::cmd
