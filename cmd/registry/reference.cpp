#include "cmd/registry/reference.h"

#include <algorithm>

namespace waaft::registry {
namespace {

constexpr std::size_t name_max = 255;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_number(char c) { return c >= '0' && c <= '9'; }
bool is_lower_hex(char c) { return is_number(c) || (c >= 'a' && c <= 'f'); }

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
    return std::all_of(text.begin(), text.end(), predicate);
}

// [a-z0-9]+ parts, joined by one ".", one or two "_", or any number of "-".
bool is_path_component(std::string_view text) {
    std::size_t at = 0;
    for (;;) {
        const std::size_t begin = at;
        while (at < text.size() && (is_lower(text[at]) || is_number(text[at]))) ++at;
        if (at == begin) return false;
        if (at == text.size()) return true;
        const std::size_t separator = at;
        while (at < text.size() && text[at] == text[separator] && text[separator] == '-') ++at;
        if (at == separator && text[at] == '_') at += text.substr(at).starts_with("__") ? 2 : 1;
        if (at == separator && text[at] == '.') ++at;
        if (at == separator) return false;
    }
}

template <class Each>
bool each_part(std::string_view text, char separator, Each each) {
    for (;;) {
        const auto end = text.find(separator);
        if (!each(text.substr(0, end))) return false;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

bool is_host_label(std::string_view text) {
    return !text.empty() && text.front() != '-' && text.back() != '-' &&
           all(text, [](char c) { return is_lower(c) || is_upper(c) || is_number(c) || c == '-'; });
}

bool is_ipv6(std::string_view text) {
    return text.size() >= 2 && text.size() <= 39 && all(text, [](char c) {
               return is_number(c) || c == ':' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

bool names_a_host(std::string_view first) {
    return first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
           std::any_of(first.begin(), first.end(), is_upper);
}

Result<void, ReferenceError> check_repository(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), is_upper)) return ReferenceError::upper_case;
    if (text.empty() || !each_part(text, '/', is_path_component)) return ReferenceError::repository;
    return {};
}

}  // namespace

std::string Reference::text() const {
    return name() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::endpoint() const { return is_docker_hub() ? "registry-1.docker.io" : host; }

std::string_view describe(ReferenceError error) {
    switch (error) {
        case ReferenceError::empty: return "the name of the image is empty";
        case ReferenceError::too_long: return "the name of the image has more than 255 characters";
        case ReferenceError::host: return "the registry's name is not a host name or address, with a port if need be";
        case ReferenceError::repository:
            return "the repository must be parts of lower-case letters, digits and single . _ - between them, joined "
                   "by /";
        case ReferenceError::upper_case: return "the repository must be in lower case";
        case ReferenceError::hex_name: return "64 hexadecimal digits are the id of an image, not its name";
        case ReferenceError::tag:
            return "the tag must be at most 128 letters, digits, . _ - and begin with a letter, a digit or _";
        case ReferenceError::digest: return "the digest must be sha256: and 64 lower-case hexadecimal digits";
    }
    return "the name of the image cannot be read";
}

bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' && all(text, [](char c) {
        return is_lower(c) || is_upper(c) || is_number(c) || c == '.' || c == '_' || c == '-';
    });
}

bool is_digest(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const auto algorithm = text.substr(0, colon);
    const auto value = text.substr(colon + 1);
    const std::size_t size = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
    return size != 0 && value.size() == size && all(value, is_lower_hex);
}

bool is_host(std::string_view text) {
    const auto name = without_port(text);
    const auto port = text.substr(name.size());
    if (!port.empty() && (port.front() != ':' || port.size() < 2 || port.size() > 6 || !all(port.substr(1), is_number)))
        return false;
    if (name.starts_with('[')) return name.ends_with(']') && is_ipv6(name.substr(1, name.size() - 2));
    return name.size() <= name_max && each_part(name, '.', is_host_label);
}

bool is_loopback(std::string_view host) {
    const auto name = without_port(host);
    return name == "localhost" || name == "[::1]" ||
           (name.starts_with("127.") && all(name, [](char c) { return is_number(c) || c == '.'; }));
}

Result<Reference, ReferenceError> parse_reference(std::string_view text) {
    if (text.empty()) return ReferenceError::empty;
    Reference result;
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        result.digest = text.substr(at + 1);
        if (!is_digest(result.digest)) return ReferenceError::digest;
        text = text.substr(0, at);
    }
    if (text.size() == 64 && all(text, is_lower_hex)) return ReferenceError::hex_name;
    const auto slash = text.find('/');
    std::string_view host = "docker.io";
    if (slash != std::string_view::npos && names_a_host(text.substr(0, slash))) {
        host = text.substr(0, slash);
        text.remove_prefix(slash + 1);
    }
    if (!is_host(host)) return ReferenceError::host;
    result.host = host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host;
    if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        result.tag = text.substr(colon + 1);
        if (!is_tag(result.tag)) return ReferenceError::tag;
        text = text.substr(0, colon);
    }
    if (auto checked = check_repository(text); !checked) return checked.error();
    const bool official = result.is_docker_hub() && text.find('/') == std::string_view::npos;
    result.repository = (official ? "library/" : "") + std::string(text);
    if (result.name().size() > name_max) return ReferenceError::too_long;
    return result;
}

}  // namespace waaft::registry
