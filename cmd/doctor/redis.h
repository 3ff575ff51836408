// Somebody else's Redis: may the rooms be kept there?
//
// Thread: main; waits for Redis. Ownership: values. Errors: none, they are the Check. Secrets: the password is read
// from its source and kept for the question alone. Asked is from this machine; where it is not reached, or its password
// is in the cluster alone, the pods say how they find it.
#pragma once

#include "cmd/command.h"
#include "cmd/doctor/check.h"
#include "cmd/kube/api.h"
#include "cmd/os/interrupt.h"
#include "cmd/project/project.h"
#include "cmd/status/statusz.h"
#include "server/redis/redis.h"

namespace waaft::doctor {

// `api`: nullptr if no cluster can be asked.
Check check_redis(kube::Api* api, const project::Project& project, const cmd::Environment& environment,
                  const os::Interrupt* interrupt);

// The pure parts.
Check judge_seen_from_here(const Result<redis::RedisStatus>& seen, const std::string& address);
// `why`: it was not asked from here.
Check judge_seen_by_pods(const std::vector<status::Live>& pods, const std::string& why);

}  // namespace waaft::doctor
