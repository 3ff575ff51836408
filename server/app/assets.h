// The web client's files, embedded in the binary at build time.
//
// Thread: any; constant data. Ownership: static storage. Units: bytes; `gzip` and `brotli` are
// empty where compression does not pay. Generated from web/dist by cmake/EmbedWeb.cmake.
#pragma once

#include <span>
#include <string_view>

namespace waaft::app {

struct Asset {
    std::string_view path;  // "/assets/app-1a2b3c.js"
    std::string_view content_type;
    std::string_view etag;  // quoted
    std::string_view identity;
    std::string_view gzip;
    std::string_view brotli;
    bool immutable = false;  // its name contains a hash of its content
};

std::span<const Asset> assets();

}  // namespace waaft::app
