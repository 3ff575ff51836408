#include "cmd/pod/await_listener.h"
#include "tests/support/catch.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace waaft;
using namespace waaft::pod;
using namespace std::chrono_literals;

TEST_CASE("a port that listens ends the wait, one that does not is named with its reason") {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const auto place = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    const auto refused = await_listener(place, 0s);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "await_timeout");
    CHECK(refused.error().where == place);
    CHECK(refused.error().what.find("refused") != std::string::npos);
    REQUIRE(listen(listener, 1) == 0);
    CHECK(await_listener(place, 0s).has_value());
    close(listener);
    CHECK(await_listener("name.invalid:1", 0s).error().code == "await_timeout");
    for (const auto* wrong : {"", ":1", "host", "host:"})
        CHECK(await_listener(wrong, 0s).error().code == "usage_await");
}
