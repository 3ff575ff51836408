// A redis-server of one's own that appends and syncs before it answers, and questions to it.
//
// Thread: one; each question waits for its answer, 10 s at most. Ownership: the process and its folder end with it.
// Units: bytes, milliseconds. Errors: Failed (steps.h), also where redis-server is not installed.
// Source: Redis 7.0, its commands INFO, KEYS and MEMORY USAGE.
#pragma once

#include "cmd/bench/steps.h"
#include "server/redis/resp.h"

#include <string>
#include <string_view>
#include <vector>

namespace waaft::bench {

class OwnRedis {
public:
    explicit OwnRedis(int core);
    ~OwnRedis();
    OwnRedis(const OwnRedis&) = delete;
    OwnRedis& operator=(const OwnRedis&) = delete;

    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
    redis::Reply ask(const redis::Command& command);
    // The number that follows `field` in INFO's section: "used_memory:", "cmdstat_smembers:calls="; 0 if there is none.
    double info(std::string_view section, std::string_view field);
    // How long `count` SETs take, one after the other: the way there, the write and its fsync.
    std::vector<double> time_sets(std::size_t count);
    // MEMORY USAGE of all keys that match.
    double bytes_of(std::string_view pattern);

private:
    bool connect();

    load::TemporaryFolder folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<load::Server> process_;
    int socket_ = -1;
    redis::ReplyReader reader_;
};

}  // namespace waaft::bench
