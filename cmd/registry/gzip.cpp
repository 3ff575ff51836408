#include "cmd/registry/gzip.h"

#include <array>
#include <new>

namespace waaft::registry {

Gzip::Gzip(Write write) : write_(std::move(write)) {
    constexpr int gzip_window = 15 + 16;
    if (deflateInit2(&stream_, 6, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
}

Gzip::~Gzip() { deflateEnd(&stream_); }

void Gzip::pack(std::string_view bytes, int flush) {
    std::array<unsigned char, 64 * 1024> out;
    // zlib does not write to its input, but older declarations of it are not const.
    stream_.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<unsigned>(bytes.size());
    do {
        stream_.next_out = out.data();
        stream_.avail_out = out.size();
        deflate(&stream_, flush);
        write_({reinterpret_cast<const char*>(out.data()), out.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
}

}  // namespace waaft::registry
