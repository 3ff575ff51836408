#include "cmd/registry/oci_archive.h"

#include "cmd/registry/manifest.h"
#include "cmd/registry/reference.h"

#include <algorithm>
#include <filesystem>

namespace waaft::registry {
namespace {

constexpr std::size_t blob_piece = 256 * 1024;
constexpr unsigned index_depth_max = 4;
constexpr std::size_t archive_manifests_max = 1000;

// "blobs/sha256/ab..." -> "sha256:ab..."; else empty.
std::string digest_of_path(std::string_view path) {
    constexpr std::string_view prefix = "blobs/";
    if (!path.starts_with(prefix)) return {};
    std::string digest(path.substr(prefix.size()));
    const auto slash = digest.find('/');
    if (slash == std::string::npos) return {};
    digest[slash] = ':';
    return is_digest(digest) ? digest : "";
}

class Unpacker {
public:
    Unpacker(const Archive& archive, std::string folder, cmd::Progress& progress, const os::Interrupt* interrupt)
        : archive_(archive), folder_(std::move(folder)), progress_(progress), interrupt_(interrupt) {}

    Result<bool> run() {
        if (archive_.files.count("oci-layout") == 0 || !is_packed("index.json", 0)) return false;
        for (const auto& [path, entry] : archive_.files) {
            if (path != "oci-layout" && path != "index.json" && digest_of_path(path).empty()) continue;
            if (!entry.link.empty()) continue;
            if (auto copied = copy(path, entry); !copied) return copied.error();
        }
        return true;
    }

private:
    bool is_packed(const std::string& path, unsigned depth) {
        const auto found = archive_.files.find(path);
        if (found == archive_.files.end() || found->second.size > manifest_max || depth == index_depth_max)
            return false;
        if (++seen_ > archive_manifests_max) return false;
        const auto manifest = parse_manifest(archive_.file.read_at(found->second.offset, found->second.size), {});
        if (!manifest || (depth == 0 && manifest->manifests.size() != 1)) return false;
        const auto child_is_packed = [&](const Descriptor& child) {
            std::string name = "blobs/" + child.digest;
            std::replace(name.begin(), name.end(), ':', '/');
            return is_packed(name, depth + 1);
        };
        return std::all_of(manifest->manifests.begin(), manifest->manifests.end(), child_is_packed) &&
               std::none_of(manifest->layers.begin(), manifest->layers.end(),
                            [](const Descriptor& layer) { return layer.media_type.ends_with(".tar"); });
    }

    Result<void> copy(const std::string& path, const TarFile& entry) {
        const std::string target = folder_ + "/" + path;
        std::error_code ignored;
        std::filesystem::create_directories(std::filesystem::path(target).parent_path(), ignored);
        WriteFile out(target);
        for (std::uint64_t at = 0; at < entry.size && out.good();) {
            const auto bytes =
                archive_.file.read_at(entry.offset + at, std::min<std::uint64_t>(blob_piece, entry.size - at));
            // Too short a file is told by whoever reads the layout.
            if (bytes.empty()) break;
            if (interrupt_ != nullptr && interrupt_->raised()) return interrupt_->error();
            out.append(bytes);
            at += bytes.size();
            progress_.tick();
        }
        if (out.good()) return {};
        return Error{"file_unwritable", "a file of the image cannot be written", target,
                     "is the disk full? TMPDIR names another"};
    }

    const Archive& archive_;
    std::string folder_;
    cmd::Progress& progress_;
    const os::Interrupt* interrupt_;
    std::size_t seen_ = 0;
};

}  // namespace

Result<bool> unpack_layout(const Archive& archive, const std::string& folder, cmd::Progress& progress,
                           const os::Interrupt* interrupt) {
    return Unpacker(archive, folder, progress, interrupt).run();
}

}  // namespace waaft::registry
