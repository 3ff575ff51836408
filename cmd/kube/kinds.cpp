#include "cmd/kube/kinds.h"

#include <array>

namespace waaft::kube {
namespace {

struct Row {
    std::string_view group;  // without the version, which may differ
    std::string_view kind;
    std::string_view plural;
    bool namespaced;
};

constexpr std::array<Row, 29> rows{{
    {"", "Namespace", "namespaces", false},
    {"", "Node", "nodes", false},
    {"", "Pod", "pods", true},
    {"", "Service", "services", true},
    {"", "ServiceAccount", "serviceaccounts", true},
    {"", "ConfigMap", "configmaps", true},
    {"", "Secret", "secrets", true},
    {"", "Event", "events", true},
    {"", "PersistentVolumeClaim", "persistentvolumeclaims", true},
    {"", "ResourceQuota", "resourcequotas", true},
    {"apps", "Deployment", "deployments", true},
    {"apps", "ReplicaSet", "replicasets", true},
    {"apps", "StatefulSet", "statefulsets", true},
    {"autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true},
    {"policy", "PodDisruptionBudget", "poddisruptionbudgets", true},
    {"networking.k8s.io", "NetworkPolicy", "networkpolicies", true},
    {"networking.k8s.io", "Ingress", "ingresses", true},
    {"rbac.authorization.k8s.io", "Role", "roles", true},
    {"rbac.authorization.k8s.io", "RoleBinding", "rolebindings", true},
    {"coordination.k8s.io", "Lease", "leases", true},
    {"authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", false},
    {"gateway.networking.k8s.io", "Gateway", "gateways", true},
    {"gateway.networking.k8s.io", "HTTPRoute", "httproutes", true},
    {"cert-manager.io", "Certificate", "certificates", true},
    {"monitoring.coreos.com", "PodMonitor", "podmonitors", true},
    {"monitoring.googleapis.com", "PodMonitoring", "podmonitorings", true},
    {"networking.gke.io", "GCPBackendPolicy", "gcpbackendpolicies", true},
    {"networking.gke.io", "HealthCheckPolicy", "healthcheckpolicies", true},
    {"networking.gke.io", "ManagedCertificate", "managedcertificates", true},
}};

}  // namespace

std::optional<Resource> known_resource(const Kind& kind) {
    const auto slash = kind.api_version.find('/');
    const auto group = slash == std::string::npos ? std::string() : kind.api_version.substr(0, slash);
    for (const auto& row : rows) {
        if (row.group == group && row.kind == kind.kind) return Resource{std::string(row.plural), row.namespaced};
    }
    return std::nullopt;
}

std::string path_of(const Kind& kind, const Resource& resource, std::string_view name_space, std::string_view name) {
    std::string path = kind.api_version.find('/') == std::string::npos ? "/api/" : "/apis/";
    path += kind.api_version;
    if (resource.namespaced && !name_space.empty()) path.append("/namespaces/").append(name_space);
    path.append("/").append(resource.plural);
    if (!name.empty()) path.append("/").append(name);
    return path;
}

}  // namespace waaft::kube
