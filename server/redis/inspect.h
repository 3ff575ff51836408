// A look at a Redis from outside: may it be used, by the same questions that a server asks at its start.
//
// Thread: the caller's, which waits. Ownership: values. Bounds: RedisOptions::deadline for each step of connecting and
// for each round of questions. Errors: those of open_redis() but redis_newer and redis_secret: nothing is written
// that stays longer than a minute, and nobody's rooms are looked at.
#pragma once

#include "server/base/result.h"
#include "server/redis/redis.h"

namespace waaft::redis {

Result<RedisStatus> inspect_redis(const RedisOptions& options);

}  // namespace waaft::redis
