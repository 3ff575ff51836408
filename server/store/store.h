// What outlives the process: rooms, their chat logs, bans and links, behind one interface.
//
// Thread: every call may come from any thread and returns at once; the engine does the work on
// its own thread and calls `done` there (the caller posts the answer to where it belongs).
// Writes that were queued together are made durable together (group commit); `done` of a write
// runs after it is durable, in the order of the calls. Ownership: the engine owns its file and
// thread; close() finishes what is queued. Errors: StoreError. Bounds: at most `queue_max` calls
// and bytes wait; above that a call answers `busy` at once, on the caller's thread.
#pragma once

#include "server/base/budget.h"
#include "server/base/result.h"
#include "server/base/time.h"
#include "server/signaling/messages.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waaft::store {

using signaling::Record;
using signaling::Role;
using signaling::RoomKind;
using signaling::Seq;

enum class StoreError : std::uint8_t {
    busy,      // too many calls wait
    full,      // no space left, or a quota
    io,        // the device failed
    exists,    // a room with that name is open
    closed,    // close() was called
    away,      // the server that keeps the rooms can't be reached
    conflict,  // no such room, another epoch, or a seq that isn't above last_seq; nothing was written
};
std::string_view sentence(StoreError error);

template <class T>
using Done = std::function<void(Result<T, StoreError>)>;

// A room as it is kept. Empty strings mean "none".
struct RoomRow {
    std::string name;
    std::string epoch;  // 16 hexadecimal digits
    RoomKind kind = RoomKind::call;
    std::string host_key_hash;  // SHA-256, hexadecimal
    std::string password_hash;  // argon2id, encoded form
    bool locked = false;
    std::uint32_t members_max = 0;
    UnixMs created_at = 0;
    UnixMs ended_at = 0;  // 0: open
    UnixMs last_active_at = 0;
    Seq last_seq = 0;  // highest seq ever used in this epoch
};

// An accepted nonce, for recognising a repeated post.
struct Nonce {
    std::string member;
    std::string nonce;
    Seq seq = 0;
    UnixMs at = 0;
};

// A role or removal that differs from what a member's token says.
struct MemberMark {
    enum class Kind : std::uint8_t { role, removed, banned };
    std::string member;
    Kind kind = Kind::role;
    Role role = Role::viewer;  // kind == role
    UnixMs at = 0;
};

// All that a home shard needs to go on with a room.
struct LoadedRoom {
    RoomRow row;
    // The raw records of the last `tail_max` seqs, oldest first. A message that was deleted or
    // erased has `deleted` and no text here too.
    std::vector<Record> tail;
    std::vector<Nonce> nonces;  // younger than `nonces_since`
    std::vector<MemberMark> marks;
    std::vector<std::string> banned_addresses;  // keys made by the caller, opaque here
};

struct Append {
    std::string room;
    std::string epoch;
    Record record;      // seq chosen by the caller
    std::string nonce;  // empty: none
};

struct Page {
    std::vector<Record> items;  // oldest first; chat records with reactions and `deleted` applied
    bool more = false;
};

// 0: no limit.
struct Retention {
    UnixMs chat_age_ms = 0;           // records older than this go
    std::uint32_t chat_messages = 0;  // at most so many chat records a room
    UnixMs room_age_ms = 0;           // ended rooms older than this go, with all that is theirs
    UnixMs unused_age_ms = 0;         // open rooms go when they were not active for so long
    UnixMs marks_age_ms = 0;          // marks of roles and removals that are older go: no token is as old
};

// A join link that was made. The link itself is a signed token and is not kept.
struct LinkRow {
    std::string id;
    Role role = Role::viewer;
    std::string name;      // preset display name, may be empty
    std::string key;       // the API key's name that made it, empty: the host
    std::string host_key;  // which host key was in force
    UnixMs made_at = 0;
    UnixMs expires_at = 0;
    bool revoked = false;
};
enum class Recorded : std::uint8_t {
    done,
    too_many,  // LinkStore::links_max of them let somebody in
    gone,      // there is no such life of a room
};

