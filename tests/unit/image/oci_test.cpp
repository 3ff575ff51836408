#include "cmd/image/oci.h"
#include "cmd/image/gzip.h"
#include "cmd/registry/digest.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/image/ran.h"

#include <boost/json/parse.hpp>

using namespace waaft;
using namespace waaft::image;

namespace {

Contents sample() {
    return {"amd64",
            {{{.kind = TarEntry::Kind::folder, .path = "etc", .mode = 0755}, {}},
             {{.path = "etc/group"}, "waaft:x:65532:\n"}},
            {{{.path = "waaft", .mode = 0755}, std::string(5000, 'w')}}};
}

const Labels labels{.version = "1.2", .revision = "abc", .source = "https://example.org/waaft", .created = 1700000000};

}  // namespace

TEST_CASE("digests are those of sha256sum") {
    CHECK(registry::digest_of("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(registry::digest_of("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(blob_path("sha256:ba78") == "blobs/sha256/ba78");
}

TEST_CASE("gzip unpacks what was packed, and its header tells no time") {
    for (const auto& text : {std::string(), std::string("x"), std::string(100'000, 'y')}) {
        const auto packed = image::gzip(text);
        CHECK(packed.substr(4, 4) == std::string(4, '\0'));
        const auto ran = testing::ran({"gzip", "-dc"}, packed);
        CHECK(ran.exit_code == 0);
        CHECK(ran.out == text);
    }
}

TEST_CASE("times are in UTC") {
    CHECK(rfc3339(0) == "1970-01-01T00:00:00Z");
    CHECK(rfc3339(1700000000) == "2023-11-14T22:13:20Z");
}

TEST_CASE("the configuration says how to run it") {
    const auto image = make_image(sample(), labels);
    const auto config = boost::json::parse(image.config.bytes);
    CHECK(config == boost::json::parse(R"({
        "created": "2023-11-14T22:13:20Z", "architecture": "amd64", "os": "linux",
        "config": {
            "User": "65532:65532",
            "ExposedPorts": {"3000/tcp": {}, "3000/udp": {}},
            "Env": ["WAAFT_DATA=/data", "WAAFT_OPS_ADDRESS=0.0.0.0"],
            "Entrypoint": ["/waaft", "serve"],
            "Labels": {
                "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
                "org.opencontainers.image.licenses": "Apache-2.0",
                "org.opencontainers.image.title": "waaft",
                "org.opencontainers.image.revision": "abc",
                "org.opencontainers.image.source": "https://example.org/waaft",
                "org.opencontainers.image.version": "1.2"
            }
        },
        "rootfs": {"type": "layers", "diff_ids": [")" +
                                       image.layers[0].diff_id + R"(", ")" + image.layers[1].diff_id + R"("]},
        "history": [
            {"created": "2023-11-14T22:13:20Z", "created_by": "waaft build-image: libraries and certificates"},
            {"created": "2023-11-14T22:13:20Z", "created_by": "waaft build-image: waaft"}
        ]})"));
}

TEST_CASE("each descriptor names the bytes that are there") {
    const auto image = make_image(sample(), labels);
    const auto manifest = boost::json::parse(image.manifest.bytes);
    CHECK(manifest.at("mediaType") == "application/vnd.oci.image.manifest.v1+json");
    CHECK(manifest.at("schemaVersion") == 2);
    CHECK(manifest.at("config").at("digest").as_string() == registry::digest_of(image.config.bytes));
    CHECK(manifest.at("config").at("size") == image.config.bytes.size());
    REQUIRE(manifest.at("layers").as_array().size() == 2);
    std::uint64_t sum = image.config.bytes.size() + image.manifest.bytes.size();
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& layer = manifest.at("layers").at(i);
        CHECK(layer.at("mediaType") == "application/vnd.oci.image.layer.v1.tar+gzip");
        CHECK(layer.at("digest").as_string() == registry::digest_of(image.layers[i].blob.bytes));
        CHECK(layer.at("size") == image.layers[i].blob.bytes.size());
        sum += image.layers[i].blob.bytes.size();
        const auto unpacked = testing::ran({"gzip", "-dc"}, image.layers[i].blob.bytes);
        CHECK(registry::digest_of(unpacked.out) == image.layers[i].diff_id);
        CHECK(unpacked.out.size() == image.layers[i].uncompressed);
    }
    CHECK(image.compressed_bytes() == sum);

    const auto index = boost::json::parse(
        index_json(image, {"org/waaft:1.2", "docker.io/org/waaft:1.2", "docker.io/org/waaft", "1.2"}));
    const auto& entry = index.at("manifests").at(0);
    CHECK(entry.at("digest").as_string() == registry::digest_of(image.manifest.bytes));
    CHECK(entry.at("platform") == boost::json::parse(R"({"architecture": "amd64", "os": "linux"})"));
    CHECK(entry.at("annotations").at("org.opencontainers.image.ref.name") == "1.2");
}

TEST_CASE("the same input gives the same bytes; another time or program gives others") {
    const auto one = make_image(sample(), labels);
    const auto two = make_image(sample(), labels);
    CHECK(one.manifest.bytes == two.manifest.bytes);
    CHECK(one.layers[0].blob.bytes == two.layers[0].blob.bytes);

    auto later = labels;
    later.created += 1;
    CHECK(make_image(sample(), later).manifest.digest != one.manifest.digest);
    auto changed = sample();
    changed.program[0].content += "!";
    const auto other = make_image(changed, labels);
    CHECK(other.layers[0].blob.digest == one.layers[0].blob.digest);  // the libraries' layer stays
    CHECK(other.layers[1].blob.digest != one.layers[1].blob.digest);
}
