// Text forms of a setting's value: durations, sizes, whole numbers, addresses, URLs.
//
// Thread: any, no state. Ownership: values. Units: sizes are bytes, durations milliseconds.
// Errors: nullopt or false for text that is not of the form; the caller says what was expected.
// Sources: RFC 3986 (URL), RFC 4632 (CIDR), RFC 7064 and 7065 (stun: and turn: URIs).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::app {

// Decimal digits only, up to 2^63 - 1.
std::optional<std::int64_t> parse_integer(std::string_view text);

// "500ms", "30s", "5m", "2h", "30d".
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// In the largest unit that loses nothing.
std::string format_duration(std::chrono::milliseconds value);

// "4096", "64KiB", "1MiB", "2GiB".
std::optional<std::int64_t> parse_size(std::string_view text);
std::string format_size(std::int64_t bytes);

// What a text setting, or each item of a list, must look like.
enum class Form : std::uint8_t {
    any,         // no control characters
    ip_address,  // 192.0.2.1, 2001:db8::1
    host,        // a DNS name or an IP address
    cidr,        // 10.0.0.0/8, or a single address
    origin,      // https://live.example.org, no path
    ancestor,    // an origin, or https://*.example.org
    stun_url,    // stun:stun.example.org:3478
    turn_url,    // turn:turn.example.org:3478?transport=udp
    redis_url,   // redis://redis.example.org:6379, no user and no password in it
};
bool has_form(Form form, std::string_view text);
// "an IP address such as 127.0.0.1 or ::1"
std::string_view describe(Form form);

}  // namespace waaft::app
