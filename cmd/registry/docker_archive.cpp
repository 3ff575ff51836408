#include "cmd/registry/docker_archive.h"

#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "cmd/registry/digest.h"
#include "cmd/registry/file.h"
#include "cmd/registry/gzip.h"
#include "cmd/registry/manifest.h"
#include "cmd/registry/oci_archive.h"
#include "cmd/registry/tar_index.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

namespace waaft::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t layer_piece = 256 * 1024;
constexpr std::size_t archive_layers_max = 1000;

Error unusable(const std::string& what, const std::string& where) {
    return {"layout_unusable", "the archive of the image cannot be used: " + what, where, {}};
}

struct Listing {
    std::string config;
    std::vector<std::string> layers;
};

Result<Listing, Malformed> parse_listing(std::string_view text) {
    boost::system::error_code error;
    const auto value = json::parse(text, error);
    const auto* array = error ? nullptr : value.if_array();
    const auto* first = array == nullptr || array->size() != 1 ? nullptr : array->front().if_object();
    if (first == nullptr) return Malformed{"its manifest.json does not name one image"};
    const auto* config = first->if_contains("Config");
    const auto* layers = first->if_contains("Layers");
    if (config == nullptr || !config->is_string() || layers == nullptr || !layers->is_array() ||
        layers->get_array().size() > archive_layers_max)
        return Malformed{"its manifest.json lacks Config or Layers"};
    Listing result{std::string(config->get_string()), {}};
    for (const auto& layer : layers->get_array()) {
        if (!layer.is_string()) return Malformed{"its manifest.json has a layer without a name"};
        result.layers.emplace_back(layer.get_string());
    }
    return result;
}

class Converter {
public:
    Converter(const std::string& archive, std::string layout, const os::Interrupt* interrupt)
        : path_(archive), archive_(archive), layout_(std::move(layout)), interrupt_(interrupt) {}

    Result<void> run(cmd::Progress& progress) {
        if (!archive_.is_open()) return unusable("the archive cannot be opened", path_);
        auto files = index_tar([this](std::uint64_t at, std::size_t size) { return archive_.read_at(at, size); });
        if (!files) return unusable(files.error().what, path_);
        files_ = std::move(*files);
        const auto unpacked = unpack_layout({archive_, files_}, layout_, progress, interrupt_);
        if (!unpacked) return unpacked.error();
        if (*unpacked) return {};
        return convert(progress);
    }

private:
    Result<void> convert(cmd::Progress& progress) {
        const auto listed = read_small("manifest.json");
        if (!listed) return listed.error();
        const auto listing = parse_listing(*listed);
        if (!listing) return unusable(listing.error().what, path_);
        std::error_code error;
        std::filesystem::create_directories(layout_ + "/blobs/sha256", error);
        if (error) return Error{"file_unwritable", error.message(), layout_, {}};
        json::array layers;
        for (const auto& name : listing->layers) {
            progress.status("packing layer " + std::to_string(layers.size() + 1) + " of " +
                            std::to_string(listing->layers.size()));
            const auto layer = add_layer(name, progress);
            if (!layer) return layer.error();
            layers.emplace_back(to_json(*layer));
        }
        return finish(*listing, std::move(layers));
    }

    // Layers that two images share are links in archives of older engines.
    const TarFile* find(std::string name) const {
        for (unsigned links = 0; links < 4; ++links) {
            const auto found = files_.find(name);
            if (found == files_.end()) return nullptr;
            if (found->second.link.empty()) return &found->second;
            name = (std::filesystem::path(name).parent_path() / found->second.link).lexically_normal().string();
        }
        return nullptr;
    }

    Result<std::string> read_small(const std::string& name) const {
        const auto* file = find(name);
        if (file == nullptr || file->size > manifest_max) return unusable("it lacks " + name, path_);
        return archive_.read_at(file->offset, file->size);
    }

    std::string blob_path(const std::string& digest) const { return layout_ + "/blobs/sha256/" + digest.substr(7); }

    Result<Descriptor> add_blob(std::string_view type, const std::string& bytes) const {
        const std::string digest = digest_of(bytes);
        if (auto written = os::write_file(blob_path(digest), bytes); !written) return written.error();
        return Descriptor{std::string(type), digest, bytes.size(), {}};
    }

