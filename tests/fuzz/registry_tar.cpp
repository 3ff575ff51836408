// Archives of images: no exception, no entry outside of what can be, no end that is not reached.
#include "cmd/registry/tar_index.h"

#include <cstdlib>

using namespace waaft::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto files = index_tar([&](std::uint64_t at, std::size_t wanted) {
        return at < bytes.size() ? std::string(bytes.substr(at, wanted)) : std::string();
    });
    if (!files) {
        if (files.error().what.empty()) std::abort();
        return 0;
    }
    for (const auto& [path, file] : *files) {
        if (path.starts_with("./")) std::abort();
        if (file.offset > size || file.size > INT64_MAX) std::abort();
    }
    return 0;
}
