#include "tests/history/redis_call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

namespace waaft::history {

Result<std::string> redis_call(std::uint16_t port, const std::string& command) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval second{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    const sockaddr_in name{
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    std::array<char, 8192> answer;
    ssize_t size = -1;
    const std::string line = command + "\r\n";
    if (connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
        send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
        size = recv(fd, answer.data(), answer.size(), 0);
    }
    ::close(fd);
    if (size <= 0) return Error{"redis", "Redis does not answer", "port " + std::to_string(port), {}};
    return std::string(answer.data(), static_cast<std::size_t>(size));
}

}  // namespace waaft::history
