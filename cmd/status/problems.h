// What is wrong with a deployment, or will be soon, each with a cause code of cmd/ui/causes.h.
//
// Thread: any, no state. Ownership: values. Units: times of the cluster's clock. Errors: none.
#pragma once

#include "cmd/kube/diagnose.h"
#include "cmd/status/report.h"

#include <vector>

namespace waaft::status {

std::vector<Problem> problems_of_rollout(const View& view, const kube::Verdict& verdict, const Report& report);

// Those of pods that run, of the autoscaler, the address and the certificate, and what could not be read.
void add_problems(Report& report, const View& view, UnixMs now);

}  // namespace waaft::status
