#include "cmd/image/name.h"

#include "cmd/os/process.h"
#include "cmd/registry/reference.h"

#include <algorithm>
#include <charconv>

namespace waaft::image {
namespace {

constexpr std::chrono::seconds git_limit{10};
constexpr std::size_t tag_max = 128;

bool is_tag_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

// The first line of what git says; empty if it cannot say it.
Result<std::string> ask_git(const std::string& folder, std::vector<std::string> question,
                            const os::Interrupt& interrupt) {
    os::ProcessSpec spec;
    spec.argv = {"git", "-C", folder};
    std::move(question.begin(), question.end(), std::back_inserter(spec.argv));
    spec.timeout = git_limit;
    const auto ran = os::run(spec, &interrupt);
    if (!ran && os::is_interrupt(ran.error())) return ran.error();
    if (!ran || !ran->ok()) return std::string();
    return ran->out.substr(0, ran->out.find('\n'));
}

}  // namespace

std::string as_tag(std::string_view text) {
    std::string result(text.substr(0, tag_max));
    for (auto& c : result) {
        if (!is_tag_character(c)) c = '-';
    }
    // A tag begins with a letter, a digit or '_'.
    if (!result.empty() && (result.front() == '.' || result.front() == '-')) result.front() = '_';
    return result;
}

std::string public_url(std::string_view remote) {
    std::string_view rest;
    for (const std::string_view scheme : {"https://", "http://", "ssh://", "git://"}) {
        if (remote.starts_with(scheme)) rest = remote.substr(scheme.size());
    }
    std::string place;
    if (!rest.empty()) {
        place = rest;
    } else if (const auto colon = remote.find(':'); colon != remote.npos && remote.find('/') > colon) {
        place = std::string(remote.substr(0, colon)) + "/" + std::string(remote.substr(colon + 1));  // git@host:path
    }
    const auto slash = place.find('/');
    if (slash == std::string::npos) return {};
    if (const auto at = place.substr(0, slash).rfind('@'); at != std::string::npos) place.erase(0, at + 1);
    if (place.ends_with(".git")) place.resize(place.size() - 4);
    return (remote.starts_with("http://") ? "http://" : "https://") + place;
}

Result<ImageName> name_image(const std::string& repository, const std::string& version) {
    const auto reference = registry::parse_reference(repository);
    if (!reference) return Error{"usage_image", std::string(describe(reference.error())), repository, {}};
    if (!reference->tag.empty() || !reference->digest.empty()) {
        return Error{"usage_image", "the repository must have no tag and no digest", repository,
                     "name the tag with --version"};
    }
    if (!registry::is_tag(version)) {
        return Error{"usage_version", std::string(describe(registry::ReferenceError::tag)), version, {}};
    }
    return ImageName{repository + ":" + version, reference->name() + ":" + version, reference->name(), version};
}

Result<Tree> read_tree(const std::string& folder, const os::Interrupt& interrupt) {
    auto version = ask_git(folder, {"describe", "--always", "--dirty"}, interrupt);
    if (!version) return version.error();
    if (version->empty()) return Tree{};
    auto commit = ask_git(folder, {"rev-parse", "--short=12", "HEAD"}, interrupt);
    if (!commit) return commit.error();
    auto remote = ask_git(folder, {"remote", "get-url", "origin"}, interrupt);
    if (!remote) return remote.error();
    const auto committed = ask_git(folder, {"log", "-1", "--format=%ct"}, interrupt);
    if (!committed) return committed.error();
    Tree tree{as_tag(*version), std::move(*commit), public_url(*remote)};
    std::from_chars(committed->data(), committed->data() + committed->size(), tree.committed);
    return tree;
}

Result<std::string> parse_platform(const std::string& text) {
    const auto is_word = [](std::string_view word) {
        return !word.empty() && word.size() <= 20 && std::all_of(word.begin(), word.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        });
    };
    const auto architecture = text.starts_with("linux/") ? text.substr(6) : std::string();
    if (architecture == "arm64/v8") return std::string("linux/arm64");
    const auto slash = architecture.find('/');
    if (is_word(architecture.substr(0, slash)) &&
        (slash == std::string::npos || is_word(architecture.substr(slash + 1)))) {
        return text;
    }
    return Error{"usage_platform", "a platform is linux and an architecture", text, "--platform linux/amd64"};
}

}  // namespace waaft::image
