// A tar archive, byte for byte the same for the same entries: ustar headers, pax records only where a
// path does not fit, no names of users, nothing of the machine.
//
// Thread: one. Ownership: the writer keeps the bytes until finish(). Units: bytes; mtime in seconds since
// 1970. Errors: none; entries are the program's own, so that a path over 4,096 bytes, a file over 8 GiB
// or a negative time is a mistake of the caller (assert). Source: POSIX.1-2017, pax(1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waaft::image {

struct TarEntry {
    enum class Kind : std::uint8_t { file, folder };
    Kind kind = Kind::file;
    std::string path;  // "lib/libc.so.6", without a slash in front or at the end
    std::uint32_t mode = 0644;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;
};

class TarWriter {
public:
    void add(const TarEntry& entry, std::string_view content = {});
    std::string finish() &&;

private:
    void put(const TarEntry& entry, std::string_view name, char type, std::size_t size);
    void fill_block();

    std::string bytes_;
};

}  // namespace waaft::image
