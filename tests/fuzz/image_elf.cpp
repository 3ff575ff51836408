// A program's headers and the loader's cache, whatever the bytes: no exception, nothing read outside.
#include "cmd/image/elf.h"
#include "cmd/image/loader_cache.h"

#include <cstdlib>
#include <string>

using namespace waaft;
using namespace waaft::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    if (const auto cache = read_loader_cache(bytes); cache.has_error() && to_string(cache.error()) == "unknown") {
        std::abort();
    }
    const auto elf = read_elf(bytes);
    if (elf.has_error()) {
        if (to_string(elf.error()) == "unknown") std::abort();
        return 0;
    }
    if (elf->loaded_end > size) std::abort();
    if (without_symbols(std::string(bytes.begin(), bytes.end()), *elf).size() != elf->loaded_end) std::abort();
    return 0;
}
