// What servers write down and tell each other about rooms that they share: members, changes and words as JSON.
//
// Thread: any, no state. Ownership: values. Errors: nullopt for anything that is not of this version's form, whatever
// the bytes; `is_newer` says whether a later version wrote it. Every form begins with its version. Source:
// ARCHITECTURE.md, "One room on many servers".
#pragma once

#include "server/room/shared.h"
#include "server/store/shared.h"

#include <optional>
#include <string>
#include <string_view>

namespace waaft::cluster {

// At most 300 bytes of the store are one member's.
std::string encode_member(const room::SharedMember& member);
// The id is the key under which it was found.
std::optional<room::SharedMember> decode_member(const std::string& id, std::string_view text);

// `row` is what the change makes of the room's row, nullptr: nothing.
std::string encode_change(const room::Change& change, const store::RoomRow* row);

struct DecodedChange {
    room::Told told;  // but for its settings
    // Of the row, where it changed.
    struct Row {
        bool locked = false;
        std::string epoch;
        std::string host_key_hash;
    };
    std::optional<Row> row;
};
std::optional<DecodedChange> decode_change(const store::Told& told);

std::string encode_word(const room::Word& word);
std::optional<room::Word> decode_word(std::string_view text);

bool is_newer(std::string_view text);

}  // namespace waaft::cluster
