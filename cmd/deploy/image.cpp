#include "cmd/deploy/image.h"

#include "cmd/kube/fields.h"
#include "cmd/os/files.h"
#include "cmd/os/process.h"
#include "cmd/registry/inspect.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>

namespace waaft::deploy {
namespace {

namespace json = boost::json;

constexpr std::size_t result_bytes_max = 1 << 20;
constexpr std::chrono::seconds git_max{10};

Result<registry::Reference> parse(const std::string& text, const char* where) {
    const auto reference = registry::parse_reference(text);
    if (reference) return *reference;
    return Error{"usage_image", "\"" + text + "\" is no image name: " + std::string(describe(reference.error())), where,
                 "it looks like registry.example.com/org/waaft@sha256:..."};
}

ImageChoice choice_of(const registry::Reference& reference, std::vector<std::string> platforms) {
    return {.reference = reference.name() + "@" + reference.digest,
            .version = reference.tag,
            .platforms = std::move(platforms),
            .note = {}};
}

// An image that is named by digest may be in a registry that only the cluster reaches.
Result<ImageChoice> ask_registry(const registry::Reference& reference, const project::Project& project,
                                 const cmd::Environment& environment, const os::Interrupt* interrupt) {
    const auto found = registry::inspect(reference, registry::access_of(project, environment), interrupt);
    if (found) return choice_of(found->reference, found->platforms);
    const auto& error = found.error();
    if (reference.digest.empty() || error.code == "IMAGE_NOT_FOUND" || os::is_interrupt(error)) return error;
    auto choice = choice_of(reference, {});
    choice.note =
        "The registry could not be asked about the image from here (" + error.what + "); the cluster will pull it.";
    return choice;
}

Result<std::string> version_of(const project::Project& project, const os::Interrupt* interrupt) {
    if (!project.image.version.empty()) return project.image.version;
    os::ProcessSpec spec;
    spec.argv = {"git", "describe", "--always", "--dirty"};
    spec.directory = project.folder;
    spec.timeout = git_max;
    const auto described = os::run(spec, interrupt);
    if (!described) return described.error();
    auto version = described->out;
    while (!version.empty() && version.back() == '\n') version.pop_back();
    if (described->ok() && registry::is_tag(version)) return version;
    return Error{"usage_image", "no image is named, and git knows no version here", "image.version",
                 "set image.version in waaft.yaml, or give --image or --build-result"};
}

Result<std::string> read_all(const std::string& file) {
    if (file != "-") return os::read_file(file, result_bytes_max);
    std::string text;
    for (char c = 0; text.size() < result_bytes_max && std::cin.get(c);) text += c;
    return text;
}

}  // namespace

Result<ImageChoice> read_build_result(std::string_view text, const std::string& where) {
    boost::system::error_code bad;
    const auto parsed = json::parse(json::string_view(text.data(), text.size()), bad);
    const auto wrong = [&](const char* what) {
        return Error{"usage_build_result", std::string("this is no result of `waaft push --output json`: ") + what,
                     where, "waaft push --output json > push.json && waaft deploy --build-result push.json"};
    };
    if (bad || !parsed.is_object()) return wrong("it is no JSON object");
    const auto& result = parsed.get_object();
    const auto reference = registry::parse_reference(kube::text(result, {"image"}));
    if (!reference || reference->digest.empty()) return wrong("it has no `image` with a digest");
    std::vector<std::string> platforms;
    for (const auto& platform : kube::list(result, {"platforms"}))
        if (platform.is_string()) platforms.emplace_back(platform.get_string());
    auto choice = choice_of(*reference, std::move(platforms));
    for (const auto& tag : kube::list(result, {"tags"})) {
        if (!tag.is_string() || !choice.version.empty()) continue;
        const auto named = registry::parse_reference(std::string_view(tag.get_string()));
        choice.version = named && !named->tag.empty() ? named->tag : std::string(tag.get_string());
    }
    return choice;
}

Result<ImageChoice> choose_image(const project::Project& project, const ImageWish& wish,
                                 const cmd::Environment& environment, const os::Interrupt* interrupt) {
    if (!wish.image.empty() && !wish.build_result.empty())
        return Error{"usage_image", "--image and --build-result exclude each other", {}, "give one of the two"};
    if (!wish.build_result.empty()) {
        const auto text = read_all(wish.build_result);
        if (!text) return text.error();
        return read_build_result(*text, wish.build_result);
    }
    auto name = wish.image;
    if (name.empty()) {
        const auto version = version_of(project, interrupt);
        if (!version) return version.error();
        name = project.image.repository + ":" + *version;
    }
    auto reference = parse(name, wish.image.empty() ? "image.repository" : "--image");
    if (!reference) return reference.error();
    if (reference->tag.empty() && reference->digest.empty())
        return Error{"usage_image", "\"" + name + "\" has neither a tag nor a digest", "--image",
                     "add @sha256:... or :VERSION"};
    return ask_registry(*reference, project, environment, interrupt);
}

std::vector<std::string> missing_platforms(const std::vector<std::string>& image,
                                           const std::vector<std::string>& nodes) {
    // A cluster with several kinds of nodes places pods where the image runs, as long as there is one such node.
    const auto runs_on = [&](const std::string& node) {
        return std::any_of(image.begin(), image.end(),
                           [&](const std::string& platform) { return platform.starts_with(node); });
    };
    if (image.empty() || nodes.empty() || std::any_of(nodes.begin(), nodes.end(), runs_on)) return {};
    return nodes;
}

}  // namespace waaft::deploy
