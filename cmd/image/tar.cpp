#include "cmd/image/tar.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstring>

namespace waaft::image {
namespace {

constexpr std::size_t block = 512;
constexpr std::size_t name_bytes = 100;
constexpr std::size_t path_max = 4096;
constexpr std::uint64_t size_max = 077777777777;  // eleven octal digits

struct TarHeader {
    char name[name_bytes];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char padding[12];
};
static_assert(sizeof(TarHeader) == block);

// Octal digits with zeros in front and a zero byte behind.
template <std::size_t N>
void octal(char (&field)[N], std::uint64_t value) {
    std::array<char, 24> digits{};
    const int length = std::snprintf(digits.data(), digits.size(), "%0*llo", static_cast<int>(N - 1),
                                     static_cast<unsigned long long>(value));
    assert(length == static_cast<int>(N - 1));
    std::copy_n(digits.data(), std::min<std::size_t>(static_cast<std::size_t>(length), N - 1), field);
}

// "27 path=a/long/name\n": the number counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::string rest = " " + std::string(key) + "=" + std::string(value) + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return std::to_string(length) + rest;
}

}  // namespace

void TarWriter::fill_block() { bytes_.resize((bytes_.size() + block - 1) / block * block); }

void TarWriter::put(const TarEntry& entry, std::string_view name, char type, std::size_t size) {
    assert(size <= size_max && entry.mtime >= 0);
    TarHeader header{};
    std::copy_n(name.data(), std::min(name.size(), name_bytes), header.name);
    octal(header.mode, entry.mode);
    octal(header.uid, entry.uid);
    octal(header.gid, entry.gid);
    octal(header.size, size);
    octal(header.mtime, static_cast<std::uint64_t>(entry.mtime));
    header.type = type;
    std::memcpy(header.magic, "ustar", sizeof header.magic);
    std::memcpy(header.version, "00", sizeof header.version);
    octal(header.major, 0);
    octal(header.minor, 0);
    std::memset(header.checksum, ' ', sizeof header.checksum);
    std::array<unsigned char, block> raw;
    std::memcpy(raw.data(), &header, block);
    unsigned sum = 0;
    for (const auto byte : raw) sum += byte;
    std::snprintf(header.checksum, sizeof header.checksum, "%06o", sum);  // then a zero, then the blank that is there
    bytes_.append(reinterpret_cast<const char*>(&header), block);
}

void TarWriter::add(const TarEntry& entry, std::string_view content) {
    const bool folder = entry.kind == TarEntry::Kind::folder;
    const std::string name = entry.path + (folder ? "/" : "");
    assert(name.size() <= path_max && !(folder && !content.empty()));
    const bool plain = name.size() <= name_bytes &&
                       std::all_of(name.begin(), name.end(), [](char c) { return static_cast<signed char>(c) > 0; });
    if (!plain) {
        const auto record = pax_record("path", name);
        put({.kind = TarEntry::Kind::file, .path = {}, .mode = 0644, .mtime = entry.mtime}, "pax", 'x', record.size());
        bytes_ += record;
        fill_block();
    }
    put(entry, name, folder ? '5' : '0', content.size());
    bytes_ += content;
    fill_block();
}

std::string TarWriter::finish() && {
    bytes_.append(2 * block, '\0');
    return std::move(bytes_);
}

}  // namespace waaft::image
