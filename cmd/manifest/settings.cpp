// The ConfigMap and the Secrets: the section `serve:` as it stands, with what only a pod knows.
#include "cmd/manifest/parts.h"
#include "cmd/yaml/document.h"

#include <openssl/evp.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace waaft::manifest {
namespace {

namespace json = boost::json;
using std::string_view;

constexpr std::array file_settings{"rooms.keys", "ice.turn_secret", "ice.turn_password", "redis.password", "redis.ca"};

// Private networks, where the proxies of a cluster are.
constexpr std::array private_networks{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"};

// The settings below `serve:`; an empty text has none.
Result<Object> parse_serve(const std::string& text) {
    const std::string name = "serve";
    const auto node = yaml::parse(text, name);
    if (!node) return node.error();
    const auto value = yaml::to_value(*node, name);
    if (!value) return value.error();
    if (value->is_null()) return Object();
    const auto* section = value->is_object() ? find(value->get_object(), {"serve"}) : nullptr;
    if (section == nullptr || !section->is_object())
        return Error{"config_type", "the section serve must hold settings", yaml::place(name, node->at), {}};
    return section->get_object();
}

std::string text_of(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// A setting that every pod has alike; a note tells who wrote another one.
void force(Build& build, Object& settings, const char* setting, json::value value) {
    const auto path = path_of(setting);
    const auto* present = find(settings, path);
    if (present != nullptr && text_of(*present) != text_of(value))
        build.out.notes.push_back(std::string("serve: ") + setting + " is " + text_of(value) + " in pods, not " +
                                  text_of(*present) + ".");
    put(settings, path, std::move(value));
}

void put_if_absent(Object& settings, const char* setting, json::value value) {
    if (find(settings, path_of(setting)) == nullptr) put(settings, path_of(setting), std::move(value));
}

void leave_out(Object& settings, const char* setting) {
    const auto path = path_of(setting);
    erase(settings, path);
    const Path parent{path.front()};
    const auto* rest = find(settings, parent);
    if (path.size() > 1 && rest != nullptr && rest->is_object() && rest->get_object().empty()) erase(settings, parent);
}

void put_tls(Build& build, Object& settings) {
    for (const auto* setting : {"tls.cert", "tls.key", "tls.ca"}) leave_out(settings, setting);
    force(build, settings, "tls.mode", build.behind_proxy() ? "off" : "files");
    if (build.behind_proxy()) return;
    const std::string folder = build.own_certificate() ? "/etc/waaft/cluster/" : "/etc/waaft/tls/";
    put(settings, {"tls", "cert"}, folder + "tls.crt");
    put(settings, {"tls", "key"}, folder + "tls.key");
    if (build.own_certificate()) put(settings, {"tls", "ca"}, folder + "ca.crt");
}

// People have moved before the pod is ended; the server's own limit is an hour.
void put_drain_settings(Build& build, Object& settings) {
    constexpr std::uint32_t reserve_s = 10;
    constexpr std::uint32_t grace_max_s = 3600;
    constexpr std::uint32_t spread_s = 30;
    const auto& drain = build.project.drain;
    const auto taken = drain.pre_stop_s + reserve_s;
    const auto grace = std::clamp<std::uint32_t>(drain.grace_s > taken ? drain.grace_s - taken : 1, 1, grace_max_s);
    force(build, settings, "drain.grace", json::value(std::to_string(grace) + "s"));
    put_if_absent(settings, "drain.spread", json::value(std::to_string(std::min(spread_s, grace)) + "s"));
}

// Files of this machine are none of a pod.
Result<void> check_files(const Build& build, const Object& settings) {
    for (const auto* setting : file_settings) {
        const auto file = text_at(settings, path_of(setting));
        if (file.empty() || file.starts_with("/etc/waaft/") || build.project.secrets.contains(setting)) continue;
        return Error{"manifest_file", std::string("serve: ") + setting + " names a file that pods do not have", file,
                     std::string("add it to secrets: ") + setting + ": {file: " + file + "}"};
    }
    return {};
}

std::string base64(const std::string& bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

Object secret_object(const Build& build, const std::string& name, const char* type) {
    auto object = build.make("configmap.yaml");
    object["kind"] = "Secret";
    put(object, {"metadata", "name"}, name);
    object["type"] = type;
    object["data"] = Object();
    return object;
}

// "host/org/waaft" -> "host"; a name without a host is Docker Hub's.
std::string registry_of(const std::string& repository) {
    const auto slash = repository.find('/');
    const auto host = repository.substr(0, slash);
    const bool is_host =
        slash != std::string::npos && (host.find_first_of(".:") != std::string::npos || host == "localhost");
    return is_host ? host : "https://index.docker.io/v1/";
}

std::string pull_config(const Build& build) {
    const auto& project = build.project;
    const std::string auth = base64(project.image_pull.user + ":" + build.values->pull_password);
    const auto& image = build.facts.image.empty() ? project.image.repository : build.facts.image;
    return json::serialize(Object{{"auths", Object{{registry_of(image), Object{{"auth", auth}}}}}});
}

}  // namespace

Result<Object> pod_settings(Build& build) {
    const auto& project = build.project;
    auto parsed = parse_serve(project.serve_yaml);
    if (!parsed) return parsed.error();
    auto& settings = *parsed;
    if (auto checked = check_files(build, settings); !checked) return checked.error();
    force(build, settings, "data", "/data");
    leave_out(settings, "listen.address");
    force(build, settings, "listen.port", public_port);
    force(build, settings, "ops.address", "0.0.0.0");
    force(build, settings, "ops.port", ops_port);
    put_tls(build, settings);
    put(settings, {"cluster", "secret"}, "/etc/waaft/cluster/secret");
    put_drain_settings(build, settings);
    put_redis_settings(build, settings);
    for (const auto& [setting, source] : project.secrets)
        put(settings, path_of(setting), std::string(secrets_folder) + setting);
    if (!project.domain.empty()) put_if_absent(settings, "public_url", json::value("https://" + project.domain));
    if (build.behind_proxy()) {
        json::array proxies;
        for (const auto& proxy : trusted_proxies(build, settings)) proxies.emplace_back(proxy);
        put_if_absent(settings, "proxy.trusted", std::move(proxies));
        // The name of the page leads to the Gateway, which carries no UDP.
        const auto& address = build.facts.address;
        if (build.has_udp_service() && address.empty() && find(settings, {"ice", "stun"}) == nullptr)
            build.out.notes.push_back("ice.stun needs the address of Service/" + build.name("-udp") +
                                      ", which is not known yet; `waaft deploy` waits for it and puts it in.");
        const bool v6 = address.find(':') != std::string::npos;
        if (build.has_udp_service() && !address.empty())
            put_if_absent(
                settings, "ice.stun",
                json::array{"stun:" + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(public_port)});
    }
    return std::move(settings);
}

std::vector<std::string> trusted_proxies(const Build& build, const Object& settings) {
    std::vector<std::string> proxies;
    const auto* given = find(settings, {"proxy", "trusted"});
    if (given != nullptr && given->is_array()) {
        for (const auto& proxy : given->get_array()) proxies.push_back(text_of(proxy));
    } else if (given != nullptr && given->is_string()) {
        proxies.push_back(text_of(*given));
    } else {
        proxies.assign(private_networks.begin(), private_networks.end());
        if (build.on_gke()) proxies.insert(proxies.end(), google_networks.begin(), google_networks.end());
    }
    return proxies;
}

Result<void> add_config(Build& build, const Object& settings) {
    auto object = build.make("configmap.yaml");
    put(object, {"data"}, Object{{"waaft.yaml", yaml::emit(Object{{"serve", settings}})}});
    build.add(std::move(object));
    return {};
}

Result<void> add_secrets(Build& build) {
    const auto& project = build.project;
    const bool has_pull = !project.image_pull.user.empty() && project.image_pull.existing.empty();
    std::vector<std::string> ours;
    for (const auto& [setting, source] : project.secrets)
        if (source.existing.empty()) ours.push_back(setting);
    if (build.values == nullptr) {
        if (!ours.empty())
            build.out.notes.push_back("Secret/" + build.name("-secrets") + " is left out: it holds values.");
        if (has_pull) build.out.notes.push_back("Secret/" + build.name("-pull") + " is left out: it holds a password.");
        return {};
    }
    if (!ours.empty()) {
        auto object = secret_object(build, build.name("-secrets"), "Opaque");
        for (const auto& setting : ours) {
            const auto found = build.values->secrets.find(setting);
            if (found == build.values->secrets.end())
                return Error{"manifest_file", "the secret has no value", "secrets: " + setting, {}};
            map_at(object, {"data"})[setting] = base64(found->second);
        }
        build.add(std::move(object));
    }
    if (has_pull) {
        auto object = secret_object(build, build.name("-pull"), "kubernetes.io/dockerconfigjson");
        map_at(object, {"data"})[".dockerconfigjson"] = base64(pull_config(build));
        build.add(std::move(object));
    }
    return {};
}

}  // namespace waaft::manifest
