// Follows a rollout in the cluster until it has succeeded, is doomed, or the time is over.
//
// Thread: main; waits. Ownership: borrows the Work. Errors: in Watched::causes for what the cluster shows, as Error
// for what keeps us from looking (interrupted, CLUSTER_UNREACHABLE for longer than unreachable_max, LOCKED lost).
#pragma once

#include "cmd/deploy/lease.h"
#include "cmd/kube/api.h"
#include "cmd/kube/diagnose.h"
#include "cmd/ui/progress.h"

#include <functional>
#include <string>
#include <vector>

namespace waaft::deploy {

// For what changes a cluster, unless --timeout says else.
inline constexpr std::chrono::minutes time_allowed{15};

// What all steps of one command share.
struct Work {
    kube::Api& api;
    cmd::Progress& progress;
    const os::Interrupt& interrupt;
    std::string name;    // of the Deployment
    TimePoint deadline;  // of the whole command
    Lock* lock = nullptr;
    std::function<void()> on_turn = {};  // each second of waiting; may be empty
};

// Renews the lock, shows that time goes on, sleeps a second.
Result<void> take_turn(Work& work);

struct Watched {
    kube::Standing standing = kube::Standing::progressing;  // still that: the time was over
    std::vector<kube::Cause> causes;                        // with the last lines of logs
    std::string waiting_for;
    kube::Snapshot snapshot;                                // the last one, for the evidence
    std::vector<std::pair<std::string, std::string>> logs;  // "pod/container", the whole tail
};

Result<Watched> watch_rollout(Work& work);
// Until the autoscaler can scale; the first samples take a minute. Doomed: HPA_NO_METRICS.
Result<Watched> watch_autoscaler(Work& work);
// The address of each Service of `objects` that shall have one, in their order: an IP or a host name. LB_PENDING.
Result<std::vector<std::string>> await_addresses(Work& work, const kube::Objects& objects);
// Until no pod of the deployment is left: each may take its grace period, so that people can leave. TIMEOUT.
Result<void> await_pods_gone(Work& work);
// Until there is no such object; false: it is still there at the deadline, and the cluster goes on by itself.
Result<bool> await_gone(Work& work, const std::string& path);

}  // namespace waaft::deploy
