// Addresses as registries give them: absolute, or relative to the one that was asked.
//
// Thread: any. Ownership: values. Units: none. Errors: what is no http(s) address is empty.
// Source: RFC 3986 section 5.
#pragma once

#include <string>
#include <string_view>

namespace waaft::registry {

// "https://host:port" of an address, written in one way (server/base/origin.h); empty if it is none.
std::string origin_of(std::string_view url);
// `location` as seen from `base`. A registry behind a proxy may say http of itself when it was asked by
// https: that is mended, for the same host.
std::string resolve_url(std::string_view base, std::string_view location);
std::string add_query(std::string url, std::string_view name, std::string_view value);
// Everything but letters, digits and - . _ ~ as %XX.
std::string percent_encode(std::string_view text);

}  // namespace waaft::registry
