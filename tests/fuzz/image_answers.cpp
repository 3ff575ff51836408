// What docker and kubectl say about builders, steps, digests and nodes: no exception, and only what has the right form.
#include "cmd/image/docker.h"
#include "cmd/image/name.h"
#include "cmd/image/platforms.h"
#include "cmd/registry/reference.h"

#include <algorithm>
#include <cstdlib>

using namespace waaft;
using namespace waaft::image;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto platforms = platforms_of_nodes(text);
    if (!std::is_sorted(platforms.begin(), platforms.end())) std::abort();
    for (const auto& platform : platforms)
        if (parse_platform(platform) != platform) std::abort();
    for (const auto& digest : {digest_from(text, {}), digest_from({}, text)})
        if (!digest.empty() && !registry::is_digest(digest)) std::abort();
    static_cast<void>(step_of(text));
    static_cast<void>(is_beside_engine(text));
    static_cast<void>(without_buildx(text, text));
    if (docker_failure({text}).code.empty()) std::abort();
    return 0;
}
