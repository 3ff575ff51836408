#include "cmd/registry/layout.h"

#include "cmd/os/files.h"
#include "cmd/registry/digest.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace waaft::registry {
namespace {

constexpr unsigned layout_depth_max = 4;

Error unusable_layout(const std::string& what, const std::string& where, const std::string& hint = {}) {
    return {"layout_unusable", what, where, hint};
}

class LayoutReader {
public:
    explicit LayoutReader(const std::string& folder) : folder_(folder) {}

    Result<Layout> read() {
        const std::string file = folder_ + "/index.json";
        const auto text = os::read_file(file, manifest_max);
        if (!text) return text.error();
        const auto index = parse_manifest(*text, {});
        if (!index) return unusable_layout("index.json cannot be used: " + index.error().what, file);
        if (!index->index || index->manifests.empty()) return unusable_layout("index.json names no image", file);
        if (index->manifests.size() == 1) {
            if (auto added = add(index->manifests.front(), 0); !added) return added.error();
            return finish();
        }
        // Only images for different platforms are one image together.
        std::set<std::string> platforms;
        for (const auto& descriptor : index->manifests)
            if (descriptor.platform.empty() || !platforms.insert(descriptor.platform).second)
                return unusable_layout("index.json names several images, and which one is meant is not clear", file,
                                       "make a layout with one image, or with one for each platform");
        for (const auto& descriptor : index->manifests)
            if (auto added = add(descriptor, 1); !added) return added.error();
        layout_.manifests.push_back({{std::string(media_type::oci_index), digest_of(*text), text->size(), {}}, *text});
        return finish();
    }

private:
    std::string path_of(const Descriptor& descriptor) const {
        const auto colon = descriptor.digest.find(':');
        return folder_ + "/blobs/" + descriptor.digest.substr(0, colon) + "/" + descriptor.digest.substr(colon + 1);
    }

    Result<void> add(const Descriptor& descriptor, unsigned depth) {
        const std::string path = path_of(descriptor);
        if (!seen_.insert(descriptor.digest).second) return {};
        if (depth == layout_depth_max) return unusable_layout("its indexes name each other too deeply", path);
        auto bytes = os::read_file(path, manifest_max);
        if (!bytes) return bytes.error();
        if (bytes->size() != descriptor.size || digest_of(*bytes) != descriptor.digest)
            return unusable_layout("the file is not what its name says", path, "build the image again");
        const auto manifest = parse_manifest(*bytes, descriptor.media_type);
        if (!manifest) return unusable_layout("a manifest cannot be used: " + manifest.error().what, path);
        for (const auto& child : manifest->manifests)
            if (auto added = add(child, depth + 1); !added) return added;
        if (!manifest->index)
            if (auto added = add_blobs(*manifest, descriptor.platform); !added) return added;
        layout_.manifests.push_back({descriptor, std::move(*bytes)});
        layout_.manifests.back().descriptor.media_type = manifest->media_type;
        return {};
    }

    Result<void> add_blobs(const Manifest& manifest, const std::string& platform) {
        auto blobs = manifest.layers;
        blobs.push_back(manifest.config);
        for (const auto& descriptor : blobs) {
            const std::string path = path_of(descriptor);
            std::error_code error;
            const auto size = std::filesystem::file_size(path, error);
            if (error && descriptor.foreign()) continue;
            if (error)
                return unusable_layout("a file of the image is missing: " + error.message(), path,
                                       "build the image again");
            if (size != descriptor.size)
                return unusable_layout("a file of the image has another size than its manifest says", path,
                                       "build the image again");
            if (seen_.insert(descriptor.digest).second) layout_.blobs.push_back({descriptor, path});
        }
        return platform.empty() ? add_platform(path_of(manifest.config)) : add_platform_name(platform);
    }

    Result<void> add_platform(const std::string& config_file) {
        const auto text = os::read_file(config_file, manifest_max);
        if (!text) return text.error();
        const auto config = parse_image_config(*text);
        if (!config)
            return unusable_layout("the image's configuration cannot be used: " + config.error().what, config_file);
        return add_platform_name(config->platform);
    }

    Result<void> add_platform_name(const std::string& platform) {
        // Builders attach statements about the build as images of "unknown/unknown".
        const bool real = !platform.empty() && platform != "unknown/unknown";
        if (real && std::count(layout_.platforms.begin(), layout_.platforms.end(), platform) == 0)
            layout_.platforms.push_back(platform);
        return {};
    }

    Result<Layout> finish() { return std::move(layout_); }

    std::string folder_;
    Layout layout_;
    std::set<std::string> seen_;
};

}  // namespace

Result<Layout> read_layout(const std::string& folder) {
    const std::string marker = folder + "/oci-layout";
    std::error_code ignored;
    if (!std::filesystem::exists(marker, ignored))
        return unusable_layout(
            "the folder holds no image: there is no file oci-layout in it", folder,
            "waaft build-image --builder native makes one; an image of the Docker engine is docker:NAME");
    return LayoutReader(folder).read();
}

}  // namespace waaft::registry
