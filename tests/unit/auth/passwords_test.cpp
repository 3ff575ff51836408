#include "server/auth/passwords.h"
#include "tests/support/catch.h"

#include <future>
#include <vector>

using waaft::auth::PasswordPool;

namespace {

std::string hash(PasswordPool& pool, const std::string& password) {
    std::promise<std::string> answer;
    REQUIRE(pool.hash(password, [&](auto encoded) { answer.set_value(*encoded); }));
    return answer.get_future().get();
}
bool verify(PasswordPool& pool, const std::string& password, const std::string& encoded) {
    std::promise<bool> answer;
    REQUIRE(pool.verify(password, encoded,
                        [&](auto matches) { answer.set_value(matches == waaft::auth::PasswordVerdict::right); }));
    return answer.get_future().get();
}

}  // namespace

TEST_CASE("a password matches its hash and no other") {
    PasswordPool pool(1, 8);
    const std::string password("owl \0 \xF0\x9F\xA6\x89", 10);
    const std::string encoded = hash(pool, password);
    CHECK(encoded.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    CHECK(verify(pool, password, encoded));
    CHECK_FALSE(verify(pool, password.substr(0, 4), encoded));
    CHECK_FALSE(verify(pool, "", encoded));
    CHECK(hash(pool, password) != encoded);
    CHECK(verify(pool, "", hash(pool, "")));
}

// Made with argon2(1), the reference implementation's program: see the vectors in its test.c for
// "password" and "somesalt" (version 0x13, t=2, m=2^16, p=1).
TEST_CASE("a known hash is verified") {
    PasswordPool pool(1, 8);
    const std::string known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    CHECK(verify(pool, "password", known));
    CHECK_FALSE(verify(pool, "Password", known));
}

TEST_CASE("what is no hash matches nothing") {
    PasswordPool pool(1, 8);
    for (const char* encoded :
         {"", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$",
          "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"}) {
        INFO(encoded);
        CHECK_FALSE(verify(pool, "password", encoded));
    }
}

TEST_CASE("a full queue is said at once, and the pool ends while calls wait") {
    std::promise<void> running;
    std::promise<void> go_on;
    PasswordPool pool(1, 2);
    // The one thread is held in this answer.
    REQUIRE(pool.hash("a", [&](const auto&) {
        running.set_value();
        go_on.get_future().wait();
    }));
    running.get_future().wait();
    const auto count = [](const auto&) {};
    CHECK(pool.verify("b", "x", count));
    CHECK(pool.verify("c", "x", count));
    CHECK_FALSE(pool.verify("d", "x", count));
    CHECK_FALSE(pool.hash("e", [](const auto&) {}));
    go_on.set_value();
}
