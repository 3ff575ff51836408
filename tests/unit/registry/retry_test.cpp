#include "cmd/registry/retry.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::registry;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("waits double up to a cap, with jitter, and end") {
    const TimePoint now{seconds(100)};
    Retry retry({.attempts = 5, .base = milliseconds(500), .cap = seconds(2)});
    const Duration bounds[] = {milliseconds(500), seconds(1), seconds(2), seconds(2)};
    for (const auto bound : bounds) CHECK(retry.failed(now, {}, 0.5) == now + bound / 2);
    CHECK_FALSE(retry.failed(now, {}, 0.5));
}

TEST_CASE("after progress the next failure is a first one") {
    const TimePoint now{};
    Retry retry({.attempts = 2});
    for (int i = 0; i < 10; ++i) {
        CHECK(retry.failed(now, {}, 0));
        retry.progressed();
    }
    CHECK(retry.failed(now, {}, 0));
    CHECK_FALSE(retry.failed(now, {}, 0));
}

TEST_CASE("the registry's wish counts, unless it is too long") {
    const TimePoint now{};
    Retry retry({.attempts = 9});
    CHECK(retry.failed(now, seconds(30), 0.9) == now + seconds(30));
    CHECK(retry.failed(now, Duration::zero(), 0) == now);
    CHECK_FALSE(retry.failed(now, seconds(121), 0));
}

TEST_CASE("Retry-After is seconds or a date") {
    constexpr UnixMs now = 1'700'000'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT
    CHECK(parse_retry_after("7", now) == Duration(seconds(7)));
    CHECK(parse_retry_after("Tue, 14 Nov 2023 22:13:30 GMT", now) == Duration(seconds(10)));
    CHECK(parse_retry_after("Tue, 14 Nov 2023 22:13:10 GMT", now) == Duration::zero());
    for (const char* text : {"", "-1", "1.5", "soon", "99999999999", "Tue, 99 Foo 2023 22:13:10 GMT"}) {
        INFO(text);
        CHECK_FALSE(parse_retry_after(text, now));
    }
}

TEST_CASE("which answers may be better later") {
    for (const int status : {408, 425, 429, 500, 502, 503, 504}) CHECK(is_passing(status));
    for (const int status : {200, 201, 301, 400, 401, 403, 404, 405, 413, 416, 501, 507})
        CHECK_FALSE(is_passing(status));
}
