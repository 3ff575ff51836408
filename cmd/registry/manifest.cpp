#include "cmd/registry/manifest.h"

#include "cmd/registry/json_field.h"
#include "cmd/registry/reference.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace waaft::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t layers_max = 1000;
constexpr std::size_t manifests_max = 200;

std::string platform_of(const json::object& object) {
    const std::string os = text_of(object, "os"), architecture = text_of(object, "architecture");
    const std::string variant = text_of(object, "variant");
    if (os.empty() || architecture.empty()) return {};
    return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

Result<Descriptor, Malformed> parse_descriptor(const json::value* value) {
    const auto* object = value == nullptr ? nullptr : value->if_object();
    if (object == nullptr) return Malformed{"it lacks a descriptor"};
    Descriptor result{text_of(*object, "mediaType"), text_of(*object, "digest"), 0, {}};
    if (!is_digest(result.digest)) return Malformed{"a digest in it cannot be read"};
    const auto* size = object->if_contains("size");
    boost::system::error_code error;
    result.size = size != nullptr && size->is_number() ? size->to_number<std::uint64_t>(error) : 0;
    if (size == nullptr || !size->is_number() || error)
        return Malformed{"the size of " + result.digest + " cannot be read"};
    if (const auto* platform = object->if_contains("platform"); platform != nullptr && platform->is_object())
        result.platform = platform_of(platform->get_object());
    return result;
}

Result<std::vector<Descriptor>, Malformed> parse_descriptors(const json::value* value, std::size_t max) {
    const auto* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr) return Malformed{"it lacks its list"};
    if (array->size() > max) return Malformed{"its list is longer than " + std::to_string(max)};
    std::vector<Descriptor> result;
    for (const auto& entry : *array) {
        auto descriptor = parse_descriptor(&entry);
        if (!descriptor) return descriptor.error();
        result.push_back(std::move(*descriptor));
    }
    return result;
}

Result<json::object, Malformed> parse_object(std::string_view text) {
    if (text.size() > manifest_max) return Malformed{"it is larger than 4 MiB"};
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error || !value.is_object()) return Malformed{"it is not a JSON object"};
    return std::move(value.get_object());
}

bool is_index_type(std::string_view type) { return type == media_type::oci_index || type == media_type::docker_list; }

}  // namespace

bool Descriptor::foreign() const {
    return media_type.find("nondistributable") != std::string::npos ||
           media_type.find(".foreign.") != std::string::npos;
}
bool Descriptor::is_index() const { return is_index_type(media_type); }
bool Descriptor::is_manifest() const {
    return media_type == media_type::oci_manifest || media_type == media_type::docker_manifest;
}

Result<Manifest, Malformed> parse_manifest(std::string_view text, std::string_view media_type) {
    const auto object = parse_object(text);
    if (!object) return object.error();
    Manifest result;
    result.media_type = text_of(*object, "mediaType");
    if (result.media_type.empty()) result.media_type = media_type;
    if (result.media_type.empty())
        result.media_type = object->contains("manifests") ? media_type::oci_index : media_type::oci_manifest;
    if (!media_type.empty() && result.media_type != media_type)
        return Malformed{"it says that it is " + result.media_type.substr(0, 100) + ", not " + std::string(media_type)};
    if (is_index_type(result.media_type)) {
        result.index = true;
        auto manifests = parse_descriptors(object->if_contains("manifests"), manifests_max);
        if (!manifests) return manifests.error();
        result.manifests = std::move(*manifests);
        return result;
    }
    auto config = parse_descriptor(object->if_contains("config"));
    if (!config) return config.error();
    auto layers = parse_descriptors(object->if_contains("layers"), layers_max);
    if (!layers) return layers.error();
    result.config = std::move(*config);
    result.layers = std::move(*layers);
    return result;
}

Result<ImageConfig, Malformed> parse_image_config(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return object.error();
    ImageConfig result;
    result.platform = platform_of(*object);
    const auto* config = object->if_contains("config");
    const auto* inner = config == nullptr ? nullptr : config->if_object();
    const auto* labels = inner == nullptr ? nullptr : inner->if_contains("Labels");
    if (labels != nullptr && labels->is_object())
        for (const auto& [name, value] : labels->get_object())
            if (value.is_string()) result.labels[std::string(name)] = std::string(value.get_string());
    return result;
}

json::object to_json(const Descriptor& descriptor) {
    return {{"mediaType", descriptor.media_type}, {"digest", descriptor.digest}, {"size", descriptor.size}};
}

}  // namespace waaft::registry