// How a link stands among the revoked ones, and all those of a room's life that were made without being recorded.
inline std::string revoked_link_id(const std::string& room, const std::string& link) { return room + "/" + link; }
inline std::string unrecorded_links_id(const std::string& room, const std::string& life) {
    return room + "/unrecorded-" + life;
}

// The links of a room. `life` sets it apart from earlier ones of its name: the epoch in a Store; in a SharedStore,
// where the epoch may change, created_at in decimal. They go with the room.
class LinkStore {
public:
    static constexpr std::size_t links_max = 1000;  // of a room

    virtual ~LinkStore() = default;
    // What has expired at `made_at` goes; where links_max are there, also what is revoked or a host's of an earlier
    // host key than link.host_key.
    virtual void record_link(std::string room, std::string life, LinkRow link, Done<Recorded> done) = 0;
    // The oldest first. There may be expired ones.
    virtual void links(std::string room, std::string life, Done<std::vector<LinkRow>> done) = 0;
    // Revokes all in one write, and unrecorded_links_id(); remembered until `until`. What was not revoked before.
    virtual void void_links(std::string room, std::string life, UnixMs until, Done<std::vector<LinkRow>> done) = 0;
};

class Store : public LinkStore {
public:
    // `exists` if a room with that name is open; an ended one is replaced, with all that was its.
    virtual void create_room(RoomRow row, Done<void> done) = 0;
    // nullopt: there is no such room. Ended rooms are given with an empty tail.
    virtual void load_room(std::string name, std::uint32_t tail_max, UnixMs nonces_since,
                           Done<std::optional<LoadedRoom>> done) = 0;
    // Name, epoch, created_at and last_seq stay as they are; everything else is taken over.
    virtual void update_room(RoomRow row, Done<void> done) = 0;
    // Replaces an earlier mark of the same member.
    virtual void mark_member(std::string room, MemberMark mark, std::string banned_address, Done<void> done) = 0;
    // A delete empties the target's text, an erase the text of every record before it, at once.
    virtual void append(Append append, Done<void> done) = 0;
    // The last `limit` chat records with seq < before.
    virtual void history(std::string room, Seq before, std::uint32_t limit, Done<Page> done) = 0;
    // Raw records with seq > after, at most `limit`, oldest first; `more` if there were others.
    virtual void since(std::string room, Seq after, std::uint32_t limit, Done<Page> done) = 0;

    virtual void revoke_link(std::string id, UnixMs expires_at, Done<void> done) = 0;
    // Revoked and not yet expired.
    virtual void revoked_links(Done<std::vector<std::string>> done) = 0;

    // Deletes what the retention no longer covers, in small steps between other calls.
    virtual void sweep(Retention retention, UnixMs now, Done<std::uint64_t> done) = 0;

    // Calls that wait now.
    virtual std::size_t queued() const = 0;
    // Finishes what is queued, then stops the thread. Idempotent.
    virtual void close() = 0;
};

// Keeps everything in memory: tests, and `--data none`.
std::unique_ptr<Store> open_memory_store();

struct SqliteOptions {
    std::string path;
    Budget::Max queue_max{};
    std::string vfs;  // empty: the default; tests name one that loses unsynced writes
    // So long after it was deleted a text may still stand in the write-ahead log.
    Duration wipe_after = std::chrono::seconds(20);
    // Told, on the store's thread, what became of each further try to open a database for which there was no space.
    // Without it that is an error (store_full).
    std::function<void(const struct Opening&)> on_opening{};
    Duration open_again = std::chrono::seconds(2);
};
struct Opening {
    std::string moved_aside;    // where a corrupt database was moved to, or empty
    std::string migrated_copy;  // the copy of the older schema, or empty
    // The database cannot be opened: every write answers `full`, and opening is tried again.
    std::optional<Error> waits_for{};
    bool readable = true;  // false: it waits and may have rooms, and every read answers `full`
};
struct Opened : Opening {
    std::unique_ptr<Store> store;
};
// Errors (Error.code): store_unreadable, store_newer, store_locked, store_io, store_full.
Result<Opened> open_sqlite_store(SqliteOptions options);

}  // namespace waaft::store
