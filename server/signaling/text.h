// Which strings the protocol takes: ids, nonces, names, chat texts.
//
// Thread: any, no state. Ownership: views in, values out. Units: bytes of UTF-8.
// Errors: false or nullopt. Sources: PROTOCOL.md; Unicode Standard chapter 23 (control and bidi characters), its
// properties White_Space and Default_Ignorable_Code_Point by libunistring; ECMA-48 section 5.4 (control sequences).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waaft::signaling {

// Which control characters (general category Cc) a text may have.
enum class Controls : std::uint8_t {
    none,
    sdp,  // \r, \n and \t
};

// Well-formed UTF-8 without other control characters.
bool is_text(std::string_view text, Controls allowed);
inline bool is_line(std::string_view text) { return is_text(text, Controls::none); }

// The name without white space around it: 1 to 64 bytes, something that can be seen, no control, line
// separator or bidi formatting characters, which could make one name look like another.
std::optional<std::string> clean_name(std::string_view name);

// What people paste: line ends of every kind become \n, control sequences of terminals and other control characters but
// \t go. nullopt: not UTF-8, or nothing is left.
std::optional<std::string> clean_chat_text(std::string_view text);

// One emoji: a picture with what may follow it (skin tone, variant, more pictures joined to it, letters of a flag), a
// flag or a keycap. Source: UTS #51 section 1.4.9 (ED-16 and its grammar); which characters by Unicode's tables.
bool is_emoji(std::string_view text);

bool is_member_id(std::string_view text);  // 16 of [0-9a-z]
bool is_epoch(std::string_view text);      // 16 of [0-9a-f]
bool is_nonce(std::string_view text);      // 8 to 64 of [A-Za-z0-9_-]
bool is_client_id(std::string_view text);  // 16 to 64 of [A-Za-z0-9_-]
bool is_token(std::string_view text);      // visible ASCII

}  // namespace waaft::signaling
