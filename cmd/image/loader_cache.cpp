#include "cmd/image/loader_cache.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace waaft::image {
namespace {

constexpr std::string_view magic = "glibc-ld.so.cache1.1";
constexpr std::uint32_t entries_max = 65536;
constexpr std::size_t soname_max = 4096;

struct CacheHeader {
    char magic[20];
    std::uint32_t entries;
    std::uint32_t strings_bytes;
    std::uint32_t flags_and_padding;
    std::uint32_t extension_offset;
    std::uint32_t unused[3];
};
static_assert(sizeof(CacheHeader) == 48);

struct Entry {
    std::int32_t flags;
    std::uint32_t key;  // offsets from the header
    std::uint32_t value;
    std::uint32_t os_version;
    std::uint64_t hwcap;
};
static_assert(sizeof(Entry) == 24);

std::optional<std::string> cached_text_at(Bytes cache, std::uint32_t offset) {
    if (offset >= cache.size()) return std::nullopt;
    const auto rest = cache.subspan(offset, std::min<std::size_t>(cache.size() - offset, soname_max));
    const auto end = std::find(rest.begin(), rest.end(), 0);
    if (end == rest.end()) return std::nullopt;
    return std::string(rest.begin(), end);
}

}  // namespace

std::string_view to_string(LoaderCacheError error) {
    switch (error) {
        case LoaderCacheError::unknown_format: return "no cache of the GNU loader";
        case LoaderCacheError::truncated: return "the file ends too early";
        case LoaderCacheError::too_many: return "it has more entries than a cache has";
    }
    return "unknown";
}

Result<LoaderCache, LoaderCacheError> read_loader_cache(Bytes file) {
    const auto begin = std::search(file.begin(), file.end(), magic.begin(), magic.end());
    if (begin == file.end()) return LoaderCacheError::unknown_format;
    const auto cache = file.subspan(static_cast<std::size_t>(begin - file.begin()));
    CacheHeader header;
    if (cache.size() < sizeof header) return LoaderCacheError::truncated;
    std::memcpy(&header, cache.data(), sizeof header);
    if (header.entries > entries_max) return LoaderCacheError::too_many;
    if ((cache.size() - sizeof header) / sizeof(Entry) < header.entries) return LoaderCacheError::truncated;
    LoaderCache result;
    for (std::uint32_t i = 0; i < header.entries; ++i) {
        Entry entry;
        std::memcpy(&entry, cache.data() + sizeof header + i * sizeof entry, sizeof entry);
        if (entry.hwcap != 0) continue;
        const auto key = cached_text_at(cache, entry.key);
        const auto value = cached_text_at(cache, entry.value);
        if (!key || !value) return LoaderCacheError::truncated;
        result[*key].push_back(*value);
    }
    return result;
}

}  // namespace waaft::image
