// A real redis-server of a test's own: in a directory of its own, on a port of its own.
//
// Thread: the test's. Ownership: the process ends with the object. Errors: aborts the test (REQUIRE).
#pragma once

#include "server/redis/resp.h"
#include "tests/support/catch.h"
#include "tests/support/free_port.h"
#include "tests/support/temporary_directory.h"

#include <string>
#include <vector>

#include <sys/types.h>

namespace waaft::redis::testing {

// Nothing of Redis's tests can run without it; they say so by name.
bool have_redis();
using waaft::testing::free_port;

class RedisServer {
public:
    using Settings = std::vector<std::string>;  // "--maxmemory", "10mb"

    explicit RedisServer(Settings settings = {});
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
    std::string directory() const { return directory_.path().string(); }
    pid_t process() const { return process_; }

    void start();
    void signal(int number) const;
    void kill_and_wait();  // SIGKILL
    // Writes settings that hold from the next start on.
    void set(Settings settings) { settings_ = std::move(settings); }
    // Until it has loaded what it kept.
    void wait_until_it_answers() const;

private:
    const waaft::testing::TemporaryDirectory directory_;
    const std::uint16_t port_ = free_port();
    Settings settings_;
    pid_t process_ = 0;
};

// One plain blocking connection, to look and to disturb.
class RawRedis {
public:
    explicit RawRedis(std::uint16_t port);
    ~RawRedis();
    RawRedis(const RawRedis&) = delete;
    RawRedis& operator=(const RawRedis&) = delete;

    Reply ask(const std::vector<std::string>& words);
    std::int64_t number(const std::vector<std::string>& words) { return ask(words).integer; }
    std::string text(const std::vector<std::string>& words) { return ask(words).text; }
    // A field of INFO.
    std::string info(const std::string& section, const std::string& field);

private:
    int socket_ = -1;
    ReplyReader reader_;
};

// Skips a test case visibly if there is no redis-server.
#define WAAFT_NEEDS_REDIS()                             \
    if (!waaft::redis::testing::have_redis()) {         \
        WARN("skipped: redis-server is not installed"); \
        return;                                         \
    }

}  // namespace waaft::redis::testing
