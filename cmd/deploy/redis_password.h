// The password of the Redis that is deployed along: made once, before its pod is.
//
// Thread: main. Ownership: none. Errors: those of kube/api.h. Secrets: the value goes from here into the Secret
// NAME-cluster and is not kept; the first pod of the server would make it else (pod/cluster_init.h), and Redis wait for
// that. Keys: `redis.password`, and `redis.conf` with the same as Redis reads it.
#pragma once

#include "cmd/kube/api.h"
#include "server/base/result.h"

#include <string>

namespace waaft::deploy {

Result<void> make_redis_password(kube::Api& api, const std::string& name);

}  // namespace waaft::deploy
