#include "cmd/image/native.h"

#include "cmd/image/output.h"
#include "server/base/own_program.h"

#include <array>
#include <cstdio>
#include <filesystem>

namespace waaft::image {
namespace {

std::string megabytes(std::uint64_t bytes) {
    std::array<char, 32> text{};
    const auto length = std::snprintf(text.data(), text.size(), "%.1f MB", static_cast<double>(bytes) / 1e6);
    return {text.data(), static_cast<std::size_t>(length)};
}

// The path that $ORIGIN and messages name; where the file was replaced while it runs, the link of this process.
std::string own_file() {
    std::error_code error;
    const auto& file = own_program().file;
    return std::filesystem::exists(file, error) ? file : "/proc/self/exe";
}

// An unpacked archive is the root in which everything is looked for.
Result<Contents> own_contents() {
    const auto& root = own_program().root;
    return collect_contents(own_file().substr(root.size()),
                            [&](const std::string& path) { return read_content(root + path); });
}

Result<std::string> own_platform(const BuildOrder& order) {
    const auto architecture = architecture_of_program(own_file());
    if (!architecture) return architecture.error();
    auto own = "linux/" + *architecture;
    for (const auto& platform : order.platforms) {
        if (platform != own) {
            const auto why = order.platforms_why.empty() ? "" : " (" + order.platforms_why + ")";
            return Error{
                "IMAGE_ARCH",
                "the native builder packs this program itself, which is for " + own + ", not for " + platform + why,
                "--platform " + platform,
                "waaft build-image --builder docker --platform " + platform +
                    ", or run waaft on such a "
                    "machine"};
        }
    }
    return own;
}

Result<void> write_files(const BuildOrder& order, const Contents& contents, cmd::Progress& progress) {
    if (order.rootfs.empty()) return {};
    if (order.rootfs.ends_with(".tar")) return write_rootfs_tar(order.rootfs, contents);
    const auto owned = write_rootfs(order.rootfs, contents);
    if (!owned) return owned.error();
    if (!*owned) progress.warn("only root can give the files in " + order.rootfs + " to their owners (/data to 65532)");
    return {};
}

Result<void> write_image(const BuildOrder& order, const Image& image, const os::Interrupt& interrupt) {
    if (interrupt.raised()) return interrupt.error();
    if (!order.layout.empty()) {
        if (auto written = write_layout(order.layout, image, order.name); !written) return written.error();
    }
    if (interrupt.raised()) return interrupt.error();
    if (!order.archive.empty()) {
        if (auto written = write_archive(order.archive, image, order.name); !written) return written.error();
    }
    return {};
}

void warn_of_copyrights(const Contents& contents, cmd::Progress& progress) {
    std::string names;
    for (const auto& name : contents.without_copyright) names += (names.empty() ? "" : ", ") + name;
    if (!names.empty()) progress.warn("this machine has no copyright file of " + names + ": the image has none either");
}

std::uint64_t bytes_of(const Contents& contents) {
    std::uint64_t sum = 0;
    for (const auto* files : {&contents.system, &contents.program}) {
        for (const auto& file : *files) sum += file.content.size();
    }
    return sum;
}

std::string places_of(const BuildOrder& order) {
    std::string places;
    for (const auto* path : {&order.rootfs, &order.layout, &order.archive}) {
        if (path->empty() || (path == &order.layout && !order.layout_kept)) continue;
        places += (places.empty() ? "" : ", ") + *path;
    }
    return places.empty() ? "for the registry" : places;
}

}  // namespace

Result<Built> build_native(const BuildOrder& order, cmd::Progress& progress, const os::Interrupt& interrupt) {
    progress.step("collect", "Collecting the program and the libraries that it loads");
    const auto platform = own_platform(order);
    if (!platform) return platform.error();
    const auto contents = own_contents();
    if (!contents) return contents.error();
    progress.done(std::to_string(contents->system.size() + contents->program.size()) + " files and folders");
    warn_of_copyrights(*contents, progress);
    if (interrupt.raised()) return interrupt.error();

    Built result{.builder = Builder::native,
                 .digest = {},
                 .platforms = {*platform},
                 .layout = order.layout,
                 .name = {},
                 .compressed = std::nullopt,
                 .uncompressed = bytes_of(*contents)};
    std::optional<Image> image;
    if (!order.layout.empty() || !order.archive.empty()) {
        progress.step("pack", "Packing " + order.name.familiar);
        image = make_image(*contents, order.labels);
        result.digest = image->manifest.digest;
        result.compressed = image->compressed_bytes();
        result.uncompressed = image->uncompressed_bytes();
        progress.done(megabytes(*result.uncompressed) + ", compressed " + megabytes(*result.compressed));
        if (interrupt.raised()) return interrupt.error();
    }

    progress.step("write", "Writing");
    if (auto written = write_files(order, *contents, progress); !written) return written.error();
    if (image) {
        if (auto written = write_image(order, *image, interrupt); !written) return written.error();
    }
    progress.done(places_of(order));
    return result;
}

}  // namespace waaft::image
