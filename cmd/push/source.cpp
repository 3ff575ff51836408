#include "cmd/push/source.h"

#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "cmd/registry/docker_archive.h"

#include <sys/stat.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <filesystem>

namespace waaft::push {
namespace {

constexpr std::chrono::seconds engine_limit{10};
constexpr std::size_t index_max = 4 * 1024 * 1024;

std::optional<std::int64_t> changed_at(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return found.st_mtim.tv_sec;
}

// When the engine gave the name to an image; none: it has no such image, or there is no engine.
Result<std::optional<std::int64_t>> tagged_at(const std::string& name, const os::Interrupt& interrupt) {
    os::ProcessSpec spec;
    spec.argv = {"docker", "image", "inspect", "--format", "{{.Metadata.LastTagTime.Unix}}", name};
    spec.timeout = engine_limit;
    const auto ran = os::run(spec, &interrupt);
    if (!ran && os::is_interrupt(ran.error())) return ran.error();
    if (!ran || !ran->ok()) return std::optional<std::int64_t>();
    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(ran->out.data(), ran->out.data() + ran->out.size(), seconds);
    // The image is there, also if an engine does not say since when.
    return std::optional<std::int64_t>(parsed.ec == std::errc{} ? seconds : 0);
}

}  // namespace

Result<Source> parse_source(const std::string& text) {
    constexpr std::string_view engine = "docker:";
    if (text.starts_with(engine) && text.size() > engine.size())
        return Source{Source::Kind::engine, text.substr(engine.size())};
    std::error_code error;
    const auto status = std::filesystem::status(text, error);
    if (std::filesystem::is_directory(status)) return Source{Source::Kind::layout, text};
    if (std::filesystem::is_regular_file(status)) return Source{Source::Kind::archive, text};
    return Error{"usage_from", "--from names neither a folder nor a file", text,
                 "a folder with an OCI layout, an archive of `docker save`, or docker:NAME"};
}

std::string version_of_layout(const std::string& folder) {
    const auto text = os::read_file(folder + "/index.json", index_max);
    if (!text) return {};
    boost::system::error_code error;
    const auto index = boost::json::parse(*text, error);
    if (error) return {};
    const auto* version = index.find_pointer("/manifests/0/annotations/org.opencontainers.image.ref.name", error);
    return version == nullptr || !version->is_string() ? "" : std::string(version->get_string());
}

Result<Source> choose(const Candidate& layout, const Candidate& engine) {
    const bool newer = layout.made && (!engine.made || *layout.made >= *engine.made);
    if (newer) return Source{Source::Kind::layout, layout.place};
    if (engine.made) return Source{Source::Kind::engine, engine.place};
    return Error{"IMAGE_NOT_FOUND",
                 "there is no image " + engine.place + " to push, neither in the Docker engine nor in " + layout.place,
                 engine.place, "waaft build-image makes it; --from names another"};
}

Result<Source> find_source(const std::string& folder, const std::string& name, const std::string& version,
                           const os::Interrupt& interrupt) {
    Candidate layout{std::nullopt, (std::filesystem::path(folder) / layout_folder).lexically_normal().string()};
    if (version_of_layout(layout.place) == version) layout.made = changed_at(layout.place + "/index.json");
    const auto tagged = tagged_at(name, interrupt);
    if (!tagged) return tagged.error();
    return choose(layout, {*tagged, name});
}

Result<registry::Layout> load(const Source& source, const std::string& scratch, cmd::Progress& progress,
                              Duration timeout, const os::Interrupt& interrupt) {
    Result<std::string> layout = source.place;
    if (source.kind == Source::Kind::engine) {
        layout = registry::layout_of_engine(source.place, scratch, progress, timeout, &interrupt);
    } else {
        progress.step("read", "Reading the image in " + source.place);
        if (source.kind == Source::Kind::archive)
            layout = registry::layout_of_archive(source.place, scratch, progress, &interrupt);
    }
    if (!layout) return layout.error();
    return registry::read_layout(*layout);
}

}  // namespace waaft::push
