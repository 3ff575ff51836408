// An OCI image as values: layers, config, manifest, and the index above it.
//
// Thread: any. Ownership: values. Units: bytes; `created` in seconds since 1970, UTC. Errors: none.
// Source: OCI image specification 1.1 (config.md, manifest.md, image-index.md, annotations.md).
#pragma once

#include "cmd/image/contents.h"
#include "cmd/image/name.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace waaft::image {

struct Blob {
    std::string media_type;
    std::string digest;
    std::string bytes;
};

struct Layer {
    Blob blob;            // gzip
    std::string diff_id;  // digest of the tar inside
    std::uint64_t uncompressed = 0;
};

// What the labels org.opencontainers.image.* say; an empty one is left out.
struct Labels {
    std::string version = {};
    std::string revision = {};
    std::string source = {};
    std::int64_t created = 0;
};

// "org.opencontainers.image.title" -> "waaft", sorted.
std::map<std::string, std::string> label_values(const Labels& labels);

struct Image {
    std::string architecture;
    std::vector<Layer> layers;
    Blob config;
    Blob manifest;

    std::uint64_t compressed_bytes() const;  // what is pushed or pulled: layers, config and manifest
    std::uint64_t uncompressed_bytes() const;
};

Image make_image(const Contents& contents, const Labels& labels);

// The file index.json of a layout.
std::string index_json(const Image& image, const ImageName& name);

// "blobs/sha256/ab12..."
std::string blob_path(const std::string& digest);

// "1970-01-01T00:00:00Z"
std::string rfc3339(std::int64_t seconds);

}  // namespace waaft::image
