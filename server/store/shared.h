// Rooms that several servers have open at once: one order of changes for all of them, made where they are kept.
//
// A server decides about a change against the state that it knows and commits it; the change is taken whole if nothing
// was decided differently meanwhile, and answered `conflict` if so: then the server reads and decides again. What the
// change means is the caller's matter: the store compares numbers, keeps values and passes on words.
//
// Thread: calls come from any thread and return at once; `done` and the listener run on the store's own thread, the
// listener's calls about one room in the order of its revisions as far as nothing was missed (then `revision` jumps).
// Ownership: values; the listener outlives the store. Units: milliseconds, bytes. Errors: StoreError, `away` while
// there is no connection: nothing is known about a change that was under way then, so commit it again under its number.
// Bounds: `queue_max` calls and bytes wait; above that a call is answered `busy` on the caller's thread.
#pragma once

#include "server/store/store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace waaft::store {

// Counts the changes of a room from 1. `rules` is the revision of the last change that others' decisions depend on.
using Revision = std::uint64_t;

struct SharedMember {
    std::string id;
    Revision version = 0;  // the revision that last changed it
    std::string value;     // the caller's
};

// All that is kept of an open room, as of one revision.
struct Snapshot {
    Revision revision = 0;
    Revision rules = 0;
    RoomRow row;  // row.last_seq: of the newest record
    std::vector<SharedMember> members;
    std::vector<std::string> bans;
    std::vector<Record> tail;  // as LoadedRoom::tail
    std::vector<Nonce> nonces;
    // A replica took over that may not have had the newest changes: nothing but a new epoch is committed next.
    bool end_may_be_lost = false;
};

struct MemberChange {
    std::string id;
    Revision version = 0;              // what it must be at; 0: must not be there
    std::optional<std::string> value;  // nullopt: removed
};

struct NewRecord {
    Record record;      // the store gives it its seq
    std::string nonce;  // empty: none; the same one of the same member is not written twice
};

struct Change {
    std::string room;
    std::string epoch;
    std::string server;  // who decided
    std::uint64_t number =
        0;               // of this server's changes of this room, rising; the same again is answered as the first time
    Revision rules = 0;  // it was decided against
    bool raises_rules = false;      // others' decisions depend on it
    std::uint32_t members_max = 0;  // with it there must not be more; 0: does not matter
    std::vector<MemberChange> members;
    std::optional<RoomRow> row;     // replaces what was kept, epoch included; last_seq is ignored
    std::vector<std::string> bans;  // added
    std::vector<NewRecord> records;
    std::string message;  // for every server that has the room open, this one too
    bool ends = false;    // the room and all that is its is removed
    Duration keep{};      // it is removed when nothing was committed or kept alive for so long
};

struct Written {
    Seq seq = 0;
    bool repeated = false;  // was there under that seq already
};

struct Committed {
    enum class Outcome : std::uint8_t {
        done,
        conflict,  // rules, a member's version or the epoch is another one, or its end may be lost
        full,      // more than members_max
        gone,      // there is no such room
    };
    Outcome outcome = Outcome::done;
    Revision revision = 0;
    Revision rules = 0;
    std::vector<Written> records;  // one for each of Change::records
};

// A change that some server committed.
struct Told {
    std::string room;
    std::string server;
    Revision revision = 0;
    Revision rules = 0;
    std::vector<Written> records;
    std::string message;
    bool ends = false;
};

class SharedListener {
public:
    virtual ~SharedListener() = default;
    virtual void on_told(Told told) = 0;
    // What tell() sent: no revision, may be lost.
    virtual void on_whisper(std::string room, std::string server, std::string message) = 0;
    virtual void on_link_revoked(std::string id, UnixMs expires_at) = 0;
    // The servers that are alive, this one included; each time it was asked, about every two seconds.
    virtual void on_servers(std::vector<std::string> servers) = 0;
    // After `up` nothing more is missed; what was told before may have been: read every open room again.
    virtual void on_connection(bool up) = 0;
};

class SharedStore : public LinkStore {
public:
    // `exists` if there is one of that name. `keep` as in Change.
    virtual void create_room(RoomRow row, Duration keep, Done<void> done) = 0;
    // From now on the listener is told of it. nullopt: there is no such room, and nothing is told.
    virtual void open_room(std::string name, Done<std::optional<Snapshot>> done) = 0;
    virtual void read_room(std::string name, Done<std::optional<Snapshot>> done) = 0;
    // Forgets it here: nothing more is told, and this server's number starts anew the next time.
    virtual void close_room(std::string name) = 0;
    // Of a room that is open here (StoreError::conflict if it is not), one after the other: the next when the last is
    // answered. A number below the last one's conflicts, and so does, after the connection was lost, everything but a
    // repeat until the room was read again. The repeat of an end finds the room gone.
    virtual void commit(Change change, Done<Committed> done) = 0;
    // Says it to every server that has the room open but this one.
    virtual void tell(std::string room, std::string message) = 0;
    // Keeps it for so long from now, and drops records older than that.
    virtual void keep_room(std::string room, Duration keep, UnixMs records_since) = 0;

    // As Store::history.
    virtual void history(std::string room, Seq before, std::uint32_t limit, Done<Page> done) = 0;
    virtual void revoke_link(std::string id, UnixMs expires_at, Done<void> done) = 0;
    // Revoked and not yet expired.
    virtual void revoked_links(Done<std::vector<std::string>> done) = 0;
    // Whether this is one of the first `most` of a period for that key, over all servers.
    virtual void allow(std::string key, std::uint32_t most, Duration period, Done<bool> done) = 0;

    virtual std::size_t queued() const = 0;
    virtual void close() = 0;
};

}  // namespace waaft::store
