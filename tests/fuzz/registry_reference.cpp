// Names of images: no exception; a name that is read means the same when it is written and read again.
#include "cmd/registry/reference.h"

#include <cstdlib>

using namespace waaft::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = parse_reference({reinterpret_cast<const char*>(data), size});
    if (!read) {
        if (describe(read.error()).empty()) std::abort();
        return 0;
    }
    // It becomes a part of addresses.
    if (read->text().find_first_of(" ?#%\r\n") != std::string::npos || !is_host(read->host)) std::abort();
    const auto again = parse_reference(read->text());
    if (!again || !(*again == *read)) std::abort();
    return 0;
}
