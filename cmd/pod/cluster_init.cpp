#include "cmd/pod/cluster_init.h"

#include "server/base/bytes.h"
#include "server/base/id.h"

#include <boost/json.hpp>

#include <algorithm>

namespace waaft::pod {
namespace {

namespace json = boost::json;
using std::string_view;

constexpr Duration pause_time = std::chrono::milliseconds(500);
constexpr Duration unreachable_time = std::chrono::seconds(60);
// `kubectl apply` of a folder makes the Deployment before the Role; and authorizers lag behind.
constexpr Duration refused_time = std::chrono::seconds(5);
constexpr int attempts_max = 20;
constexpr std::size_t secret_size_min = 32;
constexpr std::size_t quoted_max = 300;
// Longer than people leave a pod alone, shorter than what Apple's systems refuse (825 days).
constexpr std::chrono::days leaf_life{365};
constexpr std::chrono::days renew_before{30};

const json::object* object_at(const json::object& parent, string_view name) {
    const auto* value = parent.if_contains(name);
    return value != nullptr ? value->if_object() : nullptr;
}

std::string text_at(const json::object& parent, string_view name) {
    const auto* value = parent.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<json::object> parse_object(string_view text) {
    json::parse_options limits;
    limits.max_depth = 64;
    json::error_code error;
    auto value = json::parse(text, error, {}, limits);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

std::string from_base64(std::string text) {
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return from_base64url(text).value_or(std::string());
}

// A value of a fetched Secret; empty if it is missing or broken.
std::string kept_value(const json::object& secret, string_view key) {
    const auto* data = object_at(secret, "data");
    return data != nullptr ? from_base64(text_at(*data, key)) : std::string();
}

// The assigned addresses; nullopt: the Service will have some, but has none yet.
std::optional<std::vector<std::string>> addresses_of(const json::object& service) {
    const auto* spec = object_at(service, "spec");
    std::vector<std::string> found;
    if (spec == nullptr || text_at(*spec, "type") != "LoadBalancer") return found;
    const auto* status = object_at(service, "status");
    const auto* balancer = status != nullptr ? object_at(*status, "loadBalancer") : nullptr;
    const auto* ingress = balancer != nullptr ? balancer->if_contains("ingress") : nullptr;
    if (ingress != nullptr && ingress->is_array()) {
        for (const auto& entry : ingress->get_array()) {
            if (!entry.is_object()) continue;
            for (const auto* name : {"ip", "hostname"}) {
                auto address = text_at(entry.get_object(), name);
                if (!address.empty()) found.push_back(std::move(address));
            }
        }
    }
    if (found.empty()) return std::nullopt;
    return found;
}

// The sentence of a Status object, or the beginning of whatever it was.
std::string said(string_view body) {
    const auto status = parse_object(body);
    auto message = status ? text_at(*status, "message") : std::string();
    return message.empty() ? std::string(body.substr(0, quoted_max)) : message.substr(0, quoted_max);
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace

std::string redis_configuration(const std::string& password) { return "requirepass " + password + "\n"; }

ClusterInit::ClusterInit(ClusterInitOptions options, Now now)
    : options_(std::move(options)),
      phase_(options_.service.empty() ? Phase::secret : Phase::service),
      address_until_(now.steady + options_.address_wait),
      refused_until_(now.steady + refused_time),
      give_up_at_(now.steady + unreachable_time) {}

Step ClusterInit::next(Now now) {
    if (phase_ == Phase::failed) return error_;
    if (phase_ == Phase::done) return shared_;
    if (not_before_ && now.steady < *not_before_) return Wait{*not_before_};
    not_before_.reset();
    const std::string base = "/api/v1/namespaces/" + options_.namespace_;
    if (phase_ == Phase::service) return Request{"GET", base + "/services/" + options_.service, {}};
    if (phase_ == Phase::secret) return Request{"GET", base + "/secrets/" + options_.secret, {}};
    return write_;
}

std::vector<std::string> ClusterInit::take_notes() { return std::exchange(notes_, {}); }

void ClusterInit::pause(Phase then, Now now) {
    phase_ = then;
    not_before_ = now.steady + pause_time;
}

void ClusterInit::fail(Error error) {
    error_ = std::move(error);
    phase_ = Phase::failed;
}

void ClusterInit::on_answer(int status, string_view body, Now now) {
    const bool refused = status == 401 || status == 403;
    const bool absent = status == 0 || status == 429 || status >= 500;
    if ((refused && now.steady < refused_until_) || (absent && now.steady < give_up_at_))
        return pause(phase_ == Phase::write ? Phase::secret : phase_, now);
    if (absent)
        return fail({"cluster_unreachable",
                     "the API server does not answer: " + said(body),
                     {},
                     "check that the NetworkPolicy lets this pod reach it"});
    if (refused)
        return fail({"cluster_forbidden",
                     "the API server refuses: " + said(body),
                     {},
                     "check the Role and RoleBinding of this pod's ServiceAccount (manifests/role.yaml)"});
    give_up_at_ = now.steady + unreachable_time;
    if (phase_ == Phase::service) return on_service(status, body);
    if (phase_ == Phase::secret) return on_secret(status, body, now);
    on_written(status, body);
}

void ClusterInit::on_service(int status, string_view body) {
    const auto service = status == 200 ? parse_object(body) : std::nullopt;
    if (!service && status != 404)
        return fail({"cluster_answer",
                     "the API server's answer is of no use: " + said(body),
                     "Service/" + options_.service,
                     {}});
    const auto found = service ? addresses_of(*service) : std::nullopt;
    address_pending_ = !found;
    addresses_ = found.value_or(std::vector<std::string>());
    phase_ = Phase::secret;
    if (!address_pending_ || noted_pending_) return;
    noted_pending_ = true;
    notes_.push_back("Service/" + options_.service + (service ? " has no address yet." : " does not exist yet."));
}

void ClusterInit::on_secret(int status, string_view body, Now now) {
    const auto kept = status == 200 ? parse_object(body) : std::nullopt;
    if (!kept && status != 404)
        return fail(
            {"cluster_answer", "the API server's answer is of no use: " + said(body), "Secret/" + options_.secret, {}});
    // Only the first pod waits; later ones have a certificate to go on with.
    const bool has_certificate = kept && !kept_value(*kept, "tls.crt").empty();
    if (!has_certificate && waits_for_address(now)) return pause(Phase::service, now);
    go_on(kept.value_or(json::object()), now);
}

std::vector<std::string> ClusterInit::certificate_names() const {
    auto names = addresses_;
    names.insert(names.end(), options_.names.begin(), options_.names.end());
    if (!options_.service.empty()) {
        const std::string inside = options_.service + "." + options_.namespace_;
        names.insert(names.end(), {options_.service, inside, inside + ".svc", inside + ".svc.cluster.local"});
    }
    names.emplace_back("localhost");
    return names;
}

// With an empty `kept` everything is new.
void ClusterInit::go_on(const json::object& kept, Now now) {
    const net::Certificates present{kept_value(kept, "ca.crt"), kept_value(kept, "ca.key"), kept_value(kept, "tls.crt"),
                                    kept_value(kept, "tls.key")};
    const auto renewed =
        net::renew_certificates(present, {certificate_names(), true, leaf_life, renew_before}, now.wall);
    if (!renewed) return fail(renewed.error());
    shared_.secret = kept_value(kept, "secret");
    const bool secret_made = shared_.secret.size() < secret_size_min;
    if (secret_made) shared_.secret = random_key();
    // Redis's pod reads both: the password alone, and as a line of its configuration.
    shared_.redis_password = kept_value(kept, "redis.password");
    const bool password_made = shared_.redis_password.empty() || kept_value(kept, "redis.conf").empty();
    if (shared_.redis_password.empty()) shared_.redis_password = random_key();
    shared_.ca_cert = renewed->certificates.ca_cert;
    shared_.cert = renewed->certificates.cert;
    shared_.key = renewed->certificates.key;
    if (address_pending_)
        notes_.emplace_back("Going on without an address; the certificate gets it at the start of a later pod.");
    if (!secret_made && !password_made && !renewed->ca_made && !renewed->leaf_made) {
        notes_.push_back("Secret/" + options_.secret + " is used as it is.");
        phase_ = Phase::done;
        return;
    }
    if (++attempts_ > attempts_max)
        return fail({"cluster_conflict", "other pods kept changing the Secret", "Secret/" + options_.secret,
                     "the pod tries again by itself"});
    notes_.push_back("New in Secret/" + options_.secret + ":" + (secret_made ? " secret" : "") +
                     (password_made ? " password" : "") + (renewed->ca_made ? " CA" : "") +
                     (renewed->leaf_made ? " certificate for " + joined(certificate_names()) : "") + ".");
    write(kept, *renewed);
}

void ClusterInit::write(json::object kept, const net::RenewedCertificates& renewed) {
    const std::string base = "/api/v1/namespaces/" + options_.namespace_ + "/secrets";
    const bool is_new = kept.empty();
    if (is_new) {
        kept = {{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"metadata",
                 {{"name", options_.secret},
                  {"labels", {{"app.kubernetes.io/name", "waaft"}, {"app.kubernetes.io/part-of", "waaft"}}}}},
                {"type", "Opaque"}};
    } else if (auto* metadata = kept["metadata"].if_object()) {
        metadata->erase("managedFields");  // large, and not ours to say
    }
    const auto& made = renewed.certificates;
    kept["stringData"] = {{"secret", shared_.secret},
                          {"redis.password", shared_.redis_password},
                          {"redis.conf", redis_configuration(shared_.redis_password)},
                          {"ca.crt", made.ca_cert},
                          {"ca.key", made.ca_key},
                          {"tls.crt", made.cert},
                          {"tls.key", made.key}};
    write_ = {is_new ? "POST" : "PUT", is_new ? base : base + "/" + options_.secret, json::serialize(kept)};
    phase_ = Phase::write;
}

void ClusterInit::on_written(int status, string_view body) {
    const bool is_update = write_.method == "PUT";
    write_ = {};
    if (status == 200 || status == 201) {
        phase_ = Phase::done;
    } else if (status == 409 || (status == 404 && is_update)) {
        notes_.emplace_back("Another pod was faster; reading again.");
        phase_ = Phase::secret;
    } else {
        fail({"cluster_answer", "the Secret could not be written: " + said(body), "Secret/" + options_.secret, {}});
    }
}

}  // namespace waaft::pod
