#include "cmd/registry/url.h"

#include "server/base/origin.h"
#include "server/base/text.h"

namespace waaft::registry {
namespace {

// How long "https://" or "http://" is at the begin, in any case; 0: there is neither.
std::size_t scheme_size(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (same_in_any_case(url.substr(0, scheme.size()), scheme)) return scheme.size();
    return 0;
}

// The address up to its path.
std::string_view root_of(std::string_view url) {
    const auto scheme = scheme_size(url);
    return scheme == 0 ? std::string_view() : url.substr(0, url.find_first_of("/?#", scheme));
}

bool is_clean(std::string_view text) {
    for (const char c : text)
        if (c <= ' ' || c == 0x7f) return false;
    return true;
}

}  // namespace

std::string origin_of(std::string_view url) {
    const auto origin = parse_origin(root_of(url));
    return origin ? text_of(*origin) : std::string();
}

std::string resolve_url(std::string_view base, std::string_view location) {
    const auto origin = parse_origin(root_of(base));
    if (!origin || location.empty() || !is_clean(location)) return {};
    const std::string own(root_of(base));
    location = location.substr(0, location.find('#'));
    if (const auto root = root_of(location); !root.empty()) {
        const auto other = parse_origin(root);
        if (!other) return {};
        const bool downgraded = origin->scheme == "https" && other->scheme == "http" && origin->host == other->host &&
                                (origin->port == other->port || (origin->port == 443 && other->port == 80));
        return downgraded ? own + std::string(location.substr(root.size())) : std::string(location);
    }
    if (location.starts_with("//")) {
        const auto url = std::string(base.substr(0, base.find("//"))) + std::string(location);
        return origin_of(url).empty() ? "" : url;
    }
    if (location.starts_with('/')) return own + std::string(location);
    if (location.find("://") < location.find('/')) return {};
    std::string path(base.substr(0, base.find_first_of("?#")));
    if (location.starts_with('?')) return path + std::string(location);
    if (path.size() == own.size()) path += '/';
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
