#include "cmd/image/build.h"

#include "cmd/image/docker.h"
#include "cmd/image/dockerfile.h"
#include "cmd/image/native.h"
#include "cmd/os/files.h"
#include "cmd/ui/failure.h"

#include <filesystem>

namespace waaft::image {
namespace {

struct Choice {
    Builder builder = Builder::native;
    std::string why;
    Engine engine;
};

bool has_dockerfile(const BuildOrder& order) {
    std::error_code error;
    return std::filesystem::exists(order.dockerfile, error);
}

// Files are what only the native builder makes; docker keeps its images in its engine.
// A layout of several platforms is docker's too.
bool wants_files(const BuildOrder& order) {
    return !order.archive.empty() || !order.rootfs.empty() || (order.layout_named && order.platforms.size() <= 1);
}

Result<Choice> choose_docker(const BuildOrder& order, const os::Interrupt& interrupt) {
    if (wants_files(order)) {
        return Error{"usage_builder", "docker keeps the image in its engine and writes no such files",
                     "--builder docker", "waaft build-image --builder native, or docker save"};
    }
    if (!has_dockerfile(order)) {
        return Error{"usage_dockerfile", "there is no Dockerfile", order.dockerfile,
                     "name one with --dockerfile, or: waaft build-image --builder native"};
    }
    auto engine = find_engine(interrupt);
    if (!engine) return engine.error();
    return Choice{Builder::docker, "as asked", std::move(*engine)};
}

Result<Choice> choose(const BuildOrder& order, const os::Interrupt& interrupt) {
    if (order.builder == Builder::native) return Choice{Builder::native, "as asked", {}};
    if (order.builder == Builder::docker) return choose_docker(order, interrupt);
    if (wants_files(order)) return Choice{Builder::native, "docker makes no such files", {}};
    if (!has_dockerfile(order)) return Choice{Builder::native, "there is no " + order.dockerfile, {}};
    auto engine = find_engine(interrupt);
    if (engine) return Choice{Builder::docker, "engine " + engine->version + " answers", std::move(*engine)};
    if (os::is_interrupt(engine.error())) return engine.error();
    return Choice{Builder::native, engine.error().what, {}};
}

// What the Dockerfile asks for is made by the other builder, so that both ship the same files.
Result<void> write_wanted_files(const BuildOrder& order, cmd::Progress& progress, const os::Interrupt& interrupt) {
    constexpr std::size_t dockerfile_max = 1024 * 1024;
    const auto text = os::read_file(order.dockerfile, dockerfile_max);
    if (!text) return text.error();
    const auto path = wanted_rootfs(*text, order.dockerfile);
    if (!path) return path.error();
    if (path->empty()) return {};
    BuildOrder files;
    files.builder = Builder::native;
    files.platforms = order.platforms;
    files.rootfs = (std::filesystem::path(order.folder) / *path).lexically_normal().string();
    const auto built = build_native(files, progress, interrupt);
    return built ? Result<void>() : built.error();
}

}  // namespace

std::string_view to_string(Builder builder) {
    switch (builder) {
        case Builder::automatic: return "auto";
        case Builder::docker: return "docker";
        case Builder::native: return "native";
    }
    return "unknown";
}

Outcome<Built> build(const BuildOrder& order, cmd::Progress& progress, const os::Interrupt& interrupt) {
    progress.step("choose", "Choosing the builder");
    const auto choice = choose(order, interrupt);
    if (!choice) return cmd::cause_of(choice.error());
    progress.done(std::string(to_string(choice->builder)) + ": " + choice->why);
    if (choice->builder == Builder::docker) {
        if (auto written = write_wanted_files(order, progress, interrupt); !written) {
            return cmd::cause_of(written.error());
        }
        return build_docker(order, choice->engine, progress, interrupt);
    }
    auto built = build_native(order, progress, interrupt);
    if (built) return std::move(*built);
    return cmd::cause_of(built.error());
}

}  // namespace waaft::image
