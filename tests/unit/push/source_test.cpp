#include "cmd/push/source.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace waaft;
using namespace waaft::push;
using waaft::testing::TemporaryDirectory;
using waaft::testing::write_file;

TEST_CASE("--from names an engine's image, a folder or an archive") {
    const TemporaryDirectory directory;
    write_file(directory.file("image.tar"), "x");
    const auto engine = parse_source("docker:org/waaft:1.2");
    REQUIRE(engine.has_value());
    CHECK(engine->kind == Source::Kind::engine);
    CHECK(engine->place == "org/waaft:1.2");
    CHECK(parse_source(directory.path().string())->kind == Source::Kind::layout);
    CHECK(parse_source(directory.file("image.tar"))->kind == Source::Kind::archive);
    for (const char* text : {"", "docker:", "/nowhere/at/all", "/dev/null"}) {
        INFO(text);
        const auto nothing = parse_source(text);
        REQUIRE_FALSE(nothing.has_value());
        CHECK(nothing.error().code == "usage_from");
    }
}

TEST_CASE("the newer image is taken, and none is told") {
    const struct {
        std::optional<std::int64_t> layout, engine;
        std::string place;
    } rows[] = {
        {100, {}, "build/image"},  {{}, 100, "a:1"}, {100, 99, "build/image"},
        {100, 100, "build/image"}, {99, 100, "a:1"}, {{}, {}, ""},
    };
    for (const auto& row : rows) {
        const auto source = choose({row.layout, "build/image"}, {row.engine, "a:1"});
        REQUIRE(source.has_value() != row.place.empty());
        if (source) CHECK(source->place == row.place);
        if (!source) CHECK(source.error().code == "IMAGE_NOT_FOUND");
    }
}

TEST_CASE("a layout says which version it is") {
    const TemporaryDirectory directory;
    const auto version = [&](const std::string& index) {
        write_file(directory.file("index.json"), index);
        return version_of_layout(directory.path().string());
    };
    CHECK(version(R"({"manifests":[{"annotations":{"org.opencontainers.image.ref.name":"1.2"}}]})") == "1.2");
    for (const char* index : {"", "[]", "{}", R"({"manifests":[]})", R"({"manifests":[{"annotations":5}]})",
                              R"({"manifests":[{"annotations":{"org.opencontainers.image.ref.name":5}}]})"}) {
        INFO(index);
        CHECK(version(index).empty());
    }
    CHECK(version_of_layout("/nowhere").empty());
}
