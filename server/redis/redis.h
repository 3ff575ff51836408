// Rooms that several servers share, kept in one Redis: store::SharedStore over two connections.
//
// Thread: one of its own for sockets, answers and the listener; calls come from any thread. close() and the
// destructor join it, so they are not for that thread. Ownership: the listener outlives the store.
// Units: bytes, milliseconds. Errors: Error with the codes below at start, StoreError afterwards; each `away` is
// followed by on_connection(false), and by on_connection(true) once Redis is back and checked again.
// Bounds: queue_max calls and bytes under way; what was told of a room that is just being opened:
// held.h. Source: Redis 7.0, without anything that Valkey 8 lacks; RESP2.
#pragma once

#include "server/base/result.h"
#include "server/store/shared.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace waaft::redis {

struct RedisOptions {
    std::string url;       // redis://host:port[/db] or rediss://; 6379 if there is no port
    std::string ca_file;   // rediss: whom to believe; empty: the system's authorities
    std::string user;      // empty: Redis's default user
    std::string password;  // empty: none
    std::string prefix = "waaft";
    std::string server;  // 16 of [0-9a-z], another one for each process
    // Fingerprints of the cluster's secret that hold here, the one in use first. All servers that are alive under one
    // prefix must have one in common.
    std::vector<std::string> secrets;
    // What Redis must promise before it answers. `memory`: nothing.
    enum class Ack : std::uint8_t { fsync, memory } ack = Ack::fsync;
    std::uint32_t tail_max = 1000;            // records of a snapshot
    std::uint32_t chat_keep_messages = 2000;  // records of a room; 0: no limit
    Duration nonce_keep = std::chrono::minutes(10);
    Budget::Max queue_max{};
    Duration deadline = std::chrono::seconds(5);  // Redis counts as away if it is silent for so long
};

struct RedisStatus {
    std::string version;
    bool up = false;
    double latency_ms = 0;  // of the last sign of life, each two seconds
    std::uint64_t used_memory = 0;
    std::uint64_t max_memory = 0;  // 0: no limit
    std::string appendonly;        // "yes", "no"
    std::string appendfsync;       // "always", "everysec", "no"; empty: it could not be asked
    std::uint64_t requests = 0;    // commands sent
    std::uint64_t told = 0;        // messages received
    std::uint64_t reconnects = 0;
    std::uint64_t unreadable = 0;  // records, rooms and messages that were not understood
    std::size_t waiting = 0;
    std::string trouble;  // why it is not up
};

class RedisStore : public store::SharedStore {
public:
    // Any thread.
    virtual RedisStatus status() const = 0;
};

// Connects and checks; on_connection(true) comes before it returns. Errors (Error.code): redis_url, redis_tls,
// redis_away, redis_password, redis_rights, redis_version, redis_mode, redis_replica, redis_policy, redis_durability,
// redis_foreign, redis_newer, redis_secret, redis_full.
Result<std::unique_ptr<RedisStore>> open_redis(RedisOptions options, store::SharedListener& listener);

}  // namespace waaft::redis
