#include "cmd/registry/reference.h"
#include "tests/support/catch.h"

using namespace waaft;
using namespace waaft::registry;

namespace {

const std::string hex64(64, 'a');

}  // namespace

TEST_CASE("names are read by Docker's rules") {
    const std::string digest = "sha256:" + hex64;
    const struct {
        std::string text, host, repository, tag, digest;
    } rows[] = {
        {"debian", "docker.io", "library/debian", "", ""},
        {"debian:12", "docker.io", "library/debian", "12", ""},
        {"org/waaft:1.2", "docker.io", "org/waaft", "1.2", ""},
        {"docker.io/waaft", "docker.io", "library/waaft", "", ""},
        {"index.docker.io/org/waaft", "docker.io", "org/waaft", "", ""},
        {"localhost/waaft", "localhost", "waaft", "", ""},
        {"localhost:5000/waaft:v1", "localhost:5000", "waaft", "v1", ""},
        {"Registry/waaft", "Registry", "waaft", "", ""},
        {"127.0.0.1:5000/a/b/c@" + digest, "127.0.0.1:5000", "a/b/c", "", digest},
        {"[::1]:5000/waaft", "[::1]:5000", "waaft", "", ""},
        {"example.org/a__b/c-.d", "", "", "", ""},
        {"example.org/a__b/c--d.e:1@" + digest, "example.org", "a__b/c--d.e", "1", digest},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        const auto read = parse_reference(row.text);
        REQUIRE(read.has_value() != row.host.empty());
        if (!read) continue;
        CHECK(read->host == row.host);
        CHECK(read->repository == row.repository);
        CHECK(read->tag == row.tag);
        CHECK(read->digest == row.digest);
        const auto again = parse_reference(read->text());
        REQUIRE(again.has_value());
        CHECK(*again == *read);
    }
}

TEST_CASE("names that are none are refused, each with its reason") {
    const struct {
        std::string text;
        ReferenceError error;
    } rows[] = {
        {"", ReferenceError::empty},
        {std::string(300, 'a'), ReferenceError::too_long},
        {"host:port/waaft", ReferenceError::host},
        {"-bad.org/waaft", ReferenceError::host},
        {"bad..org/waaft", ReferenceError::host},
        {"[::1/waaft", ReferenceError::host},
        {"example.org:123456/waaft", ReferenceError::host},
        {"org/Waaft", ReferenceError::upper_case},
        {"org//waaft", ReferenceError::repository},
        {"org/waaft/", ReferenceError::repository},
        {"/waaft", ReferenceError::repository},
        {"org/a___b", ReferenceError::repository},
        {"org/a..b", ReferenceError::repository},
        {"org/wa aft", ReferenceError::repository},
        {hex64, ReferenceError::hex_name},
        {"org/waaft:", ReferenceError::tag},
        {"org/waaft:-1", ReferenceError::tag},
        {"org/waaft:" + std::string(129, '1'), ReferenceError::tag},
        {"org/waaft@sha256:abc", ReferenceError::digest},
        {"org/waaft@md5:" + hex64, ReferenceError::digest},
        {"org/waaft@", ReferenceError::digest},
    };
    for (const auto& row : rows) {
        INFO(row.text);
        const auto read = parse_reference(row.text);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error() == row.error);
        CHECK_FALSE(describe(read.error()).empty());
    }
}

TEST_CASE("Docker Hub's registry has another name than its images") {
    CHECK(parse_reference("org/waaft")->endpoint() == "registry-1.docker.io");
    CHECK(parse_reference("example.org/waaft")->endpoint() == "example.org");
}

TEST_CASE("only a registry of this machine may do without TLS") {
    for (const char* host : {"localhost", "localhost:5000", "127.0.0.1:5000", "127.8.9.1", "[::1]:5000"})
        CHECK(is_loopback(host));
    for (const char* host : {"example.org", "127.example.org", "128.0.0.1", "localhost.example.org", "[::2]"})
        CHECK_FALSE(is_loopback(host));
}
