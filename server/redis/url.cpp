#include "server/redis/url.h"

#include <charconv>
#include <optional>

namespace waaft::redis {
namespace {

constexpr std::string_view form = "redis://HOST:PORT/DATABASE or rediss://HOST:PORT/DATABASE";

// Not repeated in the error: it may hold a password.
Error bad(std::string what) { return {"redis_url", std::move(what), "redis.url", "write " + std::string(form)}; }

template <class Number>
std::optional<Number> as_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    return host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
           std::string_view::npos;
}

// Splits "host:port", "[v6]:port", "host".
Result<void> read_authority(std::string_view text, RedisUrl& url) {
    std::string_view port;
    std::string_view host = text;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return bad("The address of Redis has a [ without its ].");
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
        if (port.find(':', 1) != std::string_view::npos)
            return bad("An IPv6 address of Redis stands in brackets: [::1].");
    }
    if (!is_host(host)) return bad("The address of Redis has no valid host.");
    url.host = host;
    if (port.empty()) return {};
    const auto number = port.starts_with(':') ? as_number<std::uint16_t>(port.substr(1)) : std::nullopt;
    if (!number || *number == 0) return bad("The address of Redis has no valid port.");
    url.port = *number;
    return {};
}

}  // namespace

std::string RedisUrl::text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<RedisUrl> parse_redis_url(std::string_view text) {
    RedisUrl url;
    if (text.starts_with("rediss://")) {
        url.tls = true;
        text.remove_prefix(9);
    } else if (text.starts_with("redis://")) {
        text.remove_prefix(8);
    } else {
        return bad("The address of Redis begins with redis:// or rediss://.");
    }
    if (text.find('@') != std::string_view::npos) {
        return Error{"redis_url", "The address of Redis holds a user or password.", "redis.url",
                     "put them into redis.user and redis.password_file"};
    }
    const auto slash = text.find('/');
    if (const auto read = read_authority(text.substr(0, slash), url); !read) return read.error();
    if (slash == std::string_view::npos || slash + 1 == text.size()) return url;
    const auto database = as_number<std::uint32_t>(text.substr(slash + 1));
    if (!database) return bad("The number of the database in the address of Redis is not one.");
    url.database = *database;
    return url;
}

}  // namespace waaft::redis
