#include "cmd/status/applied_fields.h"

#include <boost/json/array.hpp>

namespace waaft::status {
namespace {

using kube::Object;

// `fields` has a member "f:NAME" for each field; one without such members below it is owned as a whole.
Object part_of(const Object& object, const Object& fields) {
    Object part;
    for (const auto& entry : fields) {
        const std::string_view key(entry.key().data(), entry.key().size());
        if (!key.starts_with("f:")) continue;
        const auto name = key.substr(2);
        const auto* value = object.if_contains(name);
        if (value == nullptr) continue;
        const auto* below = entry.value().if_object();
        const bool whole = below == nullptr || below->empty() || !value->is_object();
        part[name] = whole ? *value : boost::json::value(part_of(value->get_object(), *below));
    }
    return part;
}

}  // namespace

Object owned_part(const Object& object, std::string_view manager) {
    Object part;
    for (const auto& entry : kube::list(object, {"metadata", "managedFields"})) {
        const auto* owner = entry.if_object();
        if (owner == nullptr || kube::text(*owner, {"manager"}) != manager) continue;
        if (kube::text(*owner, {"operation"}) != "Apply" || kube::has(*owner, {"subresource"})) continue;
        part = part_of(object, kube::child(*owner, {"fieldsV1"}));
    }
    part["apiVersion"] = kube::text(object, {"apiVersion"});
    part["kind"] = kube::text(object, {"kind"});
    if (!part.contains("metadata")) part["metadata"] = Object();
    auto& metadata = part["metadata"].as_object();
    metadata["name"] = kube::name_of(object);
    metadata["namespace"] = kube::text(object, {"metadata", "namespace"});
    return part;
}

}  // namespace waaft::status
