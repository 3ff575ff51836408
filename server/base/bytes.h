// Byte ranges, shared immutable bytes, and the encodings every module needs.
//
// Thread: any. Ownership: SharedBytes is shared and never changes after it was made.
// Units: bytes. Errors: decoders return nullopt. Source: RFC 4648 section 5 (base64url).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace waaft {

using Bytes = std::span<const std::uint8_t>;

// Encoded once, sent to many.
using SharedBytes = std::shared_ptr<const std::string>;

inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string to_hex(Bytes bytes);
std::optional<std::string> from_hex(std::string_view text);

// Without padding.
std::string to_base64url(Bytes bytes);
std::optional<std::string> from_base64url(std::string_view text);

// True for well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
bool is_utf8(std::string_view text);

}  // namespace waaft
