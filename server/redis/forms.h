// What lies in Redis as bytes: chat records, the row of a room, members, and what is told on a channel.
//
// Thread: any, no state. Ownership: values. Units: bytes, UnixMs. Errors: decoders give Unreadable; nothing is guessed.
// Bounds: record_max. Each form begins with its version; the scripts (scripts.cpp) know where the parts lie that they
// read: the version, the kind, the marks, the target and where the text begins.
//
//   record   version 1 | kind | marks (1 on, 2 deleted) | at 8 | target 8 | size of all before the text 2 |
//            from | name | emoji, each 2 bytes of size and the text | text to the end
//   row      version 1 | kind | locked | members_max 4 | created_at 8 | ended_at 8 | last_active_at 8 |
//            host_key_hash | password_hash
//   member   version of the member "|" the caller's value
//   link     "1 ROLE MADE_AT EXPIRES_AT LIFE HOST_KEY SIZE " and the API key's name, so long, and the preset name;
//            "-" for no host key
//   told     "1c SERVER REVISION RULES e|- SEQS\n" and the change's message; "1w SERVER\n" and what tell() sent;
//            "1l EXPIRES_AT ID" a revoked link. SEQS: "7x3,5r" for 7, 8, 9 and a repeated 5; "-" for none.
#pragma once

#include "server/base/result.h"
#include "server/store/shared.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waaft::redis {

inline constexpr std::size_t record_max = 128U << 10U;
// So many records can be one change's.
inline constexpr std::size_t change_records_max = 65536;

enum class Unreadable : std::uint8_t {
    newer,      // of a version that this program does not know
    truncated,  // or longer than it says
    huge,
    bad,  // a part has a value that cannot be
};
std::string_view to_string(Unreadable why);

// nullopt: a part of it is too long for this form, or its time is before 1970.
std::optional<std::string> encode_record(const store::Record& record);
// `seq` is where it lies in the list.
Result<store::Record, Unreadable> decode_record(std::string_view bytes, store::Seq seq);

std::optional<std::string> encode_row(const store::RoomRow& row);
// Without name, epoch and last_seq, which stand beside it.
Result<store::RoomRow, Unreadable> decode_row(std::string_view bytes);

std::string encode_link(const store::LinkRow& link, std::string_view life);
Result<store::LinkRow, Unreadable> decode_link(std::string id, std::string_view bytes);

Result<store::SharedMember, Unreadable> decode_member_field(std::string id, std::string_view bytes);

// "done" as the scripts answer it: "d REVISION RULES SEQS"; "c", "f", "g" for the others.
Result<store::Committed, Unreadable> decode_committed(std::string_view text);

struct Whisper {
    std::string server;
    std::string message;
};
struct LinkRevoked {
    std::string id;
    UnixMs expires_at = 0;
};
// Told::room is the channel's.
using Heard = std::variant<store::Told, Whisper, LinkRevoked>;
Result<Heard, Unreadable> decode_heard(std::string_view bytes);
std::string encode_whisper(const Whisper& whisper);

}  // namespace waaft::redis
