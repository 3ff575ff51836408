#include "cmd/bench/own_redis.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <thread>

namespace waaft::bench {
namespace {

using redis::Command;
using redis::Reply;

constexpr int answer_timeout_ms = 10'000;

[[noreturn]] void fail(std::string what, std::string hint = {}) {
    throw Failed{{"bench_redis", std::move(what), {}, std::move(hint)}};
}

std::string program() {
    const char* const path = std::getenv("PATH");
    std::string_view left = path != nullptr ? path : "/usr/bin";
    while (!left.empty()) {
        const std::string_view folder = left.substr(0, left.find(':'));
        std::string file = std::string(folder) + "/redis-server";
        if (access(file.c_str(), X_OK) == 0) return file;
        left.remove_prefix(std::min(folder.size() + 1, left.size()));
    }
    fail("redis-server is not installed", "apt-get install redis-server");
}

sockaddr_in loopback(std::uint16_t port) {
    return {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
}

// Redis takes no port 0; nobody else takes this one in the moment between.
std::uint16_t free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    const bool bound = bind(fd, raw, size) == 0 && getsockname(fd, raw, &size) == 0;
    close(fd);
    if (!bound) fail("there is no free port");
    return ntohs(address.sin_port);
}

}  // namespace

OwnRedis::OwnRedis(int core) : port_(free_port()) {
    process_ = need(load::Server::launch(
        {.program = program(),
         .arguments = {"--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir", folder_.path(), "--save", "",
                       "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"},
         .log_file = folder_.path() + "/log",
         .core = core}));
    const TimePoint give_up = Clock::now() + std::chrono::seconds(20);
    while (!connect()) {
        if (process_->has_ended() || Clock::now() > give_up) fail("redis-server did not start");
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

OwnRedis::~OwnRedis() {
    if (socket_ >= 0) close(socket_);
}

bool OwnRedis::connect() {
    if (socket_ >= 0) close(socket_);
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Reply OwnRedis::ask(const Command& command) {
    std::string bytes;
    command.write_to(bytes);
    if (send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
        fail("Redis takes no command");
    std::array<char, 65536> buffer;
    Reply reply;
    while (reader_.next(reply) != redis::ReplyReader::Next::reply) {
        pollfd waited{.fd = socket_, .events = POLLIN, .revents = 0};
        if (poll(&waited, 1, answer_timeout_ms) <= 0) fail("Redis does not answer");
        const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
        if (size <= 0) fail("Redis does not answer");
        reader_.feed({buffer.data(), static_cast<std::size_t>(size)});
    }
    if (reply.is(Reply::Kind::error)) fail("Redis says: " + reply.text);
    return reply;
}

double OwnRedis::info(std::string_view section, std::string_view field) {
    const std::string text = "\n" + ask(Command("INFO").add(section)).text;
    const auto at = text.find("\n" + std::string(field));
    double value = 0;
    if (at != std::string::npos) std::from_chars(text.data() + at + 1 + field.size(), text.data() + text.size(), value);
    return value;
}

std::vector<double> OwnRedis::time_sets(std::size_t count) {
    std::vector<double> times;
    const std::string value(300, 'x');
    for (std::size_t i = 0; i < count; ++i) {
        const TimePoint start = Clock::now();
        ask(Command("SET").add("bench").add(value));
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    ask(Command("DEL").add("bench"));
    return times;
}

double OwnRedis::bytes_of(std::string_view pattern) {
    double bytes = 0;
    for (const Reply& key : ask(Command("KEYS").add(pattern)).items) {
        bytes += static_cast<double>(
            ask(Command("MEMORY").add("USAGE").add(key.text).add("SAMPLES").add(std::uint64_t{0})).integer);
    }
    return bytes;
}

}  // namespace waaft::bench
