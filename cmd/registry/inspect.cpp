#include "cmd/registry/inspect.h"

#include "cmd/registry/digest.h"
#include "cmd/registry/manifest.h"
#include "cmd/registry/session.h"

#include <algorithm>

namespace waaft::registry {
namespace {

class Inspector {
public:
    Inspector(const Reference& reference, Session& session)
        : session_(session), http_(session.connection()), info_{reference, {}, {}, {}} {}

    Result<ImageInfo> run() {
        const auto& reference = info_.reference;
        const auto answer = fetch_manifest(reference.digest.empty() ? reference.tag : reference.digest);
        if (!answer) return answer.error();
        const std::string digest = digest_of(answer->body);
        if (!reference.digest.empty() && reference.digest.starts_with("sha256:") && digest != reference.digest)
            return unusable("it sent other bytes than " + reference.digest + " stands for");
        if (reference.digest.empty()) info_.reference.digest = digest;
        const auto manifest = parse_manifest(answer->body, type_of(*answer));
        if (!manifest) return unusable(manifest.error().what);
        info_.media_type = manifest->media_type;
        auto filled = manifest->index ? read_index(*manifest) : read_config(*manifest);
        if (!filled) return filled.error();
        return info_;
    }

private:
    static std::string type_of(const HttpAnswer& answer) {
        const std::string type = answer.header("content-type");
        return type.substr(0, type.find(';'));
    }

    Error unusable(const std::string& what) const {
        return {"REGISTRY_ERROR", "the registry " + info_.reference.host + " has no image that can be used: " + what,
                info_.reference.text(), "push it again"};
    }

    Result<HttpAnswer> fetch(const std::string& path, const std::string& doing) {
        using namespace media_type;
        HttpRequest request{.method = "GET", .url = session_.repository_url() + path};
        for (const auto type : {oci_index, docker_list, oci_manifest, docker_manifest})
            request.headers.emplace_back("Accept", type);
        auto answer = session_.call(*http_, request, doing);
        if (answer && answer->status != 200) return session_.error(doing, *answer);
        return answer;
    }
    Result<HttpAnswer> fetch_manifest(const std::string& name) {
        return fetch("/manifests/" + name, "the image " + name.substr(0, 40));
    }

    Result<void> read_index(const Manifest& index) {
        for (const auto& child : index.manifests)
            if (!child.platform.empty() && child.platform != "unknown/unknown")
                info_.platforms.push_back(child.platform);
        const auto first = std::find_if(index.manifests.begin(), index.manifests.end(), [](const Descriptor& child) {
            return child.is_manifest() && child.platform != "unknown/unknown";
        });
        if (first == index.manifests.end()) return {};
        const auto answer = fetch_manifest(first->digest);
        if (!answer) return answer.error();
        const auto manifest = parse_manifest(answer->body, first->media_type);
        if (!manifest) return unusable(manifest.error().what);
        return read_config(*manifest);
    }

    Result<void> read_config(const Manifest& manifest) {
        const auto answer = fetch("/blobs/" + manifest.config.digest, "the image's configuration");
        if (!answer) return answer.error();
        if (manifest.config.digest.starts_with("sha256:") && digest_of(answer->body) != manifest.config.digest)
            return unusable("its configuration has other bytes than its digest says");
        auto config = parse_image_config(answer->body);
        if (!config) return unusable("its configuration: " + config.error().what);
        if (info_.platforms.empty() && !config->platform.empty()) info_.platforms.push_back(config->platform);
        info_.labels = std::move(config->labels);
        return {};
    }

    Session& session_;
    std::unique_ptr<Http> http_;
    ImageInfo info_;
};

}  // namespace

Result<ImageInfo> inspect(const Reference& reference, const Access& access, const os::Interrupt* interrupt) {
    if (reference.tag.empty() && reference.digest.empty())
        return Error{"usage_image", "the image has neither a tag nor a digest", reference.text(), "add :VERSION"};
    const auto session = Session::open(reference, access, false, interrupt);
    if (!session) return session.error();
    return Inspector(reference, **session).run();
}

}  // namespace waaft::registry
