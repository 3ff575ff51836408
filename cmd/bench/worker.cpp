#include "cmd/bench/worker.h"

#include "cmd/load/process.h"

#include <boost/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>

namespace waaft::bench {
namespace {

namespace json = boost::json;

void write_line(int fd, const json::object& object) {
    const std::string line = json::serialize(object) + "\n";
    for (std::size_t sent = 0; sent < line.size();) {
        const ssize_t size = write(fd, line.data() + sent, line.size() - sent);
        if (size <= 0) _exit(1);
        sent += static_cast<std::size_t>(size);
    }
}

[[noreturn]] void be_worker(int fd, unsigned core, const std::function<json::object(const Worker::Emit&)>& work) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    load::pin_to_core(0, core);
    try {
        write_line(fd, work([fd](const json::object& object) { write_line(fd, object); }));
    } catch (const std::exception& error) {
        write_line(fd, {{"error", error.what()}});
    }
    _exit(0);  // nothing of the parent's is flushed or destroyed twice
}

}  // namespace

Worker::Worker(unsigned core, const std::function<json::object(const Emit&)>& work) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    pid_ = fork();
    if (pid_ == 0) {
        close(ends[0]);
        be_worker(ends[1], core, work);
    }
    close(ends[1]);
    pipe_ = ends[0];
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

Worker::~Worker() {
    close(pipe_);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

void Worker::interrupt() const { kill(pid_, SIGTERM); }

Result<json::object> Worker::next(Duration timeout) {
    const TimePoint give_up = Clock::now() + timeout;
    std::array<char, 4096> buffer;
    auto end = read_.find('\n');
    while (end == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(give_up - Clock::now()).count();
        pollfd waited{.fd = pipe_, .events = POLLIN, .revents = 0};
        if (left <= 0 || poll(&waited, 1, static_cast<int>(left)) <= 0) {
            return Error{"worker", "a measuring process did not answer in time", {}, {}};
        }
        const ssize_t size = read(pipe_, buffer.data(), buffer.size());
        if (size <= 0) return Error{"worker", "a measuring process ended early", {}, {}};
        read_.append(buffer.data(), static_cast<std::size_t>(size));
        end = read_.find('\n');
    }
    boost::system::error_code error;
    const json::value value = json::parse(read_.substr(0, end), error);
    read_.erase(0, end + 1);
    if (error || !value.is_object()) return Error{"worker", "a measuring process wrote no JSON", {}, {}};
    if (const auto* const failed = value.get_object().if_contains("error")) {
        return Error{"worker", json::value_to<std::string>(*failed), {}, {}};
    }
    return value.get_object();
}

}  // namespace waaft::bench
