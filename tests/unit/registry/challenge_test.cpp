#include "cmd/registry/challenge.h"
#include "tests/support/catch.h"

using namespace waaft::registry;

TEST_CASE("challenges are read as registries write them") {
    using List = std::vector<Challenge>;
    const struct {
        std::string header;
        List wanted;
    } rows[] = {
        {"", {}},
        {"Basic realm=\"Registry Realm\"", {{"basic", {{"realm", "Registry Realm"}}}}},
        {R"(Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push")",
         {{"bearer",
           {{"realm", "https://auth.example/token"},
            {"service", "registry.example"},
            {"scope", "repository:a/b:pull,push"}}}}},
        {"BEARER Realm=x , Service = y", {{"bearer", {{"realm", "x"}, {"service", "y"}}}}},
        {R"(Basic realm="a, b", Bearer realm="c")", {{"basic", {{"realm", "a, b"}}}, {"bearer", {{"realm", "c"}}}}},
        {R"(Bearer realm="a \"quoted\" word")", {{"bearer", {{"realm", "a \"quoted\" word"}}}}},
        {"Negotiate, Basic realm=x", {{"negotiate", {}}, {"basic", {{"realm", "x"}}}}},
        {R"(Bearer error="insufficient_scope",realm="r)", {{"bearer", {{"error", "insufficient_scope"}}}}},
        {",,, \t", {}},
        {"=x, Basic realm=y", {{"basic", {{"realm", "y"}}}}},
    };
    for (const auto& row : rows) {
        INFO(row.header);
        CHECK(parse_challenges(row.header) == row.wanted);
    }
}

TEST_CASE("endless challenges end") {
    std::string header;
    for (int i = 0; i < 100; ++i) header += "Scheme" + std::to_string(i) + " a=b, ";
    CHECK(parse_challenges(header).size() == 8);
    std::string parameters = "Bearer a0=b";
    for (int i = 1; i < 100; ++i) parameters += ", a" + std::to_string(i) + "=b";
    CHECK(parse_challenges(parameters).front().parameters.size() == 16);
    CHECK(parse_challenges("Bearer realm=\"" + std::string(100'000, 'x')).front().parameters.empty());
}
