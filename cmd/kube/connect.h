// Which cluster and namespace a command means, and the way there.
//
// Thread: main. Ownership: values; the Api is the caller's. Errors: CONTEXT_UNNAMED when nobody said which cluster,
// with what there is; interrupted; those of read_contexts() and Api::open(). kubectl's "current" context is never taken
// silently: it is asked for on a terminal, or it must be named. The namespace always has a name in the Project.
#pragma once

#include "cmd/kube/api.h"
#include "cmd/project/project.h"
#include "cmd/ui/progress.h"

#include <memory>

namespace waaft::kube {

// cluster.context of waaft.yaml or --context; else the one context of a kubeconfig that was named; else the current
// one if a person says yes.
Result<Target> choose_target(const project::Project& project, const cmd::CommonFlags& flags,
                             const cmd::Streams& streams, const os::Interrupt* interrupt);

Result<std::unique_ptr<Api>> connect(const project::Project& project, const cmd::CommonFlags& flags,
                                     const cmd::Streams& streams, const os::Interrupt* interrupt);

}  // namespace waaft::kube