    // Engines with containerd's store save layers packed already; those are taken as they are.
    Result<Descriptor> add_layer(const std::string& name, cmd::Progress& progress) const {
        const auto* file = find(name);
        if (file == nullptr) return unusable("it lacks " + name, path_);
        const std::string magic = archive_.read_at(file->offset, 4);
        const bool gzip = magic.starts_with("\x1f\x8b");
        const bool zstd = magic == "\x28\xb5\x2f\xfd";
        const std::string made = layout_ + "/layer";
        WriteFile out(made);
        Sha256 hash;
        std::uint64_t size = 0;
        const auto keep = [&](std::string_view bytes) {
            hash.add(bytes);
            out.append(bytes);
            size += bytes.size();
        };
        Gzip packer(keep);
        for (std::uint64_t at = 0; at < file->size;) {
            const std::string bytes =
                archive_.read_at(file->offset + at, std::min<std::uint64_t>(layer_piece, file->size - at));
            if (bytes.empty()) return unusable("it ends in the middle of " + name, path_);
            if (interrupt_ != nullptr && interrupt_->raised()) return interrupt_->error();
            gzip || zstd ? keep(bytes) : packer.add(bytes);
            at += bytes.size();
            progress.tick();
        }
        if (!gzip && !zstd) packer.finish();
        const std::string digest = hash.digest();
        std::error_code error;
        if (out.good()) std::filesystem::rename(made, blob_path(digest), error);
        if (!out.good() || error)
            return Error{"file_unwritable", "a layer cannot be written", made,
                         "is the disk full? TMPDIR names another"};
        return Descriptor{
            std::string(zstd ? media_type::oci_layer_zstd : media_type::oci_layer_gzip), digest, size, {}};
    }

    Result<void> finish(const Listing& listing, json::array layers) const {
        const auto config_text = read_small(listing.config);
        if (!config_text) return config_text.error();
        const auto parsed = parse_image_config(*config_text);
        if (!parsed) return unusable("its configuration: " + parsed.error().what, path_);
        const auto config = add_blob(media_type::oci_config, *config_text);
        if (!config) return config.error();
        const json::object manifest{{"schemaVersion", 2},
                                    {"mediaType", media_type::oci_manifest},
                                    {"config", to_json(*config)},
                                    {"layers", std::move(layers)}};
        const auto image = add_blob(media_type::oci_manifest, json::serialize(manifest));
        if (!image) return image.error();
        const json::object index{
            {"schemaVersion", 2}, {"mediaType", media_type::oci_index}, {"manifests", json::array{to_json(*image)}}};
        if (auto written = os::write_file(layout_ + "/index.json", json::serialize(index)); !written) return written;
        return os::write_file(layout_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    }

    std::string path_;
    ReadFile archive_;
    std::string layout_;
    const os::Interrupt* interrupt_;
    std::map<std::string, TarFile> files_;
};

Error save_error(const std::string& name, const os::ProcessResult& ran) {
    const auto end = ran.err.find_last_not_of("\r\n ");
    const std::string words = ran.err.substr(0, end == std::string::npos ? 0 : std::min<std::size_t>(end + 1, 400));
    if (words.find("No such image") != std::string::npos || words.find("does not exist") != std::string::npos)
        return {"IMAGE_NOT_FOUND", "the Docker engine has no image " + name + ": " + words, "docker:" + name,
                "waaft build-image --builder docker makes it; --from FOLDER pushes one without an engine"};
    return {"preflight_docker", "docker save failed: " + words, "docker:" + name, "docker version"};
}

}  // namespace

Result<std::string> layout_of_archive(const std::string& archive, const std::string& folder, cmd::Progress& progress,
                                      const os::Interrupt* interrupt) {
    const std::string layout = folder + "/layout";
    auto converted = Converter(archive, layout, interrupt).run(progress);
    if (!converted) return converted.error();
    return layout;
}

Result<std::string> layout_of_engine(const std::string& name, const std::string& folder, cmd::Progress& progress,
                                     Duration timeout, const os::Interrupt* interrupt) {
    const std::string archive = folder + "/image.tar";
    progress.step("save", "Taking " + name + " from the Docker engine");
    os::ProcessSpec spec;
    spec.argv = {"docker", "save", "--output", archive, name};
    spec.timeout = timeout;
    const auto ran = os::run(spec, interrupt);
    if (!ran) return ran.error();
    if (!ran->ok()) return save_error(name, *ran);
    auto layout = layout_of_archive(archive, folder, progress, interrupt);
    std::error_code ignored;
    std::filesystem::remove(archive, ignored);
    return layout;
}

}  // namespace waaft::registry
