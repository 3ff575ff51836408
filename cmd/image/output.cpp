#include "cmd/image/output.h"

#include "cmd/image/staged_folder.h"
#include "cmd/os/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <map>
#include <system_error>

namespace waaft::image {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using Files = std::map<std::string, std::string>;  // sorted: the archive's order

Files layout_files(const Image& image, const ImageName& name) {
    Files files{{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}, {"index.json", index_json(image, name)}};
    const auto add = [&](const Blob& blob) { files.emplace(blob_path(blob.digest), blob.bytes); };
    add(image.manifest);
    add(image.config);
    for (const auto& layer : image.layers) add(layer.blob);
    return files;
}

std::string docker_manifest(const Image& image, const ImageName& name) {
    json::array layers;
    for (const auto& layer : image.layers) layers.emplace_back(blob_path(layer.blob.digest));
    return json::serialize(json::array{json::object{{"Config", blob_path(image.config.digest)},
                                                    {"RepoTags", json::array{name.familiar}},
                                                    {"Layers", std::move(layers)}}});
}

Result<bool> write_entry(const std::string& path, const ContentFile& file) {
    const auto& entry = file.entry;
    if (entry.kind == TarEntry::Kind::folder) {
        if (::mkdir(path.c_str(), 0755) != 0) return folder_unwritable(path);
    } else if (auto written = os::write_file(path, file.content, entry.mode); !written) {
        return written.error();
    }
    const bool owned = ::lchown(path.c_str(), entry.uid, entry.gid) == 0;
    // Again: chown takes bits away, and mkdir leaves to the umask.
    if (::chmod(path.c_str(), entry.mode) != 0) return folder_unwritable(path);
    return owned;
}

Result<void> write_whole(const std::string& file, const std::string& bytes) {
    std::error_code error;
    const auto folder = fs::absolute(file).parent_path();
    fs::create_directories(folder, error);
    if (error) return folder_unwritable(folder, error);
    return os::write_file(file, bytes);
}

}  // namespace

Result<void> write_layout(const std::string& folder, const Image& image, const ImageName& name) {
    StagedFolder staged;
    if (auto made = staged.make(folder, StagedFolder::Replaces::layout); !made) return made.error();
    std::error_code error;
    fs::create_directories(staged.file("blobs/sha256"), error);
    if (error) return folder_unwritable(staged.file("blobs/sha256"), error);
    for (const auto& [path, bytes] : layout_files(image, name)) {
        if (auto written = os::write_file(staged.file(path), bytes); !written) return written.error();
    }
    return staged.become_target();
}

Result<void> write_archive(const std::string& file, const Image& image, const ImageName& name) {
    auto files = layout_files(image, name);
    files.emplace("manifest.json", docker_manifest(image, name));
    TarWriter tar;
    tar.add({.kind = TarEntry::Kind::folder, .path = "blobs", .mode = 0755});
    tar.add({.kind = TarEntry::Kind::folder, .path = "blobs/sha256", .mode = 0755});
    for (const auto& [path, bytes] : files) tar.add({.path = path}, bytes);
    return write_whole(file, std::move(tar).finish());
}

Result<bool> write_rootfs(const std::string& folder, const Contents& contents) {
    StagedFolder staged;
    if (auto made = staged.make(folder, StagedFolder::Replaces::nothing); !made) return made.error();
    bool owned = true;
    for (const auto* files : {&contents.system, &contents.program}) {
        for (const auto& file : *files) {
            const auto written = write_entry(staged.file(file.entry.path), file);
            if (!written) return written.error();
            owned = owned && *written;
        }
    }
    if (auto moved = staged.become_target(); !moved) return moved.error();
    return owned;
}

Result<void> write_rootfs_tar(const std::string& file, const Contents& contents) {
    TarWriter tar;
    for (const auto* files : {&contents.system, &contents.program}) {
        for (const auto& each : *files) tar.add(each.entry, each.content);
    }
    return write_whole(file, std::move(tar).finish());
}

}  // namespace waaft::image
