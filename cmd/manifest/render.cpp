#include "cmd/manifest/render.h"

#include "cmd/manifest/parts.h"
#include "cmd/manifest/templates.h"
#include "cmd/yaml/document.h"

#include <openssl/evp.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace waaft::manifest {
namespace {

namespace json = boost::json;
using std::string_view;

constexpr string_view template_name = "waaft";

// Fields whose text names one of our objects.
bool names_an_object(string_view key) {
    constexpr std::array keys{"name",        "serviceAccountName", "secretName", "app.kubernetes.io/instance",
                              "serviceName", "claimName"};
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// "waaft" and "waaft-tls" become "studio" and "studio-tls".
void rename_text(json::value& value, const std::string& name) {
    if (!value.is_string()) return;
    const string_view text = value.get_string();
    if (text == template_name || text.starts_with(std::string(template_name) + "-"))
        value = name + std::string(text.substr(template_name.size()));
}

void rename(json::value& value, const std::string& name) {
    if (auto* list = value.if_array()) {
        for (auto& element : *list) rename(element, name);
    } else if (auto* map = value.if_object()) {
        for (auto& [key, member] : *map) {
            if (names_an_object(key)) rename_text(member, name);
            if (key == "resourceNames")
                for (auto& element : member.as_array()) rename_text(element, name);
            rename(member, name);
        }
    }
}

std::string hex_sha256(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    constexpr string_view digits = "0123456789abcdef";
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        hex += digits[digest[i] >> 4];
        hex += digits[digest[i] & 15];
    }
    return hex;
}

// What pods read at their start; a change of it makes new pods.
void put_checksum(Objects& objects) {
    std::string read;
    Object* deployment = nullptr;
    for (auto& object : objects) {
        const auto kind = kind_of(object);
        if (kind == "Deployment") deployment = &object;
        for (const auto* field : {"data", "stringData"}) {
            const auto* data = find(object, {field});
            if ((kind == "ConfigMap" || kind == "Secret") && data != nullptr) read += json::serialize(*data);
        }
    }
    if (deployment != nullptr)
        put(*deployment, {"spec", "template", "metadata", "annotations", "checksum/config"}, hex_sha256(read));
}

// A version as a label's value.
std::string label_value(const std::string& text) {
    std::string label = text.substr(0, 63);
    std::replace_if(
        label.begin(), label.end(),
        [](char c) { return !isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_'; }, '-');
    while (!label.empty() && !isalnum(static_cast<unsigned char>(label.back()))) label.pop_back();
    while (!label.empty() && !isalnum(static_cast<unsigned char>(label.front()))) label.erase(0, 1);
    return label;
}

void put_version(Objects& objects, const project::Project& project) {
    const auto version = label_value(project.image.version);
    if (version.empty()) return;
    for (auto& object : objects) {
        put(object, {"metadata", "labels", "app.kubernetes.io/version"}, version);
        if (kind_of(object) == "Deployment")
            put(object, {"spec", "template", "metadata", "labels", "app.kubernetes.io/version"}, version);
    }
}

// What others need comes first.
int rank_of(const Object& object) {
    constexpr std::array order{"Namespace",
                               "ServiceAccount",
                               "Role",
                               "RoleBinding",
                               "Secret",
                               "ConfigMap",
                               "NetworkPolicy",
                               "Certificate",
                               "ManagedCertificate",
                               "BackendConfig",
                               "FrontendConfig",
                               "Service",
                               "PodDisruptionBudget",
                               "PersistentVolumeClaim",
                               "StatefulSet",
                               "Deployment",
                               "HorizontalPodAutoscaler",
                               "GCPBackendPolicy",
                               "HealthCheckPolicy",
                               "Gateway",
                               "HTTPRoute",
                               "Ingress"};
    const auto* const found = std::find(order.begin(), order.end(), kind_of(object));
    return static_cast<int>(found - order.begin());
}

Result<void> check(const Build& build) {
    const auto& project = build.project;
    const auto wrong = [](std::string what, std::string field, std::string hint) {
        return Error{"manifest_expose", std::move(what), std::move(field), std::move(hint)};
    };
    const bool named =
        project.expose.mode == project::Expose::gateway || project.expose.mode == project::Expose::ingress;
    if (named && project.domain.empty())
        return wrong("a Gateway or Ingress needs a name to answer to", "domain", "set domain, or expose.mode: address");
    if (!named && project.domain.empty() && !(project.tls.issuer.empty() && project.tls.secret.empty()))
        return wrong("a certificate needs a name", "domain", "set domain, or leave tls out");
    if (!project.tls.issuer.empty() && !project.tls.secret.empty())
        return wrong("tls.issuer and tls.secret exclude each other", "tls", "keep one of the two");
    return {};
}

void add_namespace(Build& build) {
    if (!build.facts.make_namespace) return;
    auto object = build.make("namespace/namespace.yaml");
    put(object, {"metadata", "name"}, build.project.cluster.namespace_);
    build.add(std::move(object));
}

}  // namespace

Object Build::make(string_view file) const {
    const auto all = templates();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Template& entry) { return entry.name == file; });
    // The templates are part of the program; a test parses each of them.
    const std::string name(file);
    auto value = yaml::to_value(yaml::parse(found->text, name).value(), name).value();
    rename(value, project.name);
    return value.get_object();
}

std::string Build::tls_secret() const {
    if (!project.tls.secret.empty()) return project.tls.secret;
    return project.tls.issuer.empty() ? std::string() : name("-tls");
}

Result<Rendered> render(const project::Project& project, const Facts& facts, const SecretValues* values,
                        const std::vector<Patch>& patches) {
    Build build{project, facts, values, {}};
    if (auto checked = check(build); !checked) return checked.error();
    const auto settings = pod_settings(build);
    if (!settings) return settings.error();
    add_namespace(build);
    for (const auto* file : {"serviceaccount.yaml", "role.yaml", "rolebinding.yaml", "poddisruptionbudget.yaml"})
        build.add(file);
    if (auto added = add_config(build, *settings); !added) return added.error();
    if (auto added = add_secrets(build); !added) return added.error();
    add_network_policy(build, *settings);
    add_redis(build);
    add_workload(build, *settings);
    if (auto added = add_exposure(build); !added) return added.error();
    if (auto added = add_certificate(build); !added) return added.error();
    add_monitors(build);
    auto& objects = build.out.objects;
    put_version(objects, project);
    std::stable_sort(objects.begin(), objects.end(),
                     [](const Object& a, const Object& b) { return rank_of(a) < rank_of(b); });
    if (auto applied = apply_patches(objects, patches); !applied) return applied.error();
    put_checksum(objects);
    return std::move(build.out);
}

Objects masked(Objects objects) {
    for (auto& object : objects) {
        if (kind_of(object) != "Secret") continue;
        for (const auto* field : {"data", "stringData"}) {
            auto* data = find(object, {field});
            if (data == nullptr || !data->is_object()) continue;
            for (auto& [key, value] : data->get_object()) value = "***";
        }
    }
    return objects;
}

std::string cluster_secret_name(const project::Project& project) { return project.name + "-cluster"; }

std::string udp_service_name(const project::Project& project, const Facts& facts) {
    if (project.expose.mode == project::Expose::none) return {};
    const bool one = project.expose.mode == project::Expose::address && facts.mixed_protocol;
    return one ? project.name : project.name + "-udp";
}

}  // namespace waaft::manifest
