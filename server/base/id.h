// Random identifiers: unguessable room names, member ids, keys.
//
// Thread: any. Ownership: values. Units: bits of entropy are said per function.
// Errors: getrandom(2) cannot fail after boot; if it does the process aborts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace waaft {

// `count` bytes from getrandom(2).
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();

// Evenly from [0, 1), of 64 random bits.
constexpr double unit_of(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// 100 bits as four groups of five lower-case letters and digits: "k3v9d-...". Letters that look
// alike (i, l, o, u) are left out, so a name can be read out loud.
std::string random_room_name();

// 80 bits, 16 characters of the same alphabet.
std::string random_member_id();

// 256 bits as base64url.
std::string random_key();

// A room name that somebody chose: 3 to 64 of [a-z0-9-], not starting or ending with '-'.
bool is_room_name(std::string_view text);

}  // namespace waaft
