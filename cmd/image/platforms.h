// For which processors an image is made if nobody said: those of the nodes that will run it.
//
// Thread: main. Ownership: values. Bounds: three seconds for the question to the cluster. Errors: what
// Interrupt::error() says; a cluster that is not named or does not answer is no error, then it is this machine.
// Source: NodeSystemInfo of Kubernetes (operatingSystem, architecture).
#pragma once

#include "cmd/os/interrupt.h"
#include "cmd/project/project.h"
#include "server/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::image {

struct PlatformChoice {
    std::vector<std::string> platforms;  // sorted; empty: what the builder makes by itself
    std::string why;                     // "no cluster is named"
};

// Asks the cluster that waaft.yaml or a flag names; kubectl's current one is not taken.
Result<PlatformChoice> choose_platforms(const project::Project& project, const os::Interrupt& interrupt);

// Of lines such as "linux/arm64", one for each node; each once, without what no image of ours is for.
std::vector<std::string> platforms_of_nodes(std::string_view lines);

}  // namespace waaft::image
