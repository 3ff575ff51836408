// Origins and authorities, compared by what they mean: case, default ports, a final dot and the ways to write an IPv6
// address make no difference.
//
// Thread: any. Ownership: values. Errors: nullopt for what is no origin. Sources: RFC 6454 (origins), RFC 3986 sections
// 3.2 and 6.2 (authorities, what is the same), RFC 5952 (IPv6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waaft {

struct Origin {
    std::string scheme;      // in lower case
    std::string host;        // in lower case, without the final dot; an IPv6 address in brackets, as RFC 5952 writes it
    std::uint16_t port = 0;  // the scheme's own if none was named

    friend bool operator==(const Origin&, const Origin&) = default;
};

// "https://example.org", with the port unless it is the scheme's own.
std::string text_of(const Origin& origin);

// "https://example.org:443"; a single slash may follow.
std::optional<Origin> parse_origin(std::string_view text);

// The origin of what is reached at an authority, "example.org:8443".
std::optional<Origin> origin_at(std::string_view scheme, std::string_view authority);

}  // namespace waaft
