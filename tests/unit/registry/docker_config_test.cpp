#include "cmd/registry/docker_config.h"
#include "cmd/registry/credentials.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

#include <boost/json/parse.hpp>

#include <sys/stat.h>

using namespace waaft;
using namespace waaft::registry;
using waaft::testing::TemporaryDirectory;
using waaft::testing::write_file;

namespace {

// A helper as Docker's are: says one answer, and writes down what it was asked.
void write_helper(const TemporaryDirectory& directory, const std::string& name, const std::string& body) {
    const auto path = directory.file("docker-credential-" + name);
    write_file(path, "#!/bin/sh\ncat > " + directory.file("asked") + "\n" + body + "\n");
    ::chmod(path.c_str(), 0755);
}

// PATH for the time of a test.
class Path {
public:
    explicit Path(const std::string& first) : before_(std::getenv("PATH")) {
        ::setenv("PATH", (first + ":" + before_).c_str(), 1);
    }
    ~Path() { ::setenv("PATH", before_.c_str(), 1); }
    Path(const Path&) = delete;
    Path& operator=(const Path&) = delete;

private:
    std::string before_;
};

Result<Credentials> found(const TemporaryDirectory& directory, const std::string& host) {
    Access access;
    access.environment = {{"DOCKER_CONFIG", directory.path().string()}};
    return find_credentials(host, access, nullptr);
}

}  // namespace

TEST_CASE("Docker's file is read, whatever the host is written as") {
    const auto config = parse_docker_config(R"({"auths": {
        "https://index.docker.io/v1/": {"auth": "YTpi"},
        "r.example:5000": {"auth": "bmFtZTpwYTpzcw=="},
        "https://other.example/v2/": {"username": "u", "password": "p"},
        "token.example": {"identitytoken": "refresh"},
        "empty.example": {},
        "odd.example": {"auth": "!!!"}, "odder.example": 5},
      "credsStore": "pass", "credHelpers": {"gcr.io": "gcloud"}, "other": 1})",
                                            "config.json");
    REQUIRE(config.has_value());
    CHECK(config->logins.size() == 4);
    CHECK(config->logins.at("docker.io").user == "a");
    CHECK(config->logins.at("r.example:5000").password == "pa:ss");
    CHECK(config->logins.at("other.example").user == "u");
    CHECK(config->logins.at("token.example").refresh_token == "refresh");
    CHECK(config->helper_of("gcr.io") == "gcloud");
    CHECK(config->helper_of("r.example:5000") == "pass");
    CHECK(parse_docker_config("", "f").has_value());
    CHECK(parse_docker_config("[]", "f").error().code == "docker_config");
    CHECK(parse_docker_config("{", "f").error().where == "f");
}

TEST_CASE("a login is added and all else is kept") {
    const auto text =
        with_login(R"({"auths":{"a":{"auth":"x"}},"currentContext":"c"})", "f", "docker.io", {"u", "p:w", {}});
    REQUIRE(text.has_value());
    const auto json = boost::json::parse(*text);
    CHECK(json.at("currentContext") == "c");
    CHECK(json.at("auths").at("a").at("auth") == "x");
    CHECK(json.at("auths").at("https://index.docker.io/v1/").at("auth") == "dTpwOnc=");
    CHECK(parse_docker_config(*text, "f")->logins.at("docker.io").password == "p:w");
    CHECK_FALSE(with_login("nonsense", "f", "h", {"u", "p", {}}).has_value());
}

TEST_CASE("base64 as Basic authorization has it") {
    const struct {
        std::string plain, packed;
    } rows[] = {{"", ""}, {"a", "YQ=="}, {"ab", "YWI="}, {"abc", "YWJj"}, {"\xfb\xff", "+/8="}};
    for (const auto& row : rows) {
        CHECK(to_base64(row.plain) == row.packed);
        CHECK(from_base64(row.packed) == row.plain);
    }
    CHECK_FALSE(from_base64("a-b_"));
    CHECK_FALSE(from_base64("*"));
}

TEST_CASE("nobody, without a file") {
    const TemporaryDirectory directory;
    const auto nobody = found(directory, "r.example");
    REQUIRE(nobody.has_value());
    CHECK(nobody->login.empty());
    CHECK(nobody->origin == directory.file("config.json"));
}

TEST_CASE("a credential helper is asked as Docker asks it") {
    const TemporaryDirectory directory;
    const Path path(directory.path().string());
    write_file(directory.file("config.json"), R"({"credHelpers":{"r.example":"test"}})");
    write_helper(directory, "test", R"(echo '{"ServerURL":"r.example","Username":"u","Secret":"s"}')");
    const auto known = found(directory, "r.example");
    REQUIRE(known.has_value());
    CHECK(known->login.user == "u");
    CHECK(known->login.password == "s");
    CHECK(known->origin == "docker-credential-test");
    CHECK(waaft::testing::read_file(directory.file("asked")) == "r.example\n");

    write_helper(directory, "test", R"(echo '{"Username":"<token>","Secret":"refresh"}')");
    CHECK(found(directory, "r.example")->login.refresh_token == "refresh");
    write_helper(directory, "test", "echo 'credentials not found in native keychain'; exit 1");
    CHECK(found(directory, "r.example")->login.empty());
    write_helper(directory, "test", "echo locked >&2; exit 3");
    CHECK(found(directory, "r.example").error().code == "credential_helper");
    write_helper(directory, "test", "echo nonsense");
    CHECK(found(directory, "r.example").error().code == "credential_helper");
}

TEST_CASE("a helper that is not there, or is no name of one, is told") {
    const TemporaryDirectory directory;
    write_file(directory.file("config.json"), R"({"credsStore":"nowhere-to-be-found"})");
    const auto missing = found(directory, "r.example");
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().hint.find("waaft login r.example") != std::string::npos);
    write_file(directory.file("config.json"), R"({"credsStore":"../../bin/sh"})");
    CHECK(found(directory, "r.example").error().code == "credential_helper");
    // What was logged in by file counts even so.
    write_file(directory.file("config.json"),
               R"({"credsStore":"nowhere-to-be-found","auths":{"r.example":{"auth":"YTpi"}}})");
    CHECK(found(directory, "r.example")->login.user == "a");
}

TEST_CASE("waaft.yaml's password comes first") {
    const TemporaryDirectory directory;
    Access access;
    access.folder = directory.path().string();
    access.user = "robot";
    access.password.file = "secret";
    write_file(directory.file("secret"), "pw\n");
    const auto credentials = find_credentials("r.example", access, nullptr);
    REQUIRE(credentials.has_value());
    CHECK(credentials->login.password == "pw");
    access.user.clear();
    CHECK(find_credentials("r.example", access, nullptr).error().code == "config_registry");
    access.user = "robot";
    access.password = {};
    CHECK(find_credentials("r.example", access, nullptr).error().code == "config_registry");
}
