// Manifests and indexes of images, OCI's and Docker's, read from bytes.
//
// Thread: any. Ownership: values. Units: bytes. Bounds: 4 MiB, 1000 layers, 200 platforms. Errors: a
// sentence. Source: OCI image spec 1.1 (manifest.md, image-index.md, config.md).
#pragma once

#include "cmd/registry/malformed.h"
#include "server/base/result.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::registry {

inline constexpr std::size_t manifest_max = 4 * 1024 * 1024;

namespace media_type {
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view oci_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view oci_layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
}  // namespace media_type

struct Descriptor {
    std::string media_type;
    std::string digest;
    std::uint64_t size = 0;
    std::string platform;  // "linux/arm64/v8"; empty: not said
    // Of somebody else, and not pushed (base layers of Windows).
    bool foreign() const;
    bool is_index() const;
    bool is_manifest() const;
};

struct Manifest {
    std::string media_type;
    bool index = false;
    std::vector<Descriptor> manifests;  // of an index
    Descriptor config;                  // of a manifest
    std::vector<Descriptor> layers;
};

// `media_type` is what is known of the bytes from elsewhere; empty: they say it.
Result<Manifest, Malformed> parse_manifest(std::string_view text, std::string_view media_type);

struct ImageConfig {
    std::string platform;
    std::map<std::string, std::string> labels;
};
Result<ImageConfig, Malformed> parse_image_config(std::string_view text);

boost::json::object to_json(const Descriptor& descriptor);

}  // namespace waaft::registry
