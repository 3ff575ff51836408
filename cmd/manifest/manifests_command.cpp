#include "cmd/manifest/manifests_command.h"

#include "cmd/manifest/files.h"
#include "cmd/manifest/render.h"
#include "cmd/project/forms.h"
#include "cmd/project/options.h"
#include "cmd/ui/exit_codes.h"
#include "cmd/ui/failure.h"
#include "cmd/ui/progress.h"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace waaft::cmd {
namespace {

namespace json = boost::json;

constexpr std::string_view schema = "waaft.manifests/1";

struct ManifestsFlags {
    std::string image;
    std::string folder;
    bool two_services = false;
    bool make_namespace = false;
};

struct Shared : project::CommandFlags {
    std::shared_ptr<ManifestsFlags> own = std::make_shared<ManifestsFlags>();
};

std::vector<Option> manifests_options(const Shared& shared) {
    const auto own = shared.own;
    auto folder = flag("--output-dir", "DIR", "Write one file for each object there instead of to stdout.",
                       [own](const std::string& text) { own->folder = text; });
    folder.file = true;
    std::vector<Option> options{
        std::move(folder),
        flag("--image", "REFERENCE", "The image to run, best by digest: host/org/waaft@sha256:...",
             [own](const std::string& text) { own->image = text; }),
        flag("--two-services", "", "TCP and UDP in two Services, for clusters where one can't have both.",
             [own](const std::string&) { own->two_services = true; }),
        flag("--with-namespace", "", "The Namespace too, for one of waaft's own.",
             [own](const std::string&) { own->make_namespace = true; })};
    return project::with_shared_options(std::move(options), shared);
}

// "host:5000/org/waaft", then ":tag", "@sha256:...", or both.
bool is_image(std::string_view text) {
    constexpr std::string_view algorithm = "sha256:";
    constexpr std::size_t digits = 64;
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        const auto digest = text.substr(at + 1);
        const bool good = digest.size() == algorithm.size() + digits && digest.starts_with(algorithm) &&
                          digest.find_first_not_of("0123456789abcdef", algorithm.size()) == std::string_view::npos;
        if (!good) return false;
        text = text.substr(0, at);
    }
    const auto colon = text.rfind(':');
    const auto slash = text.rfind('/');
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
        if (!project::has_form(project::Form::tag, text.substr(colon + 1))) return false;
        text = text.substr(0, colon);
    }
    return project::has_form(project::Form::repository, text);
}

Result<manifest::Rendered, Errors> render(const Shared& shared, const Environment& environment) {
    const auto& own = *shared.own;
    if (!own.image.empty() && !is_image(own.image))
        return Errors{
            {"usage_image", "--image must be an image's reference", own.image, "such as host/org/waaft@sha256:..."}};
    const auto loaded = project::load(shared, environment);
    if (!loaded) return loaded.error();
    const auto& project = loaded->project;
    const auto patches = manifest::read_patches(project);
    if (!patches) return Errors{patches.error()};
    manifest::Facts facts;
    facts.image = own.image;
    facts.mixed_protocol = !own.two_services;
    facts.make_namespace = own.make_namespace;
    auto rendered = manifest::render(project, facts, nullptr, *patches);
    if (!rendered) return Errors{rendered.error()};
    if (own.image.empty() && project.image.version.empty())
        rendered->notes.emplace_back("No version of the image is named: set it with --image or --image-version.");
    rendered->notes.insert(rendered->notes.begin(), loaded->warnings.begin(), loaded->warnings.end());
    return std::move(*rendered);
}

json::array list_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

Result<void> show(const Shared& shared, const manifest::Rendered& rendered, const Streams& streams) {
    const auto& folder = shared.own->folder;
    json::object result{{"schema", schema}, {"result", "ok"}};
    if (folder.empty()) {
        result["objects"] = json::array(rendered.objects.begin(), rendered.objects.end());
    } else {
        const os::Interrupt until_whole;  // a signal in the middle is answered when all files are there
        const auto files = manifest::write_folder(folder, rendered.objects);
        if (!files) return files.error();
        if (until_whole.raised()) return until_whole.error();
        result["folder"] = folder;
        result["written"] = list_of(files->written);
        result["removed"] = list_of(files->removed);
    }
    result["notes"] = list_of(rendered.notes);
    if (shared.common->json())
        streams.out << json::serialize(result) << '\n';
    else if (folder.empty())
        streams.out << manifest::to_yaml(rendered.objects);
    else
        streams.out << folder << '\n';
    return {};
}

Result<Exit, Errors> run(const Shared& shared, const Environment& environment, const Streams& streams) {
    auto errors = shared.common->wrong;
    if (errors.empty()) {
        Progress progress(streams, shared.common->progress);
        const auto rendered = render(shared, environment);
        if (rendered) {
            for (const auto& note : rendered->notes) progress.warn(note);
            const auto shown = show(shared, *rendered, streams);
            if (shown) return Exit::ok;
            errors = {shown.error()};
        } else {
            errors = rendered.error();
        }
    }
    if (shared.common->json()) return write_failure(streams.out, schema, errors);
    for (const auto& error : errors) print_cause(streams, cause_of(error));
    return exit_of(errors);
}

}  // namespace

Command manifests_command(const Environment& environment) {
    const Shared shared;
    return {.name = "manifests",
            .doc = "Print the Kubernetes objects that deploy applies.",
            .options = manifests_options(shared),
            .arguments = {},
            .subcommands = {},
            .run = [shared, environment](const Streams& streams) { return run(shared, environment, streams); }};
}

}  // namespace waaft::cmd
