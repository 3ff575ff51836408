#include "cmd/registry/push.h"

#include "cmd/registry/digest.h"

#include <algorithm>

namespace waaft::registry {
namespace {

// Google's registries take a layer in one piece only:
// https://cloud.google.com/artifact-registry/docs/docker/pushing-and-pulling
bool takes_no_pieces(std::string_view host) {
    return host.ends_with(".pkg.dev") || host == "gcr.io" || host.ends_with(".gcr.io");
}

std::string accepted_types() {
    using namespace media_type;
    return std::string(oci_index) + ", " + std::string(docker_list) + ", " + std::string(oci_manifest) + ", " +
           std::string(docker_manifest);
}

class Pusher {
public:
    Pusher(const PushOrder& order, const Layout& layout, cmd::Progress& progress, Session& session)
        : order_(order), layout_(layout), progress_(progress), session_(session), http_(session.connection()) {}

    Result<Pushed> run() {
        Pushed result{layout_.root().descriptor.digest, layout_.platforms, {}, true};
        for (const auto& tag : order_.tags) {
            const auto there = check_tag_of(tag);
            if (!there) return there.error();
            result.unchanged = result.unchanged && *there;
        }
        if (result.unchanged) {
            result.blobs.skipped = layout_.blobs.size();
            return result;
        }
        progress_.step("upload", "Pushing " + order_.repository.name() + ":" + order_.tags.front());
        UploadOptions options;
        options.whole = takes_no_pieces(order_.repository.host);
        const auto blobs = push_blobs(session_, layout_.blobs, options, progress_);
        if (!blobs) return blobs.error();
        result.blobs = *blobs;
        progress_.step("publish", "Publishing " + result.digest.substr(0, 19));
        if (auto put = put_manifests(); !put) return put.error();
        for (const auto& tag : order_.tags)
            if (auto proven = prove(tag); !proven) return proven.error();
        return result;
    }

private:
    std::string manifest_url(const std::string& name) const { return session_.repository_url() + "/manifests/" + name; }

    // The digest that `name` has in the registry; empty: there is none.
    Result<std::string> digest_of_manifest(const std::string& name) {
        const std::string doing = "the look at " + name.substr(0, 40);
        HttpRequest request{.method = "HEAD", .url = manifest_url(name), .headers = {{"Accept", accepted_types()}}};
        auto answer = session_.call(*http_, request, doing);
        if (!answer) return answer.error();
        if (answer->status == 404) return std::string();
        const bool silent = answer->status == 200 && answer->header("docker-content-digest").empty();
        if (silent || answer->status == 400 || answer->status == 405) {
            request.method = "GET";
            answer = session_.call(*http_, request, doing);
            if (!answer) return answer.error();
            if (answer->status == 404) return std::string();
            if (answer->status == 200) return digest_of(answer->body);
        }
        // A HEAD has no text, so the registry is asked again for its words.
        if (answer->status != 200 && request.method == "HEAD") {
            request.method = "GET";
            const auto words = session_.call(*http_, request, doing);
            if (words && words->status == answer->status) return session_.error(doing, *words);
        }
        if (answer->status != 200) return session_.error(doing, *answer);
        return answer->header("docker-content-digest");
    }

    // Whether the tag is there with our digest.
    Result<bool> check_tag_of(const std::string& tag) {
        const std::string& ours = layout_.root().descriptor.digest;
        const auto theirs = digest_of_manifest(tag);
        if (!theirs) return theirs.error();
        if (theirs->empty()) return false;
        if (*theirs == ours) return true;
        if (order_.force) {
            progress_.warn("the tag " + tag + " is moved from " + *theirs + " to " + ours);
            return false;
        }
        return Error{"TAG_EXISTS",
                     "the registry " + order_.repository.host + " has " + order_.repository.repository + ":" + tag +
                         " already, with another digest: " + theirs->substr(0, 80) + ", not " + ours,
                     order_.repository.name() + ":" + tag,
                     "push under another name (--image-version), or replace it with --force"};
    }

    Result<void> put_manifests() {
        for (const auto& manifest : layout_.manifests) {
            const bool root = &manifest == &layout_.root();
            if (!root)
                if (auto put = put_manifest(manifest, manifest.descriptor.digest); !put) return put;
            if (root)
                for (const auto& tag : order_.tags)
                    if (auto put = put_manifest(manifest, tag); !put) return put;
        }
        return {};
    }

    Result<void> put_manifest(const LayoutManifest& manifest, const std::string& name) {
        const std::string doing = "the manifest " + name.substr(0, 40);
        const auto answer = session_.call(*http_,
                                          {.method = "PUT",
                                           .url = manifest_url(name),
                                           .headers = {{"Content-Type", manifest.descriptor.media_type}},
                                           .has_body = true,
                                           .body = {.text = manifest.bytes}},
                                          doing);
        if (!answer) return answer.error();
        if (answer->status < 200 || answer->status > 299) return session_.error(doing, *answer);
        return {};
    }

    Result<void> prove(const std::string& tag) {
        const std::string& ours = layout_.root().descriptor.digest;
        const auto theirs = digest_of_manifest(tag);
        if (!theirs) return theirs.error();
        if (*theirs == ours) return {};
        return Error{"UPLOAD_FAILED",
                     "the registry " + order_.repository.host + " took " + order_.repository.repository + ":" + tag +
                         " but now says that it is " + (theirs->empty() ? "not there" : theirs->substr(0, 80)) +
                         ", not " + ours,
                     order_.repository.name() + ":" + tag, "does somebody else push the same tag? Push again"};
    }

    const PushOrder& order_;
    const Layout& layout_;
    cmd::Progress& progress_;
    Session& session_;
    std::unique_ptr<Http> http_;
};

}  // namespace

Result<void> check_tag(const std::string& tag) {
    if (tag == "latest")
        return Error{"usage_tag", "the tag latest is not pushed: nobody could say later which version it was", "latest",
                     "name a version: --image-version 1.2.3"};
    if (!is_tag(tag))
        return Error{"usage_tag", std::string(describe(ReferenceError::tag)), tag,
                     "name a version: --image-version 1.2.3"};
    return {};
}

Result<PushOrder> make_push_order(const project::Project& project, const std::string& version,
                                  const std::vector<std::string>& more, const cmd::Environment& environment) {
    const auto reference = parse_reference(project.image.repository);
    if (!reference) {
        return Error{"usage_image", std::string(describe(reference.error())), project.image.repository, {}};
    }
    PushOrder order{*reference, {version}, false, access_of(project, environment)};
    for (const auto* list : {&project.image.tags, &more}) {
        for (const auto& tag : *list) {
            if (std::find(order.tags.begin(), order.tags.end(), tag) == order.tags.end()) order.tags.push_back(tag);
        }
    }
    for (const auto& tag : order.tags) {
        if (auto checked = check_tag(tag); !checked) return checked.error();
    }
    return order;
}

Result<Pushed> push(const PushOrder& order, const Layout& layout, cmd::Progress& progress,
                    const os::Interrupt* interrupt) {
    for (const auto& tag : order.tags)
        if (auto checked = check_tag(tag); !checked) return checked.error();
    progress.step("connect", "Asking " + order.repository.host + " for " + order.repository.repository);
    Reference first = order.repository;
    first.tag = order.tags.front();
    const auto session = Session::open(first, order.access, true, interrupt);
    if (!session) return session.error();
    return Pusher(order, layout, progress, **session).run();
}

}  // namespace waaft::registry
