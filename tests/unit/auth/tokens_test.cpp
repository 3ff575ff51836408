#include "server/auth/tokens.h"

#include "server/base/bytes.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::auth;
using signaling::Role;

namespace {

const std::string secret_a(32, 'a');
const std::string secret_b = "0123456789abcdef0123456789abcdef";

ResumeToken make_resume() {
    return {"blue-owl", "0123456789abcdef", "k3v9dk3v9dk3v9d0", "Ann \xC3\xA9", Role::speaker, 1700000000123};
}
JoinLink make_link() { return {"link-1", "blue-owl", "life-1", "generation", Role::viewer, "Guest", "office", 2000}; }

}  // namespace

TEST_CASE("a resume token comes back as it was signed") {
    const Signer signer({secret_a});
    const auto token = signer.verify_resume(signer.sign(make_resume()));
    REQUIRE(token.has_value());
    CHECK(token->room == "blue-owl");
    CHECK(token->epoch == "0123456789abcdef");
    CHECK(token->member == "k3v9dk3v9dk3v9d0");
    CHECK(token->name == "Ann \xC3\xA9");
    CHECK(token->role == Role::speaker);
    CHECK(token->joined == 1700000000123);
}

TEST_CASE("a resume token says when it was issued, and one of before does not") {
    const Signer signer({secret_a});
    ResumeToken token = make_resume();
    CHECK(signer.verify_resume(signer.sign(token))->issued == 0);
    token.issued = 1700000000999;
    CHECK(signer.verify_resume(signer.sign(token))->issued == 1700000000999);
}

TEST_CASE("an id of a link is one that was made for that life of the room") {
    const Signer signer({secret_a});
    const std::string id = signer.make_link_id("blue-owl", "life-1");
    CHECK(signer.is_link_id(id, "blue-owl", "life-1"));
    CHECK(Signer({secret_b, secret_a}).is_link_id(id, "blue-owl", "life-1"));
    CHECK_FALSE(Signer({secret_b}).is_link_id(id, "blue-owl", "life-1"));
    CHECK_FALSE(signer.is_link_id(id, "red-owl", "life-1"));
    CHECK_FALSE(signer.is_link_id(id, "blue-owl", "life-2"));
    for (const std::string& other : {std::string(), std::string("x"), std::string(24, 'a'), id.substr(1), id + "0"})
        CHECK_FALSE(signer.is_link_id(other, "blue-owl", "life-1"));
}

// The MAC was computed with Python's hmac module over "resume\n" and the payload.
TEST_CASE("the token's form is the documented one") {
    const std::string known =
        "eyJyIjoiYmx1ZS1vd2wiLCJlIjoiMDEyMzQ1Njc4OWFiY2RlZiIsIm0iOiJrM3Y5ZGszdjlkazN2OWQwIiwibiI6IkFubiDDqSIsIm8iOjEs"
        "ImoiOjE3MDAwMDAwMDAxMjN9.hzlUb0Ov_nasrhsGt6108kisHRRiXUWi6gNGxaDFccE";
    CHECK(Signer({secret_b}).sign(make_resume()) == known);
}

TEST_CASE("a link is valid until it expires") {
    const Signer signer({secret_a});
    const std::string text = signer.sign(make_link());
    const auto link = signer.verify_link(text, 1999);
    REQUIRE(link.has_value());
    CHECK(link->id == "link-1");
    CHECK(link->room == "blue-owl");
    CHECK(link->life == "life-1");
    CHECK(link->host_key == "generation");
    CHECK(link->role == Role::viewer);
    CHECK(link->name == "Guest");
    CHECK(link->key == "office");
    CHECK(link->expires_at == 2000);
    CHECK(signer.verify_link(text, 2000).error() == TokenError::expired);
}

TEST_CASE("a link says when it was made, and one of before does not") {
    const Signer signer({secret_a});
    JoinLink link = make_link();
    CHECK(signer.verify_link(signer.sign(link), 1)->made_at == 0);
    link.made_at = 1700000000123;
    CHECK(signer.verify_link(signer.sign(link), 1)->made_at == 1700000000123);
}

TEST_CASE("the first secret signs and all verify") {
    const std::string by_old = Signer({secret_a}).sign(make_resume());
    const Signer rotated({secret_b, secret_a});
    CHECK(rotated.verify_resume(by_old).has_value());
    CHECK(Signer({secret_b}).verify_resume(rotated.sign(make_resume())).has_value());
    CHECK(Signer({secret_b}).verify_resume(by_old).error() == TokenError::bad_signature);
}

TEST_CASE("a token for one purpose is none for the other") {
    const Signer signer({secret_a});
    CHECK(signer.verify_link(signer.sign(make_resume()), 0).error() == TokenError::bad_signature);
    CHECK(signer.verify_resume(signer.sign(make_link())).error() == TokenError::bad_signature);
}

TEST_CASE("what is not a token is refused with its reason") {
    const Signer signer({secret_a});
    const std::string good = signer.sign(make_resume());
    const std::size_t dot = good.find('.');
    const struct {
        const char* name;
        std::string token;
        TokenError error;
    } cases[] = {
        {"empty", "", TokenError::malformed},
        {"no dot", good.substr(0, dot), TokenError::malformed},
        {"only a dot", ".", TokenError::bad_signature},
        {"no signature", good.substr(0, dot + 1), TokenError::bad_signature},
        {"two dots", good + ".x", TokenError::malformed},
        {"not base64url", "***." + good.substr(dot + 1), TokenError::malformed},
        {"signature not base64url", good.substr(0, dot + 1) + "+/", TokenError::malformed},
        {"short signature", good.substr(0, good.size() - 3), TokenError::bad_signature},
        {"too long", std::string(5000, 'A') + "." + good.substr(dot + 1), TokenError::malformed},
        {"another payload", to_base64url(as_bytes("{}")) + good.substr(dot), TokenError::bad_signature},
        {"NUL bytes", std::string(64, '\0'), TokenError::malformed},
    };
    for (const auto& test : cases) {
        INFO(test.name);
        CHECK(signer.verify_resume(test.token).error() == test.error);
    }
}

TEST_CASE("no byte of a token can be changed") {
    const Signer signer({secret_a});
    const std::string good = signer.sign(make_resume());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        if (signer.verify_resume(bad).has_value()) FAIL("byte " << i);
    }
}

// FIPS 180-4's "abc", and the empty text.
TEST_CASE("SHA-256 in hexadecimal") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("constant-time comparison") {
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time("abc", "abc"));
    CHECK_FALSE(equal_constant_time("abc", "abd"));
    CHECK_FALSE(equal_constant_time("abc", "abcd"));
    CHECK_FALSE(equal_constant_time("", "a"));
}
