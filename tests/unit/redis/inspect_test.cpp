// A look at a Redis says what a server would say at its start, and leaves nothing that stays.
#include "server/redis/inspect.h"

#include "tests/unit/redis/store_harness.h"

#include <csignal>

using namespace waaft;
using namespace waaft::redis;
using namespace waaft::redis::testing;
using namespace std::chrono_literals;

namespace {

std::string refusal_of(const RedisOptions& options) {
    const auto seen = inspect_redis(options);
    return seen ? std::string() : seen.error().code;
}

}  // namespace

TEST_CASE("a good Redis is described, and is as it was before") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    const auto seen = inspect_redis(options_of(redis.url()));
    REQUIRE(seen.has_value());
    CHECK(seen->up);
    CHECK_FALSE(seen->version.empty());
    CHECK(seen->appendonly == "yes");
    CHECK(seen->appendfsync == "always");
    CHECK(seen->used_memory > 0);
    // What the trial counted and kept to recognise a repeat goes by itself.
    for (const auto& key : raw.ask({"KEYS", "*"}).items) {
        INFO(key.text);
        CHECK(raw.ask({"PTTL", key.text}).integer > 0);
        CHECK(raw.ask({"PTTL", key.text}).integer <= 60'000);
    }
}

TEST_CASE("what makes a Redis unfit is seen from outside too") {
    WAAFT_NEEDS_REDIS();
    RedisServer redis;
    RawRedis raw(redis.port());
    auto options = options_of(redis.url());
    const auto set = [&](const std::string& name, const std::string& value) {
        REQUIRE(raw.text({"CONFIG", "SET", name, value}) == "OK");
    };
    set("maxmemory-policy", "allkeys-lru");
    CHECK(refusal_of(options) == "redis_policy");
    set("maxmemory-policy", "noeviction");
    set("appendfsync", "everysec");
    CHECK(refusal_of(options) == "redis_durability");
    options.ack = RedisOptions::Ack::memory;
    CHECK(refusal_of(options).empty());
    set("appendfsync", "always");
    options.ack = RedisOptions::Ack::fsync;
    options.password = "none-is-set";
    CHECK(refusal_of(options) == "redis_password");
    options.password.clear();
    REQUIRE(raw.text({"ACL", "SETUSER", "small", "on", ">p", "~waaft:*", "&waaft:*", "+@all", "-zadd"}) == "OK");
    options.user = "small";
    options.password = "p";
    CHECK(refusal_of(options) == "redis_rights");
    options = options_of(redis.url());
    raw.ask({"REPLICAOF", "127.0.0.1", "1"});
    CHECK(refusal_of(options) == "redis_replica");
    raw.ask({"REPLICAOF", "NO", "ONE"});
    options.deadline = 300ms;
    redis.signal(SIGSTOP);
    CHECK(refusal_of(options) == "redis_away");
    redis.signal(SIGCONT);
    options.url = "redis://127.0.0.1:" + std::to_string(free_port());
    CHECK(refusal_of(options) == "redis_away");
    options.url = "http://127.0.0.1";
    CHECK(refusal_of(options) == "redis_url");
}
