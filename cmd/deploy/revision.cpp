#include "cmd/deploy/revision.h"

#include <openssl/evp.h>
#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace waaft::deploy {
namespace {

namespace json = boost::json;

constexpr std::string_view secret_type = "waaft/revision";

std::string secret_name(const std::string& name, std::int64_t number) {
    return name + "-revision-" + std::to_string(number);
}

std::string annotation(const kube::Object& secret, std::string_view key) {
    return kube::text(secret, {"metadata", "annotations", key});
}

std::string identity(const kube::Object& object) { return kube::text(object, {"apiVersion"}) + kube::title_of(object); }

}  // namespace

std::string decode_base64(const std::string& text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return {};
    bytes.resize(static_cast<std::size_t>(size));
    // It fills up with zeros where the text has '='; JSON has none at its end.
    while (!bytes.empty() && bytes.back() == '\0') bytes.pop_back();
    return bytes;
}

kube::Object to_secret(const Revision& revision, const std::string& name) {
    json::array objects;
    for (const auto& object : revision.objects) objects.emplace_back(object);
    return {{"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata",
             {{"name", secret_name(name, revision.number)},
              {"labels",
               {{"app.kubernetes.io/name", "waaft"},
                {"app.kubernetes.io/instance", name},
                {"app.kubernetes.io/component", "revision"},
                {"app.kubernetes.io/part-of", "waaft"},
                {"app.kubernetes.io/managed-by", "waaft"}}},
              {"annotations",
               {{"waaft/revision", std::to_string(revision.number)},
                {"waaft/status", revision.status},
                {"waaft/image", revision.image},
                {"waaft/at", revision.at},
                {"waaft/by", revision.by},
                {"waaft/cause", revision.cause},
                {"waaft/note", revision.note}}}}},
            {"type", json::string_view(secret_type.data(), secret_type.size())},
            {"stringData", {{"objects", json::serialize(objects)}}}};
}

std::optional<Revision> from_secret(const kube::Object& secret) {
    Revision revision;
    const auto number = annotation(secret, "waaft/revision");
    const auto read = std::from_chars(number.data(), number.data() + number.size(), revision.number);
    if (read.ec != std::errc{} || revision.number < 1) return std::nullopt;
    revision.status = annotation(secret, "waaft/status");
    revision.image = annotation(secret, "waaft/image");
    revision.at = annotation(secret, "waaft/at");
    revision.by = annotation(secret, "waaft/by");
    revision.cause = annotation(secret, "waaft/cause");
    revision.note = annotation(secret, "waaft/note");
    auto stored = kube::text(secret, {"stringData", "objects"});
    if (stored.empty()) stored = decode_base64(kube::text(secret, {"data", "objects"}));
    boost::system::error_code bad;
    auto parsed = json::parse(stored, bad);
    if (bad || !parsed.is_array()) return std::nullopt;
    for (auto& entry : parsed.get_array()) {
        if (!entry.is_object()) return std::nullopt;
        revision.objects.push_back(std::move(entry.get_object()));
    }
    return revision;
}

Result<std::vector<Revision>> read_revisions(kube::Api& api, const std::string& name) {
    const auto listed = api.get(api.path({"v1", "Secret"}) + "?labelSelector=app.kubernetes.io%2Finstance%3D" + name +
                                "%2Capp.kubernetes.io%2Fcomponent%3Drevision");
    if (!listed) return listed.error();
    std::vector<Revision> revisions;
    for (const auto& item : kube::list(*listed, {"items"})) {
        if (const auto* secret = item.if_object())
            if (auto revision = from_secret(*secret)) revisions.push_back(std::move(*revision));
    }
    std::sort(revisions.begin(), revisions.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return revisions;
}

Result<void> write_revision(kube::Api& api, const Revision& revision, const std::string& name) {
    const auto written = api.apply(to_secret(revision, name), {.force = true});
    if (!written) return written.error();
    return {};
}

Result<void> trim_revisions(kube::Api& api, const std::vector<Revision>& revisions, const std::string& name) {
    const auto* kept = last_deployed(revisions, next_number(revisions));
    auto too_many = revisions.size() > kept_max ? revisions.size() - kept_max : 0;
    for (const auto& revision : revisions) {
        if (too_many == 0) break;
        --too_many;
        if (&revision == kept) continue;
        auto removed = api.remove(api.path({"v1", "Secret"}, secret_name(name, revision.number)));
        if (!removed) return removed;
    }
    return {};
}

const Revision* last_deployed(const std::vector<Revision>& revisions, std::int64_t below) {
    const Revision* found = nullptr;
    for (const auto& revision : revisions)
        if (revision.status == "deployed" && revision.number < below) found = &revision;
    return found;
}

std::int64_t next_number(const std::vector<Revision>& revisions) {
    return revisions.empty() ? 1 : revisions.back().number + 1;
}

kube::Objects pruned_objects(const std::vector<Revision>& revisions, const kube::Objects& current) {
    std::vector<std::string> seen;
    for (const auto& object : current) seen.push_back(identity(object));
    kube::Objects gone;
    for (const auto& revision : revisions) {
        for (const auto& object : revision.objects) {
            const auto name = identity(object);
            // A namespace holds what others made; `waaft destroy` alone removes it.
            if (kube::text(object, {"kind"}) == "Namespace") continue;
            if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
            seen.push_back(name);
            gone.push_back(object);
        }
    }
    return gone;
}

std::string whoami() {
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) host.front() = '\0';
    const char* user = std::getenv("USER");
    if (user == nullptr || *user == '\0') user = std::getenv("LOGNAME");
    return std::string(user == nullptr || *user == '\0' ? "uid " + std::to_string(getuid()) : user) + "@" + host.data();
}

}  // namespace waaft::deploy
