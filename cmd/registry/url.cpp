#include "cmd/registry/url.h"

namespace waaft::registry {
namespace {

std::string_view scheme_of(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (url.starts_with(scheme)) return scheme;
    return {};
}

bool is_clean(std::string_view text) {
    for (const char c : text)
        if (c <= ' ' || c == 0x7f) return false;
    return true;
}

}  // namespace

std::string origin_of(std::string_view url) {
    const auto scheme = scheme_of(url);
    if (scheme.empty()) return {};
    const auto end = url.find_first_of("/?#", scheme.size());
    const auto authority = url.substr(scheme.size(), end == std::string_view::npos ? end : end - scheme.size());
    if (authority.empty() || authority.find('@') != std::string_view::npos) return {};
    return std::string(scheme) + std::string(authority);
}

std::string resolve_url(std::string_view base, std::string_view location) {
    const std::string origin = origin_of(base);
    if (origin.empty() || location.empty() || !is_clean(location)) return {};
    location = location.substr(0, location.find('#'));
    if (!scheme_of(location).empty()) {
        const std::string other = origin_of(location);
        const bool downgraded = base.starts_with("https://") && other == "http://" + origin.substr(8);
        return downgraded      ? origin + std::string(location.substr(other.size()))
               : other.empty() ? ""
                               : std::string(location);
    }
    if (location.starts_with("//")) {
        const auto url = std::string(base.substr(0, base.find("//"))) + std::string(location);
        return origin_of(url).empty() ? "" : url;
    }
    if (location.starts_with('/')) return origin + std::string(location);
    if (location.find("://") < location.find('/')) return {};
    std::string path(base.substr(0, base.find_first_of("?#")));
    if (location.starts_with('?')) return path + std::string(location);
    if (path.size() == origin.size()) path += '/';
    return path.substr(0, path.rfind('/') + 1) + std::string(location);
}

std::string add_query(std::string url, std::string_view name, std::string_view value) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += name;
    url += '=';
    return url + percent_encode(value);
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
            c == '_' || c == '~') {
            result += c;
        } else {
            result += '%';
            result += digits[byte >> 4U];
            result += digits[byte & 0xfU];
        }
    }
    return result;
}

}  // namespace waaft::registry
