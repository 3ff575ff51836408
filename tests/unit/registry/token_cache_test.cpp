#include "cmd/registry/token_cache.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::registry;
using std::chrono::seconds;

TEST_CASE("a token service's answer is read") {
    const struct {
        std::string body, token;
        int lifetime;
    } rows[] = {
        {R"({"token":"abc"})", "abc", 60},
        {R"({"access_token":"abc","expires_in":300})", "abc", 300},
        {R"({"token":"first","access_token":"second","expires_in":5})", "first", 5},
        {R"({"token":"abc","expires_in":-1})", "abc", 0},
        {R"({"token":"abc","expires_in":1e30})", "abc", 60},
        {R"({"token":"abc","expires_in":999999999})", "abc", 86400},
        {R"({"token":"abc","expires_in":"soon"})", "abc", 60},
        {R"({"token":""})", "", 0},
        {R"({"token":5})", "", 0},
        {R"({"token":"a\r\nX-Header: b"})", "", 0},
        {"[]", "", 0},
        {"<html>", "", 0},
    };
    for (const auto& row : rows) {
        INFO(row.body);
        const auto token = parse_token(row.body);
        REQUIRE(token.has_value() != row.token.empty());
        if (!token) continue;
        CHECK(token->value == row.token);
        CHECK(token->lifetime == seconds(row.lifetime));
    }
    CHECK_FALSE(parse_token(R"({"token":")" + std::string(70'000, 'x') + "\"}").has_value());
}

TEST_CASE("a token is renewed before it ends") {
    const TimePoint now{seconds(1000)};
    TokenCache cache;
    CHECK_FALSE(cache.get("a", now));
    cache.put("a", {"long", seconds(300)}, now);
    CHECK(cache.get("a", now + seconds(284)) == "long");
    CHECK_FALSE(cache.get("a", now + seconds(285)));  // 15 s are left
    cache.put("b", {"short", seconds(8)}, now);
    CHECK(cache.get("b", now + seconds(5)) == "short");
    CHECK_FALSE(cache.get("b", now + seconds(6)));  // a quarter is left
    cache.put("c", {"dead", seconds(0)}, now);
    CHECK_FALSE(cache.get("c", now));
}

TEST_CASE("only the token that was refused is forgotten") {
    const TimePoint now{};
    TokenCache cache;
    cache.put("a", {"new", seconds(60)}, now);
    cache.forget("a", "old");
    CHECK(cache.get("a", now) == "new");
    cache.forget("a", "new");
    CHECK_FALSE(cache.get("a", now));
}

TEST_CASE("the cache does not grow without end") {
    const TimePoint now{};
    TokenCache cache;
    for (int i = 0; i < 1000; ++i) cache.put(std::to_string(i), {"t", seconds(60)}, now);
    int kept = 0;
    for (int i = 0; i < 1000; ++i) kept += cache.get(std::to_string(i), now) ? 1 : 0;
    CHECK(kept == static_cast<int>(TokenCache::entries_max));
}
