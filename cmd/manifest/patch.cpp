#include "cmd/manifest/patch.h"

#include "cmd/os/files.h"
#include "cmd/yaml/document.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace waaft::manifest {
namespace {

namespace json = boost::json;
using std::string_view;

constexpr std::size_t file_bytes_max = 1024 * 1024;

// What tells the elements of a list apart, in the order of preference; everything else is replaced whole.
struct ListKeys {
    string_view list;
    std::array<string_view, 3> keys;
};
constexpr std::array list_keys{ListKeys{"containers", {"name"}},
                               ListKeys{"initContainers", {"name"}},
                               ListKeys{"volumes", {"name"}},
                               ListKeys{"env", {"name"}},
                               ListKeys{"imagePullSecrets", {"name"}},
                               ListKeys{"listeners", {"name"}},
                               ListKeys{"subjects", {"name"}},
                               ListKeys{"volumeMounts", {"mountPath"}},
                               ListKeys{"topologySpreadConstraints", {"topologyKey"}},
                               ListKeys{"hostAliases", {"ip"}},
                               ListKeys{"ports", {"name", "containerPort", "port"}},
                               ListKeys{"endpoints", {"port"}},
                               ListKeys{"podMetricsEndpoints", {"port"}}};

// The members of which each may tell `element` apart; empty: the list is replaced.
std::vector<string_view> keys_of(string_view list, const Object& element) {
    std::vector<string_view> keys;
    const auto* const found =
        std::find_if(list_keys.begin(), list_keys.end(), [&](const ListKeys& entry) { return entry.list == list; });
    if (found == list_keys.end()) return keys;
    for (const auto key : found->keys)
        if (!key.empty() && element.contains(key)) keys.push_back(key);
    return keys;
}

bool is_same(const Object& element, const Object& patch, string_view key) {
    if (!element.contains(key) || element.at(key) != patch.at(key)) return false;
    const auto protocol = [](const Object& port) {
        const auto named = text_at(port, {"protocol"});
        return named.empty() ? std::string("TCP") : named;
    };
    // One number may stand for TCP and for UDP.
    return (key != "port" && key != "containerPort") || protocol(element) == protocol(patch);
}

bool merges_by_key(string_view list, const json::array& patch) {
    return !patch.empty() && std::all_of(patch.begin(), patch.end(), [&](const json::value& element) {
        return element.is_object() && !keys_of(list, element.get_object()).empty();
    });
}

// The element that `wanted` is about: of its name, or else of its number.
json::value* find_same(json::array& list, const Object& wanted, string_view name) {
    for (const auto key : keys_of(name, wanted)) {
        auto* const found = std::find_if(list.begin(), list.end(), [&](const json::value& present) {
            return present.is_object() && is_same(present.get_object(), wanted, key);
        });
        if (found != list.end()) return found;
    }
    return nullptr;
}

void merge_list(json::array& into, const json::array& patch, string_view name) {
    for (const auto& element : patch) {
        const auto& wanted = element.get_object();
        auto* const found = find_same(into, wanted, name);
        if (text_at(wanted, {"$patch"}) == "delete") {
            if (found != nullptr) into.erase(found);
        } else if (found != nullptr) {
            merge(found->get_object(), wanted);
        } else {
            merge(into.emplace_back(Object()).get_object(), wanted);
        }
    }
}

std::string titles(const Objects& objects) {
    std::string text;
    for (const auto& object : objects) text += (text.empty() ? "" : ", ") + title_of(object);
    return text;
}

}  // namespace

void merge(Object& into, const Object& patch) {
    for (const auto& [key, value] : patch) {
        if (key == "$patch") continue;
        if (value.is_null()) {
            into.erase(key);
            continue;
        }
        auto& at = into[key];
        if (value.is_object()) {
            merge(at.is_object() ? at.get_object() : at.emplace_object(), value.get_object());
        } else if (value.is_array() && at.is_array() && merges_by_key(key, value.get_array())) {
            merge_list(at.get_array(), value.get_array(), key);
        } else {
            at = value;
        }
    }
}

Result<std::vector<Patch>> parse_patches(string_view text, const std::string& name) {
    const auto documents = yaml::parse_all(text, name);
    if (!documents) return documents.error();
    std::vector<Patch> patches;
    for (const auto& document : *documents) {
        const auto where = yaml::place(name, document.at);
        const auto value = yaml::to_value(document, name);
        if (!value) return value.error();
        if (!value->is_object() || kind_of(value->get_object()).empty() || name_of(value->get_object()).empty())
            return Error{"patch_form", "a patch needs kind and metadata.name, so that its object can be found", where,
                         "begin it with `kind: Deployment` and `metadata: {name: ...}`"};
        patches.push_back({value->get_object(), where});
    }
    return patches;
}

Result<std::vector<Patch>> read_patches(const project::Project& project) {
    std::vector<Patch> patches;
    for (const auto& file : project.patches) {
        const bool absolute = file.starts_with('/');
        const auto text = os::read_file(absolute ? file : project.folder + "/" + file, file_bytes_max);
        if (!text)
            return Error{"patch_unreadable", text.error().what, file, "patches: names files relative to waaft.yaml"};
        auto found = parse_patches(*text, file);
        if (!found) return found.error();
        patches.insert(patches.end(), found->begin(), found->end());
    }
    return patches;
}

Result<void> apply_patches(Objects& objects, const std::vector<Patch>& patches) {
    for (const auto& patch : patches) {
        const auto version = text_at(patch.object, {"apiVersion"});
        const auto found = std::find_if(objects.begin(), objects.end(), [&](const Object& object) {
            return title_of(object) == title_of(patch.object) &&
                   (version.empty() || version == text_at(object, {"apiVersion"}));
        });
        if (found == objects.end())
            return Error{"patch_unmatched", "the patch of " + title_of(patch.object) + " matches nothing", patch.where,
                         "there are: " + titles(objects)};
        if (text_at(patch.object, {"$patch"}) == "delete")
            objects.erase(found);
        else
            merge(*found, patch.object);
    }
    return {};
}

}  // namespace waaft::manifest
