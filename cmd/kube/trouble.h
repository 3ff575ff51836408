// What keeps one pod, or the pods of one ReplicaSet, from running, and how long that may go on before it counts.
//
// Thread: any, no state. Ownership: values. Units: durations. Errors: none; an unknown state is no trouble.
// Source: the kubelet's waiting reasons and events of Kubernetes 1.28-1.34, containerd's pull errors; fixtures of a
// real cluster in tests/data/rollout.
#pragma once

#include "cmd/kube/fields.h"
#include "cmd/ui/causes.h"
#include "server/base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace waaft::kube {

using cmd::Cause;

struct Trouble {
    Cause cause;
    // How long it must last without a break before nobody should wait any longer; nullopt: it is no doom, however
    // long it lasts (a node that is being added).
    std::optional<Duration> patience;
    bool wants_log = false;
    bool previous_log = false;  // of the container before the one that runs now
};

// `events`: all of the namespace.
std::optional<Trouble> trouble_of_pod(const Object& pod, const Objects& events);
// Pods that cannot even be made: quota, Pod Security, a missing service account.
std::optional<Trouble> trouble_of_replica_set(const Object& replica_set, const Objects& events, bool others_drain);

// The cause code of a failed pull, by the words of the container runtime and the registry.
std::string_view pull_code(std::string_view message);
// "exit code 137: killed, out of memory".
std::string exit_sentence(std::int64_t exit_code, std::string_view reason);

// "FailedScheduling: 0/1 nodes ... (x3)", newest last, of one object; without what says that all is well.
std::vector<std::string> events_of(const Objects& events, std::string_view uid);

}  // namespace waaft::kube
