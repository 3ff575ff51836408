// Bytes packed with gzip as they come, the same for the same input: no name and no time in the header.
//
// Thread: one. Ownership: RAII over zlib's stream. Units: bytes. Errors: std::bad_alloc if zlib cannot
// begin. Source: RFC 1952.
#pragma once

#include <zlib.h>

#include <functional>
#include <string_view>

namespace waaft::registry {

class Gzip {
public:
    using Write = std::function<void(std::string_view)>;

    explicit Gzip(Write write);
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    void add(std::string_view bytes) { pack(bytes, Z_NO_FLUSH); }
    void finish() { pack({}, Z_FINISH); }

private:
    void pack(std::string_view bytes, int flush);

    Write write_;
    z_stream stream_{};
};

}  // namespace waaft::registry
