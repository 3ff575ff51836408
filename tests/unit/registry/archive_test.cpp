#include "cmd/registry/docker_archive.h"
#include "cmd/registry/layout.h"
#include "cmd/registry/tar_index.h"
#include "tests/support/catch.h"
#include "tests/unit/registry/images.h"

using namespace waaft;
using namespace waaft::registry;
using namespace waaft::testing;

namespace {

Result<std::map<std::string, TarFile>, Malformed> index_of(const std::string& bytes) {
    return index_tar(
        [&](std::uint64_t at, std::size_t size) { return at < bytes.size() ? bytes.substr(at, size) : std::string(); });
}

// An engine's archive before 25: layers are plain tar, shared ones are links.
std::string docker_archive(const TemporaryDirectory& directory, const std::string& name) {
    const std::string folder = directory.file(name);
    std::filesystem::create_directories(folder + "/one");
    std::filesystem::create_directories(folder + "/two");
    write_file(folder + "/config.json", R"({"os":"linux","architecture":"amd64","config":{"Labels":{"a":"b"}}})");
    write_file(folder + "/one/layer.tar", std::string(300'000, 'x'));
    std::filesystem::create_symlink("../one/layer.tar", folder + "/two/layer.tar");
    write_file(folder + "/manifest.json",
               R"([{"Config":"config.json","RepoTags":["a:1"],"Layers":["one/layer.tar","two/layer.tar"]}])");
    pack(folder, folder + ".tar", "gnu");
    return folder + ".tar";
}

Result<std::string> layout_of(const std::string& archive, const std::string& folder) {
    SilentProgress progress;
    return layout_of_archive(archive, folder, *progress, nullptr);
}

}  // namespace

TEST_CASE("files in a tar archive are found, whoever wrote it") {
    const TemporaryDirectory directory;
    const std::string folder = directory.file("in");
    const std::string deep = std::string(90, 'd') + "/" + std::string(90, 'e') + "/" + std::string(90, 'f');
    std::filesystem::create_directories(folder + "/" + deep);
    write_file(folder + "/" + deep + "/file", "deep");
    write_file(folder + "/empty", "");
    write_file(folder + "/large", std::string(100'000, 'l'));
    std::filesystem::create_symlink("large", folder + "/link");
    for (const char* format : {"gnu", "pax"}) {
        INFO(format);
        pack(folder, directory.file("a.tar"), format);
        const auto bytes = testing::read_file(directory.file("a.tar"));
        const auto files = index_of(bytes);
        REQUIRE(files.has_value());
        CHECK(files->size() == 4);
        CHECK(bytes.substr(files->at(deep + "/file").offset, files->at(deep + "/file").size) == "deep");
        CHECK(files->at("empty").size == 0);
        CHECK(files->at("large").size == 100'000);
        CHECK(files->at("link").link == "large");
        // Cut at any header it is told, or holds fewer files; never read outside.
        for (std::size_t at = 1; at < bytes.size(); at += 509) static_cast<void>(index_of(bytes.substr(0, at)));
    }
    const os::ProcessSpec dotted{.argv = {"tar", "-cf", directory.file("a.tar"), "-C", folder, "./././empty"}};
    REQUIRE(os::run(dotted, nullptr)->ok());
    CHECK(index_of(testing::read_file(directory.file("a.tar")))->contains("empty"));
    CHECK_FALSE(index_of(std::string(512, 'x')).has_value());
    CHECK_FALSE(index_of("short").has_value());
    CHECK(index_of("")->empty());
}

TEST_CASE("an engine's archive becomes a layout, the same each time") {
    const TemporaryDirectory directory;
    const auto archive = docker_archive(directory, "saved");
    const auto first = layout_of(archive, directory.file("1"));
    REQUIRE(first.has_value());
    const auto layout = read_layout(*first);
    REQUIRE(layout.has_value());
    CHECK(layout->platforms == std::vector<std::string>{"linux/amd64"});
    CHECK(layout->blobs.size() == 2);  // the shared layer once
    CHECK(layout->blobs.front().descriptor.media_type == media_type::oci_layer_gzip);
    CHECK(layout->blobs.front().descriptor.size < 10'000);
    const auto second = layout_of(archive, directory.file("2"));
    REQUIRE(second.has_value());
    CHECK(read_layout(*second)->root().descriptor.digest == layout->root().descriptor.digest);
}

TEST_CASE("a layout in an archive keeps its digest") {
    const TemporaryDirectory directory;
    const auto folder = directory.file("layout");
    const auto image = add_image(folder, "amd64", "layer", media_type::oci_layer_gzip);
    write_index(folder, {image}, {""});
    // As engines from 25 on and waaft itself write it: both forms in one archive.
    write_file(folder + "/manifest.json", "[]");
    pack(folder, directory.file("a.tar"));
    const auto unpacked = layout_of(directory.file("a.tar"), directory.file("out"));
    REQUIRE(unpacked.has_value());
    CHECK(read_layout(*unpacked)->root().descriptor.digest == image.digest);
}

TEST_CASE("a layout whose layers are not packed is packed") {
    const TemporaryDirectory directory;
    const auto folder = directory.file("layout");
    const auto image = add_image(folder, "amd64", std::string(50'000, 'l'), "application/vnd.oci.image.layer.v1.tar");
    write_index(folder, {image}, {""});
    const auto blob = [&](const std::string& bytes) { return "blobs/sha256/" + digest_of(bytes).substr(7); };
    write_file(folder + "/manifest.json", R"([{"Config":")" + blob(R"({"os":"linux","architecture":"amd64"})") +
                                              R"(","Layers":[")" + blob(std::string(50'000, 'l')) + R"("]}])");
    pack(folder, directory.file("a.tar"));
    const auto made = layout_of(directory.file("a.tar"), directory.file("out"));
    REQUIRE(made.has_value());
    const auto layout = read_layout(*made);
    REQUIRE(layout.has_value());
    CHECK(layout->root().descriptor.digest != image.digest);
    CHECK(layout->blobs.front().descriptor.size < 1'000);
}

TEST_CASE("archives that hold no image say why") {
    const TemporaryDirectory directory;
    const auto refused = [&](const std::string& manifest) {
        const std::string folder = directory.file("bad");
        std::filesystem::create_directories(folder);
        if (!manifest.empty()) write_file(folder + "/manifest.json", manifest);
        pack(folder, directory.file("bad.tar"));
        const auto made = layout_of(directory.file("bad.tar"), directory.file("out"));
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code == "layout_unusable");
        return made.error().what;
    };
    CHECK_THAT(refused(""), Catch::Matchers::ContainsSubstring("lacks manifest.json"));
    CHECK_THAT(refused("[]"), Catch::Matchers::ContainsSubstring("does not name one image"));
    CHECK_THAT(refused("[{},{}]"), Catch::Matchers::ContainsSubstring("does not name one image"));
    CHECK_THAT(refused(R"([{"Config":"c"}])"), Catch::Matchers::ContainsSubstring("lacks Config or Layers"));
    CHECK_THAT(refused(R"([{"Config":"c","Layers":[5]}])"), Catch::Matchers::ContainsSubstring("layer without a name"));
    CHECK_THAT(refused(R"([{"Config":"c","Layers":["x"]}])"), Catch::Matchers::ContainsSubstring("lacks x"));
    CHECK_THAT(refused(R"([{"Config":"c","Layers":[]}])"), Catch::Matchers::ContainsSubstring("lacks c"));
    CHECK(layout_of(directory.file("nowhere"), directory.file("out")).error().code == "layout_unusable");
}
