#include "server/app/setting_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace waaft::app {
namespace {

struct Unit {
    std::string_view suffix;
    std::int64_t factor;
};
// Largest first, so that formatting finds the shortest text.
constexpr std::array<Unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> size_units{{{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
    const auto digits_end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto count = static_cast<std::size_t>(digits_end - text.begin());
    const auto number = parse_integer(text.substr(0, count));
    if (!number) {
        return std::nullopt;
    }
    for (const auto& unit : units) {
        if (unit.suffix == text.substr(count)) {
            if (*number > std::numeric_limits<std::int64_t>::max() / unit.factor) {
                return std::nullopt;
            }
            return *number * unit.factor;
        }
    }
    return std::nullopt;
}

std::string format_with_unit(std::int64_t value, std::span<const Unit> units, std::string_view zero) {
    if (value == 0) {
        return std::string(zero);
    }
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return value % u.factor == 0; });
    return std::to_string(value / unit->factor) + std::string(unit->suffix);
}

bool is_address(int family, std::string_view text) {
    std::array<unsigned char, sizeof(in6_addr)> buffer{};
    return inet_pton(family, std::string(text).c_str(), buffer.data()) == 1;
}

bool is_ip_address(std::string_view text) { return is_address(AF_INET, text) || is_address(AF_INET6, text); }

bool is_dns_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_dns_name(std::string_view text) {
    if (text.empty() || text.size() > 253) {
        return false;
    }
    while (true) {
        const auto dot = text.find('.');
        if (!is_dns_label(text.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

bool is_host(std::string_view text) { return is_ip_address(text) || is_dns_name(text); }

bool is_cidr(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    if (!is_ip_address(address)) {
        return false;
    }
    if (slash == std::string_view::npos) {
        return true;
    }
    const auto bits = parse_integer(text.substr(slash + 1));
    return bits && *bits <= (is_address(AF_INET, address) ? 32 : 128);
}

bool is_port(std::string_view text) {
    const auto port = parse_integer(text);
    return port && *port >= 1 && *port <= 65535;
}

// "name", "name:port", "192.0.2.1:port", "[2001:db8::1]:port"
bool is_host_and_port(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || !is_address(AF_INET6, text.substr(1, end - 1))) {
            return false;
        }
        text.remove_prefix(end + 1);
        return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
    }
    const auto colon = text.find(':');
    const auto host = text.substr(0, colon);
    return (is_address(AF_INET, host) || is_dns_name(host)) &&
           (colon == std::string_view::npos || is_port(text.substr(colon + 1)));
}

bool strip_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

bool is_origin(std::string_view text) {
    return (strip_prefix(text, "https://") || strip_prefix(text, "http://")) && is_host_and_port(text);
}

bool is_ancestor(std::string_view text) {
    if (is_origin(text)) {
        return true;
    }
    return (strip_prefix(text, "https://*.") || strip_prefix(text, "http://*.")) && is_host_and_port(text) &&
           !text.starts_with('[');
}

bool is_stun_url(std::string_view text) {
    return (strip_prefix(text, "stun:") || strip_prefix(text, "stuns:")) && is_host_and_port(text);
}

bool is_redis_url(std::string_view text) {
    if (!strip_prefix(text, "redis://") && !strip_prefix(text, "rediss://")) {
        return false;
    }
    const auto slash = text.find('/');
    const auto database = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    const bool number = std::all_of(database.begin(), database.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number && is_host_and_port(text.substr(0, slash));
}

bool is_turn_url(std::string_view text) {
    if (!strip_prefix(text, "turn:") && !strip_prefix(text, "turns:")) {
        return false;
    }
    const auto question = text.find('?');
    if (question != std::string_view::npos) {
        const auto query = text.substr(question);
        if (query != "?transport=udp" && query != "?transport=tcp") {
            return false;
        }
    }
    return is_host_and_port(text.substr(0, question));
}

bool is_plain_text(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    if (text.empty() || !is_digit(text.front())) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = parse_with_unit(text, duration_units);
    return value ? std::optional(std::chrono::milliseconds(*value)) : std::nullopt;
}

std::string format_duration(std::chrono::milliseconds value) {
    return format_with_unit(value.count(), duration_units, "0s");
}

std::optional<std::int64_t> parse_size(std::string_view text) { return parse_with_unit(text, size_units); }

std::string format_size(std::int64_t bytes) { return format_with_unit(bytes, size_units, "0"); }

bool has_form(Form form, std::string_view text) {
    switch (form) {
        case Form::any: return is_plain_text(text);
        case Form::ip_address: return is_ip_address(text);
        case Form::host: return is_host(text);
        case Form::cidr: return is_cidr(text);
        case Form::origin: return is_origin(text);
        case Form::ancestor: return is_ancestor(text);
        case Form::stun_url: return is_stun_url(text);
        case Form::turn_url: return is_turn_url(text);
        case Form::redis_url: return is_redis_url(text);
    }
    return false;
}

std::string_view describe(Form form) {
    switch (form) {
        case Form::any: return "text without control characters";
        case Form::ip_address: return "an IP address such as 127.0.0.1 or ::1";
        case Form::host: return "a host name or an IP address";
        case Form::cidr: return "an address range such as 10.0.0.0/8";
        case Form::origin: return "an origin such as https://live.example.org, without a path";
        case Form::ancestor: return "an origin such as https://example.org or https://*.example.org";
        case Form::stun_url: return "a STUN URL such as stun:stun.example.org:3478";
        case Form::redis_url: return "an address such as redis://redis.example.org:6379, without user and password";
        case Form::turn_url: return "a TURN URL such as turn:turn.example.org:3478?transport=udp";
    }
    return "text";
}

}  // namespace waaft::app
