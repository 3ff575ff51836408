#include "cmd/registry/manifest.h"
#include "tests/support/catch.h"

using namespace waaft::registry;

namespace {

const std::string a = "sha256:" + std::string(64, 'a');

std::string descriptor(const std::string& digest, const std::string& size = "7", const std::string& more = "") {
    return R"({"mediaType":"m","digest":")" + digest + R"(","size":)" + size + more + "}";
}

}  // namespace

TEST_CASE("a manifest is read") {
    const auto manifest = parse_manifest(
        R"({"schemaVersion":2,"config":)" + descriptor(a) + R"(,"layers":[)" + descriptor(a, "1000000000000") + "]}",
        {});
    REQUIRE(manifest.has_value());
    CHECK_FALSE(manifest->index);
    CHECK(manifest->media_type == media_type::oci_manifest);
    CHECK(manifest->config.digest == a);
    CHECK(manifest->layers.at(0).size == 1'000'000'000'000U);
}

TEST_CASE("an index is read, with its platforms") {
    const auto index =
        parse_manifest(R"({"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[)" +
                           descriptor(a, "7", R"(,"platform":{"os":"linux","architecture":"arm64","variant":"v8"})") +
                           "," + descriptor(a, "7", R"(,"platform":{"os":"linux"})") + "]}",
                       media_type::docker_list);
    REQUIRE(index.has_value());
    CHECK(index->index);
    CHECK(index->manifests.at(0).platform == "linux/arm64/v8");
    CHECK(index->manifests.at(1).platform.empty());
}

TEST_CASE("what cannot be used says why") {
    const std::string config = R"({"config":)" + descriptor(a);
    std::string long_list = descriptor(a);
    for (int i = 0; i < 1000; ++i) long_list += "," + descriptor(a);
    const struct {
        std::string text, type, words;
    } rows[] = {
        {"", "", "not a JSON object"},
        {"[]", "", "not a JSON object"},
        {"{}", "", "lacks a descriptor"},
        {config + "}", "", "lacks its list"},
        {config + R"(,"layers":[5]})", "", "lacks a descriptor"},
        {config + R"(,"layers":[)" + descriptor("sha256:x") + "]}", "", "digest"},
        {config + R"(,"layers":[)" + descriptor(a, "-1") + "]}", "", "size"},
        {config + R"(,"layers":[)" + descriptor(a, "\"7\"") + "]}", "", "size"},
        {config + R"(,"layers":[)" + long_list + "]}", "", "longer than 1000"},
        {R"({"mediaType":"x"})", "application/vnd.oci.image.manifest.v1+json", "says that it is x"},
        {std::string(5 * 1024 * 1024, ' '), "", "larger than 4 MiB"},
        {std::string(1000, '['), "", "not a JSON object"},
    };
    for (const auto& row : rows) {
        INFO(row.text.substr(0, 200));
        const auto manifest = parse_manifest(row.text, row.type);
        REQUIRE_FALSE(manifest.has_value());
        CHECK(manifest.error().what.find(row.words) != std::string::npos);
    }
}

TEST_CASE("an image's configuration has its platform and labels") {
    const auto config =
        parse_image_config(R"({"os":"linux","architecture":"amd64","config":{"Labels":{"a":"b","c":5}}})");
    REQUIRE(config.has_value());
    CHECK(config->platform == "linux/amd64");
    CHECK(config->labels == std::map<std::string, std::string>{{"a", "b"}});
    CHECK(parse_image_config(R"({"config":{"Labels":null}})")->labels.empty());
    CHECK_FALSE(parse_image_config("nonsense").has_value());
}

TEST_CASE("layers of somebody else are known") {
    Descriptor layer;
    layer.media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    CHECK(layer.foreign());
    layer.media_type = media_type::oci_layer_gzip;
    CHECK_FALSE(layer.foreign());
}
