#include "cmd/pod/await_listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

namespace waaft::pod {
namespace {

constexpr std::chrono::milliseconds attempt_time{2000};
constexpr std::chrono::milliseconds look_pause{500};

struct Socket {
    explicit Socket(int number) : fd(number) {}
    ~Socket() {
        if (fd >= 0) close(fd);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int fd;
};

// Empty: it took the connection.
std::string try_address(const addrinfo& address) {
    const Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.fd < 0) return std::strerror(errno);
    if (connect(socket.fd, address.ai_addr, address.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return std::strerror(errno);
    pollfd waiting{socket.fd, POLLOUT, 0};
    if (poll(&waiting, 1, static_cast<int>(attempt_time.count())) <= 0) return "no answer";
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::string() : std::strerror(error);
}

std::string try_once(const std::string& host, const std::string& port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); error != 0)
        return gai_strerror(error);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
    std::string why;
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
        why = try_address(*each);
        if (why.empty()) return {};
    }
    return why;
}

}  // namespace

Result<void> await_listener(const std::string& place, Duration patience) {
    const auto colon = place.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == place.size())
        return Error{"usage_await", "--await takes HOST:PORT, not \"" + place + "\""};
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        const auto why = try_once(place.substr(0, colon), place.substr(colon + 1));
        if (why.empty()) return {};
        if (std::chrono::steady_clock::now() >= end)
            return Error{"await_timeout", "nothing listens there: " + why, place,
                         "see the pods of that Service, and that no NetworkPolicy stands between"};
        std::this_thread::sleep_for(look_pause);
    }
}

}  // namespace waaft::pod
