#include "cmd/image/build_image_command.h"

#include "cmd/image/build.h"
#include "cmd/image/platforms.h"
#include "cmd/os/files.h"
#include "cmd/project/options.h"
#include "cmd/registry/docker_archive.h"
#include "cmd/registry/push.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <ostream>

namespace waaft::cmd {
namespace {

constexpr std::string_view schema = "waaft.build-image/1";
constexpr const char* default_layout = "build/image";  // where `waaft push` looks

struct BuildFlags {
    std::string layout;
    std::string archive;
    std::string rootfs;
    bool no_cache = false;
    bool push = false;
    bool force = false;
};

struct Shared : project::CommandFlags {
    std::shared_ptr<BuildFlags> build = std::make_shared<BuildFlags>();
};

using Causes = std::vector<Cause>;

Causes causes_of(const Errors& errors) {
    Causes causes;
    for (const auto& error : errors) causes.push_back(cause_of(error));
    return causes;
}

constexpr auto* option = flag;

Option file_option(std::string name, std::string value, std::string doc, std::function<void(const std::string&)> put) {
    auto result = option(std::move(name), std::move(value), std::move(doc), std::move(put));
    result.file = true;
    return result;
}

std::vector<Option> field_options(const Shared& shared) {
    const auto field = [flags = shared.project](const char* key) {
        return [flags, key](const std::string& text) {
            for (auto& [name, value] : flags->values) {
                if (name == key && name == "image.platforms") {
                    value += "," + text;
                    return;
                }
            }
            flags->values.emplace_back(key, text);
        };
    };
    auto builder = option("--builder", "BUILDER", "docker, native (needs no engine), or auto: docker if one answers.",
                          field("image.builder"));
    builder.choices = {"auto", "docker", "native"};
    auto platform = option("--platform", "PLATFORM",
                           "linux/amd64 or another (what the nodes of the named cluster are, else what this machine "
                           "is); may be repeated with docker's buildx.",
                           field("image.platforms"));
    platform.repeatable = true;
    return {std::move(builder), std::move(platform),
            file_option("--dockerfile", "FILE", "What docker builds from (Dockerfile).", field("image.dockerfile"))};
}

// The image, its registry, and the cluster whose nodes it is for.
bool is_ours(const std::string& name) {
    return name.starts_with("--image-") || name.starts_with("--registry-") || name == "--plain-http" ||
           name == "--context" || name == "--kubeconfig";
}

std::vector<Option> build_options(const Shared& shared) {
    const auto build = shared.build;
    auto options = field_options(shared);
    options.push_back(file_option("--layout", "DIR", "Write the image there as an OCI layout (build/image).",
                                  [build](const std::string& text) { build->layout = text; }));
    options.push_back(file_option("--archive", "FILE", "Write the image as one file for `docker load`.",
                                  [build](const std::string& text) { build->archive = text; }));
    options.push_back(file_option("--rootfs", "DIR",
                                  "Write its bare files, for a Dockerfile's `FROM scratch`; NAME.tar: as one tar.",
                                  [build](const std::string& text) { build->rootfs = text; }));
    options.push_back(option("--no-cache", "", "Let docker build every step anew.",
                             [build](const std::string&) { build->no_cache = true; }));
    options.push_back(option("--push", "", "Push it at once, as `waaft push` does; prints its name by digest.",
                             [build](const std::string&) { build->push = true; }));
    options.push_back(option("--force", "", "With --push: move tags that another image has.",
                             [build](const std::string&) { build->force = true; }));
    for (auto& each : project::project_options(shared.project)) {
        if (is_ours(each.name)) options.push_back(std::move(each));
    }
    for (auto& each : common_options(shared.common)) options.push_back(std::move(each));
    return options;
}

image::Builder builder_of(const std::string& name) {
    if (name == "docker") return image::Builder::docker;
    return name == "native" ? image::Builder::native : image::Builder::automatic;
}

// https://reproducible-builds.org/specs/source-date-epoch
std::int64_t created_at(const Environment& environment, const image::Tree& tree) {
    const auto found = environment.find("SOURCE_DATE_EPOCH");
    if (found == environment.end()) return tree.committed;
    std::int64_t seconds = -1;
    const auto& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    constexpr std::int64_t most = 0777'7777'7777;  // what a tar header holds
    return error == std::errc{} && end == text.data() + text.size() && seconds >= 0 && seconds <= most ? seconds
                                                                                                       : tree.committed;
}

class BuildImage {
public:
    BuildImage(const Shared& shared, const Environment& environment, Progress& progress)
        : shared_(shared), environment_(environment), progress_(progress) {}

