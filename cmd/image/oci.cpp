#include "cmd/image/oci.h"

#include "cmd/image/gzip.h"
#include "cmd/registry/digest.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <ctime>

namespace waaft::image {
namespace {

namespace json = boost::json;

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";

Blob blob(const char* type, std::string bytes) {
    auto digest = registry::digest_of(bytes);
    return {type, std::move(digest), std::move(bytes)};
}

Layer make_layer(const ContentFiles& files, std::int64_t mtime) {
    TarWriter tar;
    for (const auto& file : files) {
        auto entry = file.entry;
        entry.mtime = mtime;
        tar.add(entry, file.content);
    }
    const auto bytes = std::move(tar).finish();
    return {blob(layer_type, gzip(bytes)), registry::digest_of(bytes), bytes.size()};
}

json::object labels_json(const Labels& labels) {
    json::object result;
    for (const auto& [key, value] : label_values(labels)) result[key] = value;
    return result;
}

// What the Dockerfile says too; a test compares both.
json::object run_json(const Labels& labels) {
    return {{"User", "65532:65532"},
            {"ExposedPorts", json::object{{"3000/tcp", json::object()}, {"3000/udp", json::object()}}},
            {"Env", json::array{"WAAFT_DATA=/data", "WAAFT_OPS_ADDRESS=0.0.0.0"}},
            {"Entrypoint", json::array{"/waaft", "serve"}},
            {"Labels", labels_json(labels)}};
}

json::object config_json(const Image& image, const Labels& labels) {
    json::array diff_ids;
    for (const auto& layer : image.layers) diff_ids.emplace_back(layer.diff_id);
    const auto created = rfc3339(labels.created);
    const auto step = [&](const char* what) { return json::object{{"created", created}, {"created_by", what}}; };
    return {{"created", created},
            {"architecture", image.architecture},
            {"os", "linux"},
            {"config", run_json(labels)},
            {"rootfs", json::object{{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}},
            {"history",
             json::array{step("waaft build-image: libraries and certificates"), step("waaft build-image: waaft")}}};
}

json::object descriptor(const Blob& of) {
    return {{"mediaType", of.media_type}, {"digest", of.digest}, {"size", of.bytes.size()}};
}

json::object manifest_json(const Image& image) {
    json::array layers;
    for (const auto& layer : image.layers) layers.emplace_back(descriptor(layer.blob));
    return {{"schemaVersion", 2},
            {"mediaType", manifest_type},
            {"config", descriptor(image.config)},
            {"layers", std::move(layers)}};
}

}  // namespace

std::map<std::string, std::string> label_values(const Labels& labels) {
    std::map<std::string, std::string> result{{"org.opencontainers.image.created", rfc3339(labels.created)},
                                              {"org.opencontainers.image.licenses", "Apache-2.0"},
                                              {"org.opencontainers.image.title", "waaft"}};
    if (!labels.revision.empty()) result["org.opencontainers.image.revision"] = labels.revision;
    if (!labels.source.empty()) result["org.opencontainers.image.source"] = labels.source;
    if (!labels.version.empty()) result["org.opencontainers.image.version"] = labels.version;
    return result;
}

std::string blob_path(const std::string& digest) {
    std::string path = "blobs/" + digest;
    path[path.find(':')] = '/';
    return path;
}

std::string rfc3339(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 40> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

std::uint64_t Image::compressed_bytes() const {
    std::uint64_t sum = config.bytes.size() + manifest.bytes.size();
    for (const auto& layer : layers) sum += layer.blob.bytes.size();
    return sum;
}

std::uint64_t Image::uncompressed_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& layer : layers) sum += layer.uncompressed;
    return sum;
}

Image make_image(const Contents& contents, const Labels& labels) {
    Image result;
    result.architecture = contents.architecture;
    result.layers = {make_layer(contents.system, labels.created), make_layer(contents.program, labels.created)};
    result.config = blob(config_type, json::serialize(config_json(result, labels)));
    result.manifest = blob(manifest_type, json::serialize(manifest_json(result)));
    return result;
}

std::string index_json(const Image& image, const ImageName& name) {
    auto manifest = descriptor(image.manifest);
    manifest["platform"] = {{"architecture", image.architecture}, {"os", "linux"}};
    manifest["annotations"] = {{"io.containerd.image.name", name.full},
                               {"org.opencontainers.image.ref.name", name.tag}};
    return json::serialize(
        json::object{{"schemaVersion", 2}, {"mediaType", index_type}, {"manifests", json::array{std::move(manifest)}}});
}

}  // namespace waaft::image
