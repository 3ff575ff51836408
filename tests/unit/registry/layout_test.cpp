#include "cmd/registry/layout.h"
#include "tests/support/catch.h"
#include "tests/unit/registry/images.h"

using namespace waaft;
using namespace waaft::registry;
using namespace waaft::testing;

TEST_CASE("a layout with one image") {
    const TemporaryDirectory directory;
    const auto folder = directory.path().string();
    const auto image = add_image(folder, "amd64", "layer", media_type::oci_layer_gzip);
    write_index(folder, {image}, {""});
    const auto layout = read_layout(folder);
    REQUIRE(layout.has_value());
    CHECK(layout->root().descriptor.digest == image.digest);
    CHECK(layout->manifests.size() == 1);
    CHECK(layout->blobs.size() == 2);
    CHECK(layout->platforms == std::vector<std::string>{"linux/amd64"});
}

TEST_CASE("images for several platforms are one index") {
    const TemporaryDirectory directory;
    const auto folder = directory.path().string();
    const auto amd = add_image(folder, "amd64", "a", media_type::oci_layer_gzip);
    const auto arm = add_image(folder, "arm64", "b", media_type::oci_layer_gzip);
    write_index(folder, {amd, arm}, {"amd64", "arm64"});
    const auto layout = read_layout(folder);
    REQUIRE(layout.has_value());
    CHECK(layout->root().descriptor.digest == digest_of(testing::read_file(folder + "/index.json")));
    CHECK(layout->root().descriptor.is_index());
    CHECK(layout->manifests.size() == 3);
    CHECK(layout->platforms == std::vector<std::string>{"linux/amd64", "linux/arm64"});
}

TEST_CASE("several images that differ by nothing are not guessed at") {
    const TemporaryDirectory directory;
    const auto folder = directory.path().string();
    const auto one = add_image(folder, "amd64", "a", media_type::oci_layer_gzip);
    const auto two = add_image(folder, "amd64", "b", media_type::oci_layer_gzip);
    write_index(folder, {one, two}, {"amd64", "amd64"});
    CHECK(read_layout(folder).error().what.find("several images") != std::string::npos);
    write_index(folder, {one, two}, {"amd64", ""});
    CHECK_FALSE(read_layout(folder).has_value());
}

TEST_CASE("a layout that is not whole says which file") {
    const TemporaryDirectory directory;
    const auto folder = directory.path().string();
    CHECK(read_layout(folder).error().what.find("holds no image") != std::string::npos);
    const auto image = add_image(folder, "amd64", "layer", media_type::oci_layer_gzip);
    write_index(folder, {image}, {""});
    const std::string manifest = folder + "/blobs/sha256/" + image.digest.substr(7);
    const std::string good = testing::read_file(manifest);
    write_file(manifest, good + " ");
    CHECK(read_layout(folder).error().where == manifest);
    write_file(manifest, good);
    const std::string layer = folder + "/blobs/sha256/" + digest_of("layer").substr(7);
    write_file(layer, "longer than it was");
    CHECK(read_layout(folder).error().what.find("another size") != std::string::npos);
    std::filesystem::remove(layer);
    CHECK(read_layout(folder).error().what.find("missing") != std::string::npos);
    write_file(folder + "/index.json", "{}");
    CHECK(read_layout(folder).error().code == "layout_unusable");
    write_file(folder + "/index.json", R"({"manifests":[]})");
    CHECK(read_layout(folder).error().what.find("names no image") != std::string::npos);
}
