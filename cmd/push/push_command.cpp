#include "cmd/push/push_command.h"

#include "cmd/image/name.h"
#include "cmd/json_text.h"
#include "cmd/os/files.h"
#include "cmd/project/options.h"
#include "cmd/push/source.h"
#include "cmd/registry/push.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>

namespace waaft::cmd {
namespace {

constexpr std::string_view push_schema = "waaft.push/1";

struct PushFlags {
    std::string from;
    std::vector<std::string> tags;
    bool force = false;
};

struct Shared : project::CommandFlags {
    std::shared_ptr<PushFlags> push = std::make_shared<PushFlags>();
};

std::vector<Option> push_options(const Shared& shared) {
    const auto push = shared.push;
    auto from = flag("--from", "IMAGE", "A folder with an OCI layout, an archive, or docker:NAME.",
                     [push](const std::string& text) { push->from = text; });
    from.file = true;
    auto tag = flag("--tag", "TAG", "One more tag; may be repeated.",
                    [push](const std::string& text) { push->tags.push_back(text); });
    tag.repeatable = true;
    std::vector<Option> options{
        std::move(from), std::move(tag),
        flag("--force", "", "Move tags that another image has.", [push](const std::string&) { push->force = true; })};
    // What a cluster has to do with is no matter of a registry.
    return project::with_shared_options(std::move(options), shared, [](const Option& each) {
        return each.group != "Project" || each.name.starts_with("--image-") || each.name.starts_with("--registry-") ||
               each.name == "--plain-http";
    });
}

Result<std::string> version_of(const project::Project& project, const os::Interrupt& interrupt) {
    if (!project.image.version.empty()) return project.image.version;
    const auto tree = image::read_tree(project.folder, interrupt);
    if (!tree) return tree.error();
    if (!tree->version.empty()) return tree->version;
    return Error{"usage_version", "the image has no version: git knows none here", project.folder,
                 "name one: --image-version 1.2.3"};
}

class Push {
public:
    Push(const Shared& shared, const Environment& environment, Progress& progress)
        : shared_(shared), environment_(environment), progress_(progress), begin_(Clock::now()) {}

    Result<boost::json::object, Errors> run() {
        if (auto configured = configure(); !configured) return configured.error();
        auto pushed = push();
        if (!pushed) return Errors{pushed.error()};
        return result(*pushed);
    }

private:
    Result<void, Errors> configure() {
        auto loaded = project::load(shared_, environment_);
        if (!loaded) return loaded.error();
        for (const auto& warning : loaded->warnings) progress_.warn(warning);
        project_ = std::move(loaded->project);
        return {};
    }

    Result<registry::Pushed> push() {
        const auto& repository = project_.image.repository;
        const auto version = version_of(project_, interrupt_);
        if (!version) return version.error();
        const auto name = image::name_image(repository, *version);
        if (!name) return name.error();
        auto order = registry::make_push_order(project_, *version, shared_.push->tags, environment_);
        if (!order) return order.error();
        order_ = std::move(*order);
        order_.force = shared_.push->force;
        if (shared_.common->timeout != Duration::zero()) order_.access.deadline = begin_ + shared_.common->timeout;
        const auto source = shared_.push->from.empty()
                                ? push::find_source(project_.folder, name->familiar, *version, interrupt_)
                                : push::parse_source(shared_.push->from);
        if (!source) return source.error();
        const os::TemporaryFolder scratch;
        const auto layout = push::load(*source, scratch.path(), progress_, shared_.common->timeout, interrupt_);
        if (!layout) return layout.error();
        return registry::push(order_, *layout, progress_, &interrupt_);
    }

    boost::json::object result(const registry::Pushed& pushed) const {
        const auto name = order_.repository.name();
        progress_.done(pushed.unchanged ? name + ":" + order_.tags.front() + " was there already"
                                        : name + ":" + order_.tags.front() + " is there");
        const auto list = [](const std::vector<std::string>& texts) {
            return boost::json::array(texts.begin(), texts.end());
        };
        const auto& blobs = pushed.blobs;
        return {{"schema", push_schema},
                {"result", pushed.unchanged ? "unchanged" : "pushed"},
                {"image", name + "@" + pushed.digest},
                {"repository", name},
                {"digest", pushed.digest},
                {"tags", list(order_.tags)},
                {"platforms", list(pushed.platforms)},
                {"blobs", {{"uploaded", blobs.uploaded}, {"skipped", blobs.skipped}, {"bytes", blobs.uploaded_bytes}}},
                {"timings", progress_.timings()}};
    }

    const Shared& shared_;
    const Environment& environment_;
    Progress& progress_;
    TimePoint begin_;
    os::Interrupt interrupt_;
    project::Project project_;
    registry::PushOrder order_;
};

Result<Exit, Errors> run_push(const Shared& shared, const Environment& environment, const Streams& streams) {
    auto errors = shared.common->wrong;
    if (errors.empty()) {
        Progress progress(streams, shared.common->progress);
        const auto pushed = Push(shared, environment, progress).run();
        if (pushed) {
            if (shared.common->json()) {
                streams.out << boost::json::serialize(*pushed) << '\n';
            } else {
                streams.out << std::string_view(pushed->at("image").as_string()) << '\n';
            }
            return Exit::ok;
        }
        errors = pushed.error();
        progress.failed(errors.front().what);
    }
    if (shared.common->json()) return write_failure(streams.out, push_schema, errors);
    for (const auto& error : errors) print_cause(streams, cause_of(error));
    return exit_of(errors);
}

}  // namespace

Command push_command(const Environment& environment) {
    const Shared shared;
    return {.name = "push",
            .doc = "Push the image to its registry; prints its name by digest.",
            .options = push_options(shared),
            .arguments = {},
            .subcommands = {},
            .run = [shared, environment](const Streams& streams) { return run_push(shared, environment, streams); }};
}

}  // namespace waaft::cmd
