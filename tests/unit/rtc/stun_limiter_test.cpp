#include "server/rtc/stun_limiter.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using namespace waaft;
using namespace waaft::rtc;

namespace {

SocketAddress limited_v4(std::uint32_t number, std::uint16_t port = 1) {
    SocketAddress address;
    for (std::size_t i = 0; i < 4; ++i) address.ip[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i) & 0xFFU);
    address.port = port;
    return address;
}
SocketAddress limited_v6(std::uint8_t network, std::uint8_t host) {
    SocketAddress address;
    address.v6 = true;
    address.ip[7] = network;
    address.ip[15] = host;
    return address;
}
int allowed(StunLimiter& limiter, const SocketAddress& from, TimePoint now, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += limiter.allow(from, now) ? 1 : 0;
    return count;
}
const TimePoint start = TimePoint(1000h);

}  // namespace

TEST_CASE("a burst, then the rate") {
    StunLimiter limiter(50, 100, 1);
    CHECK(allowed(limiter, limited_v4(1), start, 1000) == 100);
    CHECK(allowed(limiter, limited_v4(1), start + 10ms, 1000) == 0);
    CHECK(allowed(limiter, limited_v4(1), start + 20ms, 1000) == 1);
    CHECK(allowed(limiter, limited_v4(1), start + 1020ms, 1000) == 50);
    CHECK(allowed(limiter, limited_v4(1), start + 24h, 1000) == 100);
    // A request each millisecond for a minute: the rate, not a fraction of it lost to rounding.
    int count = 0;
    for (int ms = 1; ms <= 60000; ++ms)
        count += allowed(limiter, limited_v4(1), start + 24h + std::chrono::milliseconds(ms), 1);
    CHECK(count == 3000);
}

TEST_CASE("addresses don't share, ports and an IPv6 /64 do") {
    StunLimiter limiter(1, 2, 1);
    CHECK(allowed(limiter, limited_v4(1, 1), start, 10) == 2);
    CHECK(allowed(limiter, limited_v4(1, 2), start, 10) == 0);
    CHECK(allowed(limiter, limited_v4(2), start, 10) == 2);
    CHECK(allowed(limiter, limited_v6(1, 1), start, 10) == 2);
    CHECK(allowed(limiter, limited_v6(1, 2), start, 10) == 0);
    CHECK(allowed(limiter, limited_v6(2, 1), start, 10) == 2);
}

TEST_CASE("time that stands still or goes back gives nothing") {
    StunLimiter limiter(1000, 1, 1);
    CHECK(allowed(limiter, limited_v4(1), start, 10) == 1);
    CHECK(allowed(limiter, limited_v4(1), start - 1h, 10) == 0);
}

TEST_CASE("many addresses, one table") {
    StunLimiter limiter(1, 1, 42);
    // Half of the table in use: those who asked last are known, but for the few whose set is crowded.
    for (std::uint32_t i = 0; i < StunLimiter::entries_max / 2; ++i)
        limiter.allow(limited_v4(i), start + std::chrono::microseconds(i));
    int forgotten = 0;
    for (std::uint32_t i = 0; i < StunLimiter::entries_max / 2; ++i)
        forgotten += allowed(limiter, limited_v4(i), start + 40ms, 1);
    CHECK(forgotten < static_cast<int>(StunLimiter::entries_max / 2 / 10));
    // A flood from a million addresses: who keeps on asking stays limited.
    StunLimiter flooded(10, 1, 42);
    int count = 0;
    TimePoint now = start;
    for (std::uint32_t i = 0; i < 1'000'000; ++i) {
        now += 1us;
        flooded.allow(limited_v4(1000 + i), now);
        if (i % 1000 == 0) count += allowed(flooded, limited_v4(1), now, 1);
    }
    CHECK(count >= 10);
    CHECK(count <= 30);
}
