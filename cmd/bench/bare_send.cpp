#include "cmd/bench/bare_send.h"

#include "cmd/bench/worker.h"
#include "cmd/load/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace waaft::bench {
namespace {

constexpr int receivers = 1000;
constexpr std::size_t sink_bytes = 256 * 1024;

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "bare send");
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

double cpu_now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The other process: reads everything until the sender closes.
boost::json::object read_all(const sockaddr_in& address, bool sleeps) {
    const Descriptor poll(epoll_create1(EPOLL_CLOEXEC));
    std::vector<Descriptor> sockets;
    for (int i = 0; i < receivers; ++i) {
        sockets.emplace_back(socket(AF_INET, SOCK_STREAM, 0));
        const int fd = sockets.back().get();
        if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
        fcntl(fd, F_SETFL, O_NONBLOCK);
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event);
    }
    std::vector<char> sink(sink_bytes);
    std::array<epoll_event, 256> events;
    while (true) {
        const TimePoint next = Clock::now() + (sleeps ? Duration::zero() : read_pause);
        while (Clock::now() < next) {
        }
        const int ready = epoll_wait(poll.get(), events.data(), static_cast<int>(events.size()), sleeps ? -1 : 0);
        for (int i = 0; i < ready; ++i) {
            if (read(events[static_cast<std::size_t>(i)].data.fd, sink.data(), sink.size()) == 0) return {};
        }
    }
}

std::vector<Descriptor> accept_all(int listener) {
    std::vector<Descriptor> sockets;
    for (int i = 0; i < receivers; ++i) {
        sockets.emplace_back(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        const int on = 1;
        setsockopt(sockets.back().get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return sockets;
}

double send_all(const std::vector<Descriptor>& sockets, const BareSendOptions& options) {
    std::string frame(options.frame_bytes, 'x');
    std::vector<iovec> parts(options.frames, iovec{frame.data(), frame.size()});
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const TimePoint start = Clock::now();
    const TimePoint end = start + options.duration;
    const double before = cpu_now();
    double sent = 0;
    for (unsigned round = 0; Clock::now() < end; ++round) {
        if (options.rounds_per_second > 0) {
            std::this_thread::sleep_until(start + Duration(std::chrono::seconds(round)) / options.rounds_per_second);
        }
        for (const auto& socket : sockets) {
            const ssize_t bytes = sendmsg(socket.get(), &message, MSG_NOSIGNAL);
            if (bytes > 0) sent += static_cast<double>(bytes) / static_cast<double>(options.frame_bytes);
        }
    }
    return sent / (cpu_now() - before);
}

// Gives the process its cores back.
class Pinned {
public:
    explicit Pinned(unsigned core) {
        sched_getaffinity(0, sizeof before_, &before_);
        load::pin_to_core(0, core);
    }
    ~Pinned() { sched_setaffinity(0, sizeof before_, &before_); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

private:
    cpu_set_t before_{};
};

}  // namespace

Result<double> bare_frames_per_core_second(const BareSendOptions& options) {
    try {
        const Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
        socklen_t size = sizeof address;
        if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            listen(listener.get(), receivers) != 0 ||
            getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::system_error(errno, std::generic_category(), "bare send");
        }
        Worker reader(options.reader_core, [&](const Worker::Emit&) {
            return read_all(address, options.reader_core == options.sender_core);
        });
        const auto sockets = accept_all(listener.get());
        const Pinned pinned(options.sender_core);
        return send_all(sockets, options);
    } catch (const std::system_error& error) {
        return Error{"bare_send", std::string("the bare send loop failed: ") + error.what(), {}, {}};
    }
}

}  // namespace waaft::bench