    Result<boost::json::object, Causes> run() {
        if (auto configured = configure(); !configured) return causes_of(configured.error());
        if (auto ordered = order(); !ordered) return causes_of({ordered.error()});
        const auto built = image::build(order_, progress_, interrupt_);
        if (!built) return Causes{built.error()};
        if (!push_order_) return result(*built, std::nullopt);
        const auto pushed = push(*built);
        if (!pushed) return causes_of({pushed.error()});
        return result(*built, *pushed);
    }

private:
    Result<void, Errors> configure() {
        auto loaded = project::load(shared_, environment_);
        if (!loaded) return loaded.error();
        for (const auto& warning : loaded->warnings) progress_.warn(warning);
        project_ = std::move(loaded->project);
        return {};
    }

    std::string from_project(const std::string& path) const {
        return (std::filesystem::path(project_.folder) / path).lexically_normal().string();
    }

    Result<void> order() {
        const auto& flags = *shared_.build;
        const bool bare = !flags.rootfs.empty() && flags.layout.empty() && flags.archive.empty() && !flags.push;
        order_.builder = builder_of(project_.image.builder);
        if (auto known = platforms(); !known) return known;
        order_.layout_named = !flags.layout.empty();
        order_.layout = layout();
        order_.archive = flags.archive;
        order_.rootfs = flags.rootfs;
        order_.folder = project_.folder;
        order_.dockerfile = from_project(project_.image.dockerfile);
        order_.no_cache = flags.no_cache;
        if (shared_.common->timeout != Duration::zero()) order_.timeout = shared_.common->timeout;
        return bare ? Result<void>() : name();
    }

    Result<void> platforms() {
        for (const auto& text : project_.image.platforms) {
            auto platform = image::parse_platform(text);
            if (!platform) return platform.error();
            order_.platforms.push_back(std::move(*platform));
        }
        if (!order_.platforms.empty()) return {};
        progress_.step("platform", "Looking what the cluster's nodes are");
        auto choice = image::choose_platforms(project_, interrupt_);
        if (!choice) return choice.error();
        std::string names;
        for (const auto& platform : choice->platforms) names += (names.empty() ? "" : ", ") + platform;
        progress_.done((names.empty() ? "the builder's own" : names) + ": " + choice->why);
        order_.platforms = std::move(choice->platforms);
        if (!order_.platforms.empty()) order_.platforms_why = std::move(choice->why);
        return {};
    }

    std::string layout() {
        const auto& flags = *shared_.build;
        if (!flags.layout.empty()) return flags.layout;
        if (flags.push) {
            order_.layout_kept = false;
            return scratch_.emplace().path() + "/image";
        }
        return flags.rootfs.empty() && flags.archive.empty() ? from_project(default_layout) : std::string();
    }

    // Bare files have no name, so that a Dockerfile can write them where git is not.
    Result<void> name() {
        const auto tree = image::read_tree(project_.folder, interrupt_);
        if (!tree) return tree.error();
        const auto version = project_.image.version.empty() ? tree->version : project_.image.version;
        if (version.empty()) {
            return Error{"usage_version", "the image has no version: git knows none here", project_.folder,
                         "name one: --image-version 1.2.3"};
        }
        const auto name = image::name_image(project_.image.repository, version);
        if (!name) return name.error();
        order_.name = *name;
        order_.commit = tree->commit;
        order_.labels = {version, tree->commit, tree->source, created_at(environment_, *tree)};
        if (!shared_.build->push) return {};
        auto push_order = registry::make_push_order(project_, version, {}, environment_);
        if (!push_order) return push_order.error();
        push_order_ = std::move(*push_order);
        push_order_->force = shared_.build->force;
        return {};
    }

