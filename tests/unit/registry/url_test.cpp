#include "cmd/registry/url.h"
#include "tests/support/catch.h"

using namespace waaft::registry;

TEST_CASE("addresses are resolved as the RFC has it") {
    const std::string base = "https://host:5000/v2/a/blobs/uploads/?x=1#y";
    const struct {
        std::string location, wanted;
    } rows[] = {
        {"https://other/x?state=a%2Bb", "https://other/x?state=a%2Bb"},
        {"http://other/x", "http://other/x"},
        {"http://host:5000/x", "https://host:5000/x"},  // a proxy before it does the TLS
        {"http://host:50/x", "http://host:50/x"},
        {"//other/x", "https://other/x"},
        {"/x?y", "https://host:5000/x?y"},
        {"uuid", "https://host:5000/v2/a/blobs/uploads/uuid"},
        {"?z=2", "https://host:5000/v2/a/blobs/uploads/?z=2"},
        {"/x#fragment", "https://host:5000/x"},
        {"", ""},
        {"///x", ""},
        {"ftp://other/x", ""},
        {"file:///etc/passwd", ""},
        {"https://user@other/x", ""},
        {"/x y", ""},
        {"/x\r\nHeader: y", ""},
    };
    for (const auto& row : rows) {
        INFO(row.location);
        CHECK(resolve_url(base, row.location) == row.wanted);
    }
    CHECK(resolve_url("nonsense", "/x").empty());
    CHECK(resolve_url("https://host", "x") == "https://host/x");
}

TEST_CASE("origins, queries and escapes") {
    CHECK(origin_of("https://host:1/x") == "https://host:1");
    CHECK(origin_of("http://host?x") == "http://host");
    CHECK(origin_of("https:///x").empty());
    CHECK(origin_of("gopher://host/").empty());
    CHECK(origin_of("HTTPS://Host:443/x") == "https://host");
    CHECK(origin_of("http://host.:80") == "http://host");
    CHECK(origin_of("https://[2001:DB8:0::1]:5000/x") == "https://[2001:db8::1]:5000");
    CHECK(origin_of("https://user@host/").empty());
    CHECK(add_query("https://h/x", "digest", "sha256:ab") == "https://h/x?digest=sha256%3Aab");
    CHECK(add_query("https://h/x?a=b", "c", "d e") == "https://h/x?a=b&c=d%20e");
    CHECK(percent_encode("aZ0-._~/\xff") == "aZ0-._~%2F%FF");
}
