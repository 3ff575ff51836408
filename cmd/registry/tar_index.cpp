#include "cmd/registry/tar_index.h"

#include <charconv>
#include <optional>

namespace waaft::registry {
namespace {

constexpr std::size_t block = 512;
constexpr std::size_t entries_max = 100'000;
constexpr std::size_t extension_max = 64 * 1024;

std::string text_field(std::string_view header, std::size_t at, std::size_t size) {
    const auto field = header.substr(at, size);
    return std::string(field.substr(0, field.find('\0')));
}

// Octal text, or big-endian with the first bit set for what octal cannot hold.
std::optional<std::uint64_t> number_field(std::string_view header, std::size_t at, std::size_t size) {
    const auto field = header.substr(at, size);
    std::uint64_t value = 0;
    if ((static_cast<unsigned char>(field.front()) & 0x80U) != 0) {
        for (std::size_t i = size - 8; i < size; ++i) value = value << 8U | static_cast<unsigned char>(field[i]);
        return value;
    }
    for (const char c : field) {
        if (c == ' ' || c == '\0') continue;
        if (c < '0' || c > '7') return std::nullopt;
        value = value * 8 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

bool is_zero(std::string_view header) { return header.find_first_not_of('\0') == std::string_view::npos; }

bool checksum_fits(std::string_view header) {
    const auto told = number_field(header, 148, 8);
    std::uint64_t sum = 8 * ' ';
    for (std::size_t i = 0; i < block; ++i)
        if (i < 148 || i >= 156) sum += static_cast<unsigned char>(header[i]);
    return told && *told == sum;
}

// What pax and GNU headers say of the entry that follows.
struct Extension {
    std::string path;
    std::string link;
    std::optional<std::uint64_t> size;
};

// "27 path=some/where\n" records.
void read_pax(std::string_view text, Extension& extension) {
    while (!text.empty()) {
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
        const auto digits = static_cast<std::size_t>(end - text.data());
        if (error != std::errc{} || length > text.size() || length < digits + 2) return;
        const auto record = text.substr(digits + 1, length - digits - 2);
        text.remove_prefix(length);
        const auto equals = record.find('=');
        if (equals == std::string_view::npos) continue;
        const auto key = record.substr(0, equals);
        const auto value = record.substr(equals + 1);
        std::uint64_t size = 0;
        if (key == "path") extension.path = value;
        if (key == "linkpath") extension.link = value;
        if (key == "size" && std::from_chars(value.data(), value.data() + value.size(), size).ec == std::errc{})
            extension.size = size;
    }
}

void read_extension(char type, const std::string& text, Extension& extension) {
    if (type == 'x') read_pax(text, extension);
    if (type == 'L') extension.path = text.substr(0, text.find('\0'));
    if (type == 'K') extension.link = text.substr(0, text.find('\0'));
}

std::string name_of(std::string_view header, const Extension& extension) {
    std::string name = extension.path;
    if (name.empty()) {
        name = text_field(header, 0, 100);
        const std::string prefix = header.substr(257, 5) == "ustar" ? text_field(header, 345, 155) : "";
        if (!prefix.empty()) name = prefix + "/" + name;
    }
    while (name.starts_with("./")) name.erase(0, 2);
    return name;
}

}  // namespace

Result<std::map<std::string, TarFile>, Malformed> index_tar(const ReadAt& read) {
    std::map<std::string, TarFile> result;
    Extension extension;
    std::uint64_t at = 0;
    for (std::size_t entries = 0;; ++entries) {
        const std::string header = read(at, block);
        if (header.empty() || (header.size() == block && is_zero(header))) return result;
        if (header.size() < block || !checksum_fits(header)) return Malformed{"it is not a whole tar archive"};
        if (entries == entries_max) return Malformed{"it has more than 100,000 entries"};
        const char type = header[156];
        const auto told = number_field(header, 124, 12);
        const std::uint64_t size = extension.size ? *extension.size : told.value_or(UINT64_MAX);
        if (size > INT64_MAX - at - 2 * block) return Malformed{"the size of an entry cannot be read"};
        if (type == 'x' || type == 'L' || type == 'K') {
            if (size > extension_max) return Malformed{"a name in it is too long"};
            read_extension(type, read(at + block, size), extension);
        } else {
            const std::string link = extension.link.empty() ? text_field(header, 157, 100) : extension.link;
            const bool is_link = type == '1' || type == '2';
            if (type == '0' || type == '\0' || is_link)
                result[name_of(header, extension)] = {at + block, is_link ? 0 : size, is_link ? link : ""};
            if (type != 'g') extension = {};
        }
        at += block + (size + block - 1) / block * block;
    }
}

}  // namespace waaft::registry
