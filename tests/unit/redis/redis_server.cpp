#include "tests/unit/redis/redis_server.h"

#include "server/base/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace waaft::redis::testing {
namespace {

constexpr const char* program = "/usr/bin/redis-server";
constexpr auto redis_patience = std::chrono::seconds(60);

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int try_connect(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

bool have_redis() { return std::filesystem::exists(program); }

// The log begins before there are threads: it is the process's own.
RedisServer::RedisServer(Settings settings) : settings_(std::move(settings)) {
    static const bool quiet = (log::start(log::Format::human, log::Level::error), true);
    static_cast<void>(quiet);
    start();
}

RedisServer::~RedisServer() { kill_and_wait(); }

void RedisServer::start() {
    std::vector<std::string> words{program,
                                   "--port",
                                   std::to_string(port_),
                                   "--dir",
                                   directory(),
                                   "--bind",
                                   "127.0.0.1",
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "yes",
                                   "--appendfsync",
                                   "always",
                                   "--logfile",
                                   directory() + "/log",
                                   "--repl-diskless-sync-delay",
                                   "0"};
    words.insert(words.end(), settings_.begin(), settings_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execv(program, arguments.data());
        ::_exit(127);
    }
    wait_until_it_answers();
}

void RedisServer::wait_until_it_answers() const {
    const auto end = std::chrono::steady_clock::now() + redis_patience;
    const auto answers = [&] {
        const int fd = try_connect(port_);
        if (fd < 0) return false;
        ::close(fd);
        return !RawRedis(port_).ask({"PING"}).text.starts_with("LOADING");
    };
    while (!answers()) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        REQUIRE(::waitpid(process_, nullptr, WNOHANG) == 0);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void RedisServer::signal(int number) const { ::kill(process_, number); }

void RedisServer::kill_and_wait() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
}

RawRedis::RawRedis(std::uint16_t port) : socket_(try_connect(port)) { REQUIRE(socket_ >= 0); }

RawRedis::~RawRedis() { ::close(socket_); }

Reply RawRedis::ask(const std::vector<std::string>& words) {
    Command command(words.at(0));
    for (std::size_t i = 1; i < words.size(); ++i) command.add(words[i]);
    std::string bytes;
    command.write_to(bytes);
    for (std::size_t sent = 0; sent < bytes.size();) {
        const auto some = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        REQUIRE(some > 0);
        sent += static_cast<std::size_t>(some);
    }
    Reply reply;
    while (reader_.next(reply) != ReplyReader::Next::reply) {
        std::array<char, 65536> buffer{};
        const auto some = ::recv(socket_, buffer.data(), buffer.size(), 0);
        REQUIRE(some > 0);
        reader_.feed({buffer.data(), static_cast<std::size_t>(some)});
    }
    return reply;
}

std::string RawRedis::info(const std::string& section, const std::string& field) {
    const std::string all = "\n" + text({"INFO", section});
    const auto at = all.find("\n" + field + ":");
    if (at == std::string::npos) return {};
    const auto begin = at + field.size() + 2;
    return all.substr(begin, all.find_first_of("\r\n", begin) - begin);
}

}  // namespace waaft::redis::testing
