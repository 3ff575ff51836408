// What servers that have one room open say to each other about it, as plain values: changes and words.
//
// Thread: any. Ownership: values. Units: UnixMs; a revision counts the changes of a room from 1. Errors: none.
// A connection in a SharedMember means something on the member's own server only.
#pragma once

#include "server/room/engine.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace waaft::room {

using Revision = std::uint64_t;

struct SharedMember {
    signaling::Member shown;
    std::string server;           // that holds the connection, or held it last and watches for its return
    ConnectionId connection = 0;  // 0: it is lost
    UnixMs lost_at = 0;           // connection == 0: since when
    bool invited = false;
    std::vector<std::string> ban_keys;
    friend bool operator==(const SharedMember&, const SharedMember&) = default;
};

// For people on other servers: a message, or the end of their connection.
struct Word {
    std::string to;  // a member; empty: everybody (messages only)
    std::variant<signaling::ServerMessage, signaling::CloseCode> what;
};

struct Change {
    std::uint64_t number = 0;       // rises with each; the same again has the answer of the first time
    Revision rules = 0;             // it was decided against
    std::string epoch;              // it was decided against; `settings` may have a new one
    bool raises_rules = false;      // others' decisions depend on it
    std::uint32_t members_max = 0;  // there must not be more with it; 0: does not matter
    struct MemberChange {
        std::string id;
        Revision version = 0;             // that it was decided against; 0: there was none
        std::optional<SharedMember> now;  // nullopt: gone
    };
    std::vector<MemberChange> members;
    std::optional<Settings> settings;
    std::string host_key;  // a new one; empty: as it was
    std::vector<std::string> bans;
    std::vector<Persist> records;  // their seqs are guesses
    std::vector<Word> words;
    bool ends = false;

    bool empty() const {
        return members.empty() && !settings && host_key.empty() && bans.empty() && records.empty() && words.empty() &&
               !ends;
    }
};

struct Written {
    signaling::Seq seq = 0;
    bool repeated = false;  // it was there already
};

// How a commit ended. `conflict`: others decided something before; `away`: nobody knows, ask again under its number.
struct Answer {
    enum class Outcome : std::uint8_t { done, conflict, gone, away, full, failed };
    Outcome outcome = Outcome::done;
    Revision revision = 0;  // of this change, or what is current
    Revision rules = 0;
    std::vector<Written> records;  // one for each of Change::records
};

// A change that a server committed, this one or another.
struct Told {
    std::string server;
    Revision revision = 0;
    Revision rules = 0;
    std::vector<std::pair<std::string, std::optional<SharedMember>>> members;
    std::optional<Settings> settings;
    std::vector<std::string> bans;
    std::vector<signaling::Record> records;  // the new ones, with their seqs
    std::vector<Word> words;
    bool ends = false;
};

// All that is kept of a room, as of one revision.
struct Snapshot {
    Revision revision = 0;
    Revision rules = 0;
    Settings settings;
    std::vector<std::pair<SharedMember, Revision>> members;  // each with its version
    std::vector<std::string> bans;
    signaling::Seq last_seq = 0;
    std::vector<signaling::Record> tail;
    std::vector<Kept::Nonce> nonces;
    bool end_may_be_lost = false;  // the store may not have had the newest changes: a new epoch comes first
};

// ---- what a Replica asks its home for ----

struct Commit {
    Change change;
};
// Says it to the other servers that have the room open; may be lost.
struct Whisper {
    Word word;
};
// Answer with on_read().
struct ReadAgain {};

using Request = std::variant<Commit, Whisper, ReadAgain>;

}  // namespace waaft::room
