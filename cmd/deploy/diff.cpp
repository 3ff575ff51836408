#include "cmd/deploy/diff.h"

#include "cmd/ui/text.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace waaft::deploy {
namespace {

namespace json = boost::json;

constexpr std::size_t columns_max = 160;
constexpr std::size_t text_lines_max = 40;

std::string shown(const json::value& value) {
    return cmd::fit(cmd::clean_line(value.is_string() ? std::string(value.get_string()) : json::serialize(value)),
                    columns_max);
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1);
        lines.push_back(text.substr(0, text[end] == '\n' ? end : end + 1));
        text.remove_prefix(end + 1);
    }
    return lines;
}

// Elements of these lists are known by one of their members, not by their place.
std::string key_of(const json::value& element) {
    const auto* object = element.if_object();
    if (object == nullptr) return {};
    for (const auto* key : {"name", "mountPath", "type", "topologyKey"}) {
        const auto* value = object->if_contains(key);
        if (value != nullptr && value->is_string()) return std::string(value->get_string());
    }
    return {};
}

class Differ {
public:
    explicit Differ(bool secret) : secret_(secret) {}

    void compare(const std::string& path, const json::value& before, const json::value& after) {
        if (before == after) return;
        if (before.is_object() && after.is_object()) return maps(path, before.get_object(), after.get_object());
        if (before.is_array() && after.is_array() && keyed(before.get_array()) && keyed(after.get_array()))
            return lists(path, before.get_array(), after.get_array());
        if (before.is_string() && after.is_string() && !hides(path) &&
            (before.get_string().find('\n') != json::string::npos ||
             after.get_string().find('\n') != json::string::npos))
            return texts(path, before.get_string(), after.get_string());
        lines.push_back("~ " + path + ": " + (hides(path) ? "*** (changed)" : shown(before) + " -> " + shown(after)));
    }

    std::vector<std::string> lines;

private:
    bool hides(std::string_view path) const {
        return secret_ && (path.starts_with("data") || path.starts_with("stringData"));
    }
    void only(const char* mark, const std::string& path, const json::value& value) {
        lines.push_back(mark + path + ": " + (hides(path) ? "***" : shown(value)));
    }

    void maps(const std::string& path, const json::object& before, const json::object& after) {
        const auto below = [&](std::string_view key) { return (path.empty() ? "" : path + ".") + std::string(key); };
        for (const auto& [key, value] : before) {
            const auto* other = after.if_contains(key);
            if (other == nullptr) {
                only("- ", below(key), value);
            } else {
                compare(below(key), value, *other);
            }
        }
        for (const auto& [key, value] : after)
            if (!before.contains(key)) only("+ ", below(key), value);
    }

    static bool keyed(const json::array& list) {
        std::vector<std::string> keys;
        for (const auto& element : list) keys.push_back(key_of(element));
        std::sort(keys.begin(), keys.end());
        return !keys.empty() && !keys.front().empty() && std::adjacent_find(keys.begin(), keys.end()) == keys.end();
    }

    void lists(const std::string& path, const json::array& before, const json::array& after) {
        const auto find = [](const json::array& list, const std::string& key) -> const json::value* {
            const auto* const found =
                std::find_if(list.begin(), list.end(), [&](const json::value& each) { return key_of(each) == key; });
            return found == list.end() ? nullptr : found;
        };
        for (const auto& element : before) {
            const auto key = key_of(element);
            const auto* other = find(after, key);
            if (other == nullptr) {
                only("- ", path + "[" + key + "]", element);
            } else {
                compare(path + "[" + key + "]", element, *other);
            }
        }
        for (const auto& element : after)
            if (find(before, key_of(element)) == nullptr) only("+ ", path + "[" + key_of(element) + "]", element);
    }

    // What is the same at both ends of the text is left out.
    void texts(const std::string& path, std::string_view before, std::string_view after) {
        auto old_lines = lines_of(before);
        auto new_lines = lines_of(after);
        const auto [old_end, new_end] =
            std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
        old_lines.erase(old_lines.begin(), old_end);
        new_lines.erase(new_lines.begin(), new_end);
        while (!old_lines.empty() && !new_lines.empty() && old_lines.back() == new_lines.back()) {
            old_lines.pop_back();
            new_lines.pop_back();
        }
        lines.push_back("~ " + path + ":");
        put("    - ", old_lines);
        put("    + ", new_lines);
    }

    void put(const char* mark, const std::vector<std::string_view>& from) {
        const auto count = std::min(from.size(), text_lines_max);
        for (std::size_t i = 0; i < count; ++i) lines.push_back(mark + cmd::fit(cmd::clean_line(from[i]), columns_max));
        if (from.size() > count) lines.push_back(mark + std::to_string(from.size() - count) + " more lines");
    }

    bool secret_;
};

kube::Object without_noise(kube::Object object) {
    object.erase("status");
    auto* metadata = object.if_contains("metadata");
    if (metadata == nullptr || !metadata->is_object()) return object;
    for (const auto* key :
         {"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink", "namespace"})
        metadata->get_object().erase(key);
    auto* annotations = metadata->get_object().if_contains("annotations");
    if (annotations != nullptr && annotations->is_object())
        annotations->get_object().erase("deployment.kubernetes.io/revision");
    return object;
}

}  // namespace

std::optional<Change> compare(const kube::Object* live, const kube::Object& planned) {
    Change change{.action = "create", .object = kube::title_of(planned), .lines = {}};
    if (live == nullptr) return change;
    Differ differ(kube::text(planned, {"kind"}) == "Secret");
    differ.compare({}, without_noise(*live), without_noise(planned));
    if (differ.lines.empty()) return std::nullopt;
    change.action = "update";
    change.lines = std::move(differ.lines);
    return change;
}

}  // namespace waaft::deploy
