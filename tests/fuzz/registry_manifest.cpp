// Manifests, indexes and configurations of strangers: no exception; what is read can be used.
#include "cmd/registry/manifest.h"
#include "cmd/registry/reference.h"

#include <cstdlib>

using namespace waaft::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto type : {std::string_view(), media_type::oci_index, media_type::docker_manifest}) {
        const auto manifest = parse_manifest(text, type);
        if (!manifest) {
            if (manifest.error().what.empty()) std::abort();
            continue;
        }
        if (!type.empty() && manifest->media_type != type) std::abort();
        auto all = manifest->layers;
        all.insert(all.end(), manifest->manifests.begin(), manifest->manifests.end());
        if (!manifest->index) all.push_back(manifest->config);
        // Digests become parts of paths.
        for (const auto& descriptor : all)
            if (!is_digest(descriptor.digest)) std::abort();
    }
    static_cast<void>(parse_image_config(text));
    return 0;
}
