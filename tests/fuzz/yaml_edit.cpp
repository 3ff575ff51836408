// A value set in any YAML text: nothing else of it changes. The first line of the input is the dotted path.
#include "cmd/yaml/document.h"
#include "cmd/yaml/edit.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>

namespace json = boost::json;

namespace {

// What must come out: the value that is set stands at `path`, which may not have been there.
void set(json::value& value, const std::vector<std::string>& path, std::size_t depth) {
    if (depth == path.size()) {
        value = 12345;
        return;
    }
    if (value.is_null()) {
        value = json::object();
    }
    set(value.as_object()[path[depth]], path, depth + 1);
}

// Regardless of the order of keys.
bool same(const json::value& a, const json::value& b) {
    if (a.is_double() || b.is_double()) {
        return json::serialize(a) == json::serialize(b);
    }
    if (a.is_object() && b.is_object()) {
        return a.get_object().size() == b.get_object().size() &&
               std::all_of(a.get_object().begin(), a.get_object().end(), [&](const auto& member) {
                   const auto* other = b.get_object().if_contains(member.key());
                   return other != nullptr && same(member.value(), *other);
               });
    }
    if (a.is_array() && b.is_array()) {
        return std::equal(a.get_array().begin(), a.get_array().end(), b.get_array().begin(), b.get_array().end(), same);
    }
    return a == b;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto line = std::min(input.find('\n'), input.size());
    std::vector<std::string> path;
    for (std::size_t begin = 0; begin <= line && path.size() < 8;) {
        const auto dot = std::min(input.find('.', begin), line);
        path.emplace_back(input.substr(begin, dot - begin));
        begin = dot + 1;
    }
    const auto text = input.substr(std::min(line + 1, input.size()));
    const auto edited = waaft::yaml::set_scalar(text, path, 12345, "fuzz.yaml");
    if (!edited) {
        return 0;
    }
    const auto before = waaft::yaml::to_value(*waaft::yaml::parse(text, "before.yaml"), "before.yaml");
    const auto after = waaft::yaml::to_value(*waaft::yaml::parse(*edited, "after.yaml"), "after.yaml");
    if (before.has_value() != after.has_value()) {
        std::abort();
    }
    if (before) {
        auto wanted = *before;
        set(wanted, path, 0);
        if (!same(wanted, *after)) {
            std::abort();
        }
    }
    return 0;
}