    Result<registry::Pushed> push(const image::Built& built) {
        const os::TemporaryFolder unpacked;
        const auto timeout = shared_.common->timeout;
        if (timeout != Duration::zero()) push_order_->access.deadline = begin_ + timeout;
        Result<std::string> folder = built.layout;
        if (folder->empty())
            folder = registry::layout_of_engine(built.name, unpacked.path(), progress_, timeout, &interrupt_);
        if (!folder) return folder.error();
        const auto layout = registry::read_layout(*folder);
        if (!layout) return layout.error();
        auto pushed = registry::push(*push_order_, *layout, progress_, &interrupt_);
        if (pushed) progress_.done(order_.name.full + (pushed->unchanged ? " was there already" : " is there"));
        return pushed;
    }

    boost::json::object result(const image::Built& built, const std::optional<registry::Pushed>& pushed) const {
        boost::json::object object{{"schema", schema}, {"result", "built"}, {"builder", to_string(built.builder)}};
        const auto put = [&](const char* key, const std::string& text) {
            if (!text.empty()) object[key] = text;
        };
        put("name", order_.name.familiar);
        put("version", order_.name.tag);
        put("digest", pushed ? pushed->digest : built.digest);
        if (pushed) {
            put("image", push_order_->repository.name() + "@" + pushed->digest);
            object["tags"] = boost::json::array(push_order_->tags.begin(), push_order_->tags.end());
        }
        object["platforms"] = boost::json::array(built.platforms.begin(), built.platforms.end());
        if (order_.layout_kept) put("layout", built.layout);
        if (built.builder == image::Builder::native) put("archive", order_.archive);
        if (built.builder == image::Builder::native) put("rootfs", order_.rootfs);
        if (!built.name.empty()) object["engine"] = built.name;
        if (built.compressed) object["compressed_bytes"] = *built.compressed;
        if (built.uncompressed) object["bytes"] = *built.uncompressed;
        object["timings"] = progress_.timings();
        return object;
    }

    const Shared& shared_;
    const Environment& environment_;
    Progress& progress_;
    os::Interrupt interrupt_;
    project::Project project_;
    image::BuildOrder order_;
    std::optional<registry::PushOrder> push_order_;  // wanted
    std::optional<os::TemporaryFolder> scratch_;
    TimePoint begin_ = Clock::now();
};

// Where it is; of an image that is not pushed yet, in the form that `waaft push --from` takes.
void print(const boost::json::object& built, std::ostream& out) {
    if (const auto* image = built.if_contains("image")) {
        out << std::string_view(image->as_string()) << '\n';
        return;
    }
    const auto* const name = built.if_contains("engine");
    if (name != nullptr && !built.contains("layout")) {
        out << "docker:" << std::string_view(name->as_string()) << '\n';
        return;
    }
    for (const auto* key : {"layout", "archive", "rootfs"}) {
        if (const auto* path = built.if_contains(key)) out << std::string_view(path->as_string()) << '\n';
    }
}

Result<Exit, Errors> run(const Shared& shared, const Environment& environment, const Streams& streams) {
    auto causes = causes_of(shared.common->wrong);
    if (causes.empty()) {
        Progress progress(streams, shared.common->progress);
        const auto built = BuildImage(shared, environment, progress).run();
        if (built) {
            if (shared.common->json()) {
                streams.out << boost::json::serialize(*built) << '\n';
            } else {
                print(*built, streams.out);
            }
            return Exit::ok;
        }
        causes = built.error();
        progress.failed(causes.front().message);
    }
    const auto exit = exit_of_code(causes.front().code);
    if (shared.common->json()) {
        write_failure(streams.out, schema, exit, causes);
    } else {
        for (const auto& cause : causes) print_cause(streams, cause);
    }
    return exit;
}

}  // namespace

Command build_image_command(const Environment& environment) {
    const Shared shared;
    return {.name = "build-image",
            .doc = "Make the container image, by docker or from this program itself; prints where it is.",
            .options = build_options(shared),
            .arguments = {},
            .subcommands = {},
            .run = [shared, environment](const Streams& streams) { return run(shared, environment, streams); }};
}

}  // namespace waaft::cmd
