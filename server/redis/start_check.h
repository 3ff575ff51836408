// What is asked of a Redis before it is used, and what of its answers makes it unfit.
//
// Thread: any, no state. Ownership: values. Units: bytes. Errors: Error with the codes that redis.h lists.
// Source: INFO, CONFIG GET, ACL of Redis 7.0.
#pragma once

#include "server/base/result.h"
#include "server/redis/commands.h"
#include "server/redis/redis.h"
#include "server/redis/url.h"

#include <span>
#include <string>
#include <vector>

namespace waaft::redis {

struct Memory {
    std::uint64_t used = 0;
    std::uint64_t max = 0;  // 0: no limit
};
// Of INFO's text.
Memory read_memory(std::string_view info);

struct Facts {
    std::string version;
    Memory memory;
    std::string appendonly;
    std::string appendfsync;      // empty: CONFIG is forbidden
    bool rewrite_pauses = false;  // no fsync while the file is rewritten
    Origin origin;
};

// Signing in; empty if there is nothing to say.
std::vector<Command> sign_in(const RedisOptions& options, const RedisUrl& url);
Result<void> judge_sign_in(const RedisOptions& options, const RedisUrl& url, std::span<const Reply> replies);

// What kind of Redis it is, and the scripts; one command after the other.
std::vector<Command> questions();
Result<Facts> judge_answers(const RedisOptions& options, const RedisUrl& url, std::span<const Reply> replies);

// Whose rooms are under the prefix. `replaced`: another secret's, but none of its servers is alive.
struct Mark {
    bool replaced = false;
};
Result<Mark> judge_mark(const RedisOptions& options, const RedisUrl& url, const Reply& reply);

// A room's whole life, to see that every right is there.
std::vector<Command> trial(const Commands& commands, const RedisOptions& options);
Result<void> judge_trial(const RedisOptions& options, const RedisUrl& url, std::span<const Reply> replies);

// Why a reply means that this Redis is of no use now: not the writable one, still loading, its scripts forgotten.
bool means_away(const Reply& reply);
// Neither memory nor disk takes more.
bool means_full(const Reply& reply);

}  // namespace waaft::redis
