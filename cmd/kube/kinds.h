// Where objects of a kind are found in the API: their plural name, and whether they live in a namespace.
//
// Thread: any, no state. Ownership: values. Errors: none; kinds that are not in the table are asked of the cluster.
// Source: kubectl api-resources of 1.34, with the kinds of the Gateway API, cert-manager, GKE and monitors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waaft::kube {

struct Kind {
    std::string api_version;  // "apps/v1"
    std::string kind;         // "Deployment"
    friend bool operator==(const Kind&, const Kind&) = default;
};

struct Resource {
    std::string plural;
    bool namespaced = true;
};

// nullopt: not in the table.
std::optional<Resource> known_resource(const Kind& kind);

// "/apis/apps/v1/namespaces/live/deployments/waaft"; without a name the collection. Values are taken as they are:
// names of objects have no characters that a path would need quoted.
std::string path_of(const Kind& kind, const Resource& resource, std::string_view name_space, std::string_view name);

}  // namespace waaft::kube
