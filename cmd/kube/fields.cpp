#include "cmd/kube/fields.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace waaft::kube {
namespace {

const Object no_object;
const boost::json::array no_array;

}  // namespace

const boost::json::value* find(const Object& object, Path path) {
    const Object* at = &object;
    const boost::json::value* found = nullptr;
    for (const auto step : path) {
        if (at == nullptr) return nullptr;
        found = at->if_contains(step);
        if (found == nullptr) return nullptr;
        at = found->if_object();
    }
    return found;
}

std::string text(const Object& object, Path path) {
    const auto* value = find(object, path);
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string() : std::string(string->data(), string->size());
}

std::int64_t number(const Object& object, Path path, std::int64_t otherwise) {
    const auto* value = find(object, path);
    if (value == nullptr) return otherwise;
    if (const auto* whole = value->if_int64()) return *whole;
    if (const auto* real = value->if_double()) return static_cast<std::int64_t>(*real);
    return otherwise;
}

bool is_true(const Object& object, Path path) {
    const auto* value = find(object, path);
    return value != nullptr && value->is_bool() && value->get_bool();
}

const boost::json::array& list(const Object& object, Path path) {
    const auto* value = find(object, path);
    const auto* array = value == nullptr ? nullptr : value->if_array();
    return array == nullptr ? no_array : *array;
}

const Object& child(const Object& object, Path path) {
    const auto* value = find(object, path);
    const auto* found = value == nullptr ? nullptr : value->if_object();
    return found == nullptr ? no_object : *found;
}

bool has(const Object& object, Path path) {
    const auto* value = find(object, path);
    return value != nullptr && !value->is_null();
}

std::string name_of(const Object& object) { return text(object, {"metadata", "name"}); }

std::string uid_of(const Object& object) { return text(object, {"metadata", "uid"}); }

std::string title_of(const Object& object) { return text(object, {"kind"}) + "/" + name_of(object); }

const Object& find_in(const boost::json::array& objects, std::string_view key, std::string_view value) {
    for (const auto& entry : objects) {
        const auto* object = entry.if_object();
        if (object != nullptr && text(*object, {key}) == value) return *object;
    }
    return no_object;
}

std::string host_in(const boost::json::array& addresses) {
    for (const auto& entry : addresses) {
        const auto* object = entry.if_object();
        if (object == nullptr) continue;
        for (const auto* key : {"ip", "hostname", "value"}) {
            auto host = text(*object, {key});
            if (!host.empty()) return host;
        }
    }
    return {};
}

std::string controller_of(const Object& object) {
    for (const auto& entry : list(object, {"metadata", "ownerReferences"})) {
        const auto* owner = entry.if_object();
        if (owner != nullptr && is_true(*owner, {"controller"})) return text(*owner, {"uid"});
    }
    return {};
}

std::optional<UnixMs> parse_time(std::string_view text) {
    std::tm parts{};
    const std::string copy(text);
    const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) return std::nullopt;
    UnixMs milliseconds = 0;
    if (*rest == '.') {
        int digits = 0;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, ++digits) {
            if (digits < 3) milliseconds = milliseconds * 10 + (*rest - '0');
        }
        for (; digits < 3; ++digits) milliseconds *= 10;
    }
    return static_cast<UnixMs>(timegm(&parts)) * 1000 + milliseconds;
}

std::string format_time(UnixMs time) {
    const std::time_t seconds = time / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> out{};
    const auto size = std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {out.data(), size};
}

std::optional<std::int64_t> parse_quantity(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    static constexpr std::array<std::pair<std::string_view, double>, 14> units{{{"", 1},
                                                                                {"m", 1e-3},
                                                                                {"k", 1e3},
                                                                                {"M", 1e6},
                                                                                {"G", 1e9},
                                                                                {"T", 1e12},
                                                                                {"P", 1e15},
                                                                                {"Ki", 1024.0},
                                                                                {"Mi", 1048576.0},
                                                                                {"Gi", 1073741824.0},
                                                                                {"Ti", 1099511627776.0},
                                                                                {"Pi", 1125899906842624.0},
                                                                                {"u", 1e-6},
                                                                                {"n", 1e-9}}};
    for (const auto& [name, factor] : units) {
        if (unit == name) return static_cast<std::int64_t>(std::llround(std::ceil(value * factor * 1000)));
    }
    return std::nullopt;
}

}  // namespace waaft::kube
