#include "cmd/registry/failure.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::registry;

namespace {

HttpAnswer answer(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    return {status, std::move(headers), std::move(body)};
}

Asking asking(const std::string& image, const std::string& user = "") {
    return {*parse_reference(image), user, "config.json", true};
}

std::string registry_error(const std::string& code, const std::string& message = "words") {
    return R"({"errors":[{"code":")" + code + R"(","message":")" + message + R"(","detail":null}]})";
}

}  // namespace

TEST_CASE("answers of registries become a code, their words and what to type") {
    const auto insufficient =
        std::pair<std::string, std::string>("www-authenticate", R"(Bearer realm="r",error="insufficient_scope")");
    const struct {
        HttpAnswer answer;
        std::string image, user, code, what, hint;
    } rows[] = {
        {answer(401, registry_error("UNAUTHORIZED")), "r.example/a", "", "REGISTRY_AUTH", "without credentials",
         "waaft login r.example --user NAME --password-stdin < FILE"},
        {answer(401, registry_error("UNAUTHORIZED")), "r.example/a", "robot", "REGISTRY_AUTH",
         "as robot (from config.json)", "is the password right?"},
        {answer(401, "", {insufficient}), "r.example/a", "robot", "REGISTRY_DENIED", "as robot", "ask the registry's"},
        {answer(403, registry_error("DENIED")), "europe-docker.pkg.dev/p/r/a", "u", "REGISTRY_DENIED",
         "403 DENIED: words", "roles/artifactregistry.writer"},
        {answer(403, ""), "org/a", "u", "REGISTRY_DENIED", "403", "not \"org\""},
        {answer(404, registry_error("NAME_UNKNOWN")), "r.example/a", "u", "UPLOAD_FAILED",
         "does not know the repository a", "made first"},
        {answer(400, registry_error("NAME_INVALID")), "r.example/a", "u", "UPLOAD_FAILED", "does not take such a name",
         "made first"},
        {answer(413, "<html>"), "r.example/a", "u", "UPLOAD_FAILED", "as large as the upload", "client_max_body_size"},
        {answer(429, ""), "r.example/a", "u", "UPLOAD_FAILED", "fewer requests", "wait"},
        {answer(500, R"({"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"Err":28}}]})"), "r.example/a",
         "u", "UPLOAD_FAILED", "has no room", "free space"},
        {answer(507, ""), "r.example/a", "u", "UPLOAD_FAILED", "has no room", "free space"},
        {answer(500, ""), "r.example/a", "u", "UPLOAD_FAILED", "failed at the upload: 500", "own log"},
    };
    for (const auto& row : rows) {
        INFO(row.answer.status << " " << row.answer.body);
        const auto error = error_of(asking(row.image, row.user), "the upload", row.answer);
        CHECK(error.code == row.code);
        CHECK_THAT(error.what, Catch::Matchers::ContainsSubstring(row.what));
        CHECK_THAT(error.hint, Catch::Matchers::ContainsSubstring(row.hint));
        CHECK(error.where == parse_reference(row.image)->text());
    }
}

TEST_CASE("lost connections become a code and what to type") {
    using Kind = Lost::Kind;
    const struct {
        Kind kind;
        std::string code, hint;
    } rows[] = {
        {Kind::name, "REGISTRY_UNREACHABLE", "spelt"},
        {Kind::connect, "REGISTRY_UNREACHABLE", "firewall"},
        {Kind::timeout, "REGISTRY_UNREACHABLE", "later"},
        {Kind::cut, "PUSH_INTERRUPTED", "goes on"},
        {Kind::plain_http, "REGISTRY_UNREACHABLE", "http"},
        {Kind::tls, "REGISTRY_UNREACHABLE", "ca"},
        {Kind::interrupted, "interrupted", ""},
        {Kind::other, "UPLOAD_FAILED", ""},
    };
    for (const auto& row : rows) {
        const auto error = error_of(asking("r.example/a"), "the upload", Lost{row.kind, "words"});
        CHECK(error.code == row.code);
        CHECK_THAT(error.hint, Catch::Matchers::ContainsSubstring(row.hint));
    }
}

TEST_CASE("a stranger's words cannot write to the terminal, nor without end") {
    const auto words = registry_words(answer(500, registry_error("X", "\\u001b[31mred\\u0007")));
    CHECK(words.find('\033') == std::string::npos);
    CHECK(registry_words(answer(500, registry_error("X", std::string(10'000, 'y')))).size() < 500);
    CHECK(registry_words(answer(502, "bad gateway\nmore", {{"content-type", "text/plain"}})) == "502 bad gateway");
    CHECK(registry_words(answer(502, "<html>")) == "502");
    CHECK(registry_words(answer(401, R"({"details":"incorrect username or password"})")) ==
          "401 incorrect username or password");
}
