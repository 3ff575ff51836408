// Reads from a cluster what a Report is made of: two rounds of requests through one kubectl proxy, whatever
// the number of pods.
//
// Thread: main; waits for the answers. Ownership: values. Bounds: 2 s for a pod's own answer, which never
// holds up the rest for longer. Errors: those of kube::Api that make all the rest useless (no cluster, no sign-in,
// interrupted, no right to see Deployment or pods); single other parts that may not be read are in View::refused.
#pragma once

#include "cmd/kube/api.h"
#include "cmd/project/project.h"
#include "cmd/status/report.h"

#include <map>
#include <string>

namespace waaft::status {

// "%3D" for "=" and so on, as a value in a query.
std::string query_value(std::string_view text);
// The path of all objects of a kind that belong to the Deployment `name`.
std::string labelled(const kube::Api& api, const kube::Kind& kind, std::string_view name);

Result<View> collect(kube::Api& api, const project::Project& project);

// Asks the pods of `view` again, and turns what they count into rates; for a View that was just collected, after
// some time.
void measure_again(kube::Api& api, View& view);
// The rates against an earlier View.
void add_rates(View& view, const View& before);

}  // namespace waaft::status
