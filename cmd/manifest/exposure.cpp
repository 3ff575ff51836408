// How people reach the pods: the Services, a Gateway or an Ingress, and the domain's certificate.
#include "cmd/manifest/parts.h"

#include <boost/json.hpp>

namespace waaft::manifest {
namespace {

namespace json = boost::json;
using project::Expose;

Error wrong(std::string what, std::string field, std::string hint) {
    return {"manifest_expose", std::move(what), std::move(field), std::move(hint)};
}

void annotate(Object& object, std::string_view key, const std::string& value) {
    put(object, {"metadata", "annotations", key}, json::value(value));
}

Object make_service(const Build& build, const char* file) {
    auto service = build.make(file);
    const auto& expose = build.project.expose;
    const bool outside = text_at(service, {"spec", "type"}) == "LoadBalancer";
    // Google's load balancers carry WebSockets without being told; what they do not know they may refuse.
    if (!outside && build.on_gke()) list_at(service, {"spec", "ports"}).front().as_object().erase("appProtocol");
    // The older kind of Google's balancers can't have both protocols at one address.
    if (outside && build.on_gke()) annotate(service, "cloud.google.com/l4-rbs", "enabled");
    if (outside && !expose.address.empty()) put(service, {"spec", "loadBalancerIP"}, json::value(expose.address));
    for (const auto& [key, value] : expose.annotations) annotate(service, key, value);
    return service;
}

Result<void> add_address(Build& build) {
    auto service = make_service(build, "service.yaml");
    if (build.facts.mixed_protocol) {
        build.add(std::move(service));
        return {};
    }
    if (build.project.expose.address.empty())
        return wrong("this cluster gives TCP and UDP one address only if that address is reserved", "expose.address",
                     "reserve an IP address with your cloud and set expose.address to it");
    auto& ports = list_at(service, {"spec", "ports"});
    for (auto* port = ports.begin(); port != ports.end();)
        port = text_at(port->as_object(), {"protocol"}) == "UDP" ? ports.erase(port) : port + 1;
    build.add(std::move(service));
    build.add(make_service(build, "optional/service-udp.yaml"));
    return {};
}

// Google's certificates are not Secrets: a map of Certificate Manager for a Gateway.
void use_certificate_map(Build& build, Object& gateway, Object& listener) {
    listener.erase("tls");
    annotate(gateway, "networking.gke.io/certmap", build.name());
    build.out.notes.push_back("The Gateway takes its certificate from the map \"" + build.name() +
                              "\" of Certificate Manager; make it once: gcloud certificate-manager maps create " +
                              build.name() + " (and a certificate for " + build.project.domain + " in it).");
}

Result<void> add_gateway(Build& build) {
    const auto& project = build.project;
    auto gateway = build.make("optional/gateway.yaml");
    if (!project.expose.gateway_class.empty())
        put(gateway, {"spec", "gatewayClassName"}, json::value(project.expose.gateway_class));
    else if (!build.on_gke())
        return wrong("a Gateway needs to know who provides it", "expose.gateway_class",
                     "set it to one of those that `kubectl get gatewayclass` lists");
    auto& listeners = list_at(gateway, {"spec", "listeners"});
    for (auto& listener : listeners) listener.as_object()["hostname"] = project.domain;
    auto& https = named(listeners, "https");
    if (build.tls_secret().empty())
        use_certificate_map(build, gateway, https);
    else
        put(https, {"tls", "certificateRefs"}, json::array{Object{{"name", build.tls_secret()}}});
    build.add(std::move(gateway));
    for (const auto* file : {"optional/httproute.yaml", "optional/httproute-redirect.yaml"}) {
        auto route = build.make(file);
        put(route, {"spec", "hostnames"}, json::array{project.domain});
        build.add(std::move(route));
    }
    build.add(make_service(build, "optional/service-http.yaml"));
    if (build.on_gke())
        for (const auto* file : {"optional/gcpbackendpolicy.yaml", "optional/healthcheckpolicy.yaml"}) build.add(file);
    return {};
}

// What GKE's Ingress reads besides the Ingress itself.
void add_google_ingress(Build& build, Object& ingress, Object& service) {
    annotate(service, "cloud.google.com/neg", R"({"ingress": true})");
    annotate(service, "cloud.google.com/backend-config", R"({"default": ")" + build.name() + "\"}");
    build.add("optional/backendconfig.yaml");
    annotate(ingress, "networking.gke.io/v1beta1.FrontendConfig", build.name());
    build.add("optional/frontendconfig.yaml");
    // It goes by this annotation; the field ingressClassName is for others.
    if (build.project.expose.ingress_class.empty()) annotate(ingress, "kubernetes.io/ingress.class", "gce");
    if (!build.tls_secret().empty()) return;
    annotate(ingress, "networking.gke.io/managed-certificates", build.name());
    auto certificate = build.make("optional/managedcertificate.yaml");
    put(certificate, {"spec", "domains"}, json::array{build.project.domain});
    build.add(std::move(certificate));
}

void add_ingress(Build& build) {
    const auto& project = build.project;
    auto ingress = build.make("optional/ingress.yaml");
    auto service = make_service(build, "optional/service-http.yaml");
    list_at(ingress, {"spec", "rules"}).front().as_object()["host"] = project.domain;
    if (!project.expose.ingress_class.empty())
        put(ingress, {"spec", "ingressClassName"}, json::value(project.expose.ingress_class));
    if (build.tls_secret().empty())
        erase(ingress, {"spec", "tls"});
    else
        put(ingress, {"spec", "tls"},
            json::array{Object{{"hosts", json::array{project.domain}}, {"secretName", build.tls_secret()}}});
    if (build.on_gke()) add_google_ingress(build, ingress, service);
    build.add(std::move(ingress));
    build.add(std::move(service));
}

// A name that others answer for needs a certificate from somebody.
Result<void> check_certificate(const Build& build) {
    const bool google_makes_one = build.on_gke();
    if (!build.tls_secret().empty() || google_makes_one) return {};
    return wrong("a Gateway or Ingress needs a certificate for " + build.project.domain, "tls",
                 "set tls.issuer to a cert-manager ClusterIssuer, or tls.secret to a Secret with a certificate");
}

}  // namespace

Result<void> add_exposure(Build& build) {
    const auto mode = build.project.expose.mode;
    if (mode == Expose::address) return add_address(build);
    if (mode == Expose::none) {
        build.add(make_service(build, "optional/service-http.yaml"));
        return {};
    }
    if (auto checked = check_certificate(build); !checked) return checked.error();
    build.add(make_service(build, "optional/service-udp.yaml"));
    if (mode == Expose::ingress) {
        add_ingress(build);
        return {};
    }
    if (!build.knows("gateways.gateway.networking.k8s.io"))
        return wrong("this cluster does not know Gateways", "expose.mode",
                     "install the Gateway API and a provider of it, or set expose.mode to address or ingress");
    return add_gateway(build);
}

Result<void> add_certificate(Build& build) {
    const auto& project = build.project;
    if (project.tls.issuer.empty()) return {};
    if (!build.knows("certificates.cert-manager.io"))
        return wrong("this cluster has no cert-manager", "tls.issuer",
                     "install cert-manager, or put a certificate into a Secret and name it in tls.secret");
    auto certificate = build.make("optional/certificate.yaml");
    put(certificate, {"spec", "dnsNames"}, json::array{project.domain});
    put(certificate, {"spec", "issuerRef", "name"}, json::value(project.tls.issuer));
    build.add(std::move(certificate));
    return {};
}

}  // namespace waaft::manifest
