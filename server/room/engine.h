// What a room's home drives: a room of this server alone (Room) or one that several servers have open (Replica).
//
// Thread: one (the home shard of the room). Ownership: the home owns it. Usage: call one mutating function, then drain
// poll_output(), then wait for input or deadline(). Errors: a refused request becomes a Send of an ErrorMessage.
#pragma once

#include "server/base/time.h"
#include "server/signaling/messages.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace waaft::room {

// Names a connection for the shell that made it; the room only compares it. 0 is none.
using ConnectionId = std::uint64_t;

struct Options {
    std::uint32_t mesh_max = 6;
    std::uint32_t members_max = 1000;
    Duration resume_window = std::chrono::seconds(60);  // how long an away member is kept
    Duration reload_window = std::chrono::seconds(6);   // the same, of one whose page was closed or is loaded again
    Duration token_age = std::chrono::seconds(30);      // a connected member's resume token is at most so old
    Duration away_shown_after = std::chrono::seconds(3);
    Duration empty_after = std::chrono::hours(1);  // an empty room ends after this
    Duration nonce_keep = std::chrono::minutes(10);
    std::uint32_t welcome_items = 100;
    std::uint32_t welcome_bytes = 256 * 1024;  // as JSON; what does not fit follows in messages of its own
    std::uint32_t tail_records_max = 1000;
    std::uint32_t tail_bytes_max = 512 * 1024;
    Duration chat_keep = std::chrono::hours(24 * 30);  // older records are not shown to anybody
    std::uint32_t pending_max = 4096;
    std::uint32_t text_bytes_max = 4096;
};

// What is kept of the room besides its log; the shell stores it when a SaveRoom output says so.
struct Settings {
    std::string name;
    std::string epoch;
    signaling::RoomKind kind = signaling::RoomKind::call;
    bool locked = false;
    bool password = false;          // one is set; the shell checks it
    std::uint32_t members_max = 0;  // 0: Options::members_max
    bool ended = false;
};

// What was kept when the room is loaded after a restart.
struct Kept {
    bool reopened = false;                 // it was open before: for a while its members may come back
    std::optional<TimePoint> reopened_at;  // that while begins, none: now
    UnixMs alive_until = 0;                // the server that had it open ended then, as far as is known; 0: it is not
    signaling::Seq last_seq = 0;
    std::vector<signaling::Record> tail;  // raw, oldest first
    struct Nonce {
        std::string member;
        std::string nonce;
        signaling::Seq seq = 0;
        UnixMs at = 0;
    };
    std::vector<Nonce> nonces;
    std::map<std::string, signaling::Role> roles;  // of members whose role was changed
    std::set<std::string> removed;                 // members whose resume token is void
    std::set<std::string> ban_keys;
};

// Who asks to come in; the shell has checked signatures, keys and the password.
struct Admission {
    ConnectionId connection = 0;
    std::string name;
    bool host = false;                         // had the host key
    std::optional<signaling::Role> link_role;  // had a valid join link with this role
    bool password_passed = false;              // right password, or one that stands for it (host, link, resume)
    bool password_given = false;
    std::vector<std::string> ban_keys;  // "address:...", "client:...": any one banned is refused
    // From a verified resume token: the member it was.
    struct Claim {
        std::string member;
        std::string name;
        signaling::Role role = signaling::Role::viewer;
        UnixMs joined = 0;
        UnixMs issued = 0;  // it was connected then
    };
    std::optional<Claim> resume;
    std::string new_member_id;  // used if this is a new member
    std::optional<signaling::Position> seen;
};

// ---- outputs ----

struct Send {  // to one connection
    ConnectionId to = 0;
    signaling::ServerMessage message;
};
struct SendAll {  // to everyone who is joined and not away, but `except`
    signaling::ServerMessage message;
    ConnectionId except = 0;
};
// That connection now is this member. The shell delivers SendAll to it from now on, fills in
// Welcome::resume, ice and limits of the Welcome that follows, and watches it for silence:
// on_air people sooner (see PROTOCOL.md `ping`). Also sent again when on_air or the role changes.
struct Attach {
    ConnectionId connection = 0;
    std::string member;
    std::string name;
    signaling::Role role = signaling::Role::viewer;
    UnixMs joined = 0;
    bool on_air = false;  // has a place and sends something
};
// No SendAll for it any more; say `bye` with the code and close.
struct Close {
    ConnectionId connection = 0;
    signaling::CloseCode code = signaling::CloseCode::left;
};
// Write this record; answer with on_persisted() in the order of these outputs.
struct Persist {
    signaling::Record record;
    std::string nonce;
};
struct SaveRoom {
    Settings settings;
};
// A mark to be kept for the room's life.
struct SaveMark {
    enum class Kind : std::uint8_t { role, removed, banned };
    std::string member;
    Kind kind = Kind::role;
    signaling::Role role = signaling::Role::viewer;
    std::vector<std::string> ban_keys;  // kind == banned
};
// The host changed: make a new host key, keep its hash, send it as signaling::HostKey.
struct RotateHostKey {
    ConnectionId to = 0;
};
// Read a page of the log and send it as signaling::History; the room has checked the request.
struct ReadHistory {
    ConnectionId to = 0;
    signaling::Seq before = 0;
    std::uint32_t limit = 0;
};
// Who wrote that record? Answer with on_lookup(). Used for records older than the tail.
struct Lookup {
    std::uint64_t token = 0;
    signaling::Seq target = 0;
};
// The room is over; every connection has had its Close. The shell forgets it.
struct Ended {};

using Output =
    std::variant<Send, SendAll, Attach, Close, Persist, SaveRoom, SaveMark, RotateHostKey, ReadHistory, Lookup, Ended>;

struct Counts {
    std::uint32_t members = 0;  // away ones included
    std::uint32_t away = 0;
    std::uint32_t on_air = 0;
    std::uint32_t pending = 0;     // posts that wait for the disk
    std::uint32_t everywhere = 0;  // members of all servers
};

enum class Away : std::uint8_t {
    lost,    // nobody knows why: kept for resume_window
    closed,  // its page said that it goes: kept for as long as loading it again takes
};

class Engine {
public:
    virtual ~Engine() = default;

    virtual void join(Admission admission, Now now) = 0;
    // Any message but Join, Pong (the shell's) of a connection that is attached.
    virtual void handle(ConnectionId from, signaling::ClientMessage message, Now now) = 0;
    // The connection is gone without a `leave`; the member is away.
    virtual void disconnected(ConnectionId connection, Away why, Now now) = 0;
    virtual void on_lookup(std::uint64_t token, std::optional<signaling::Record> record, Now now) = 0;
    // From outside (REST with the host key or an API key).
    virtual void end(Now now) = 0;

    virtual void on_deadline(Now now) = 0;
    virtual std::optional<TimePoint> deadline() const = 0;
    virtual std::optional<Output> poll_output() = 0;

    virtual const Settings& settings() const = 0;
    virtual signaling::RoomInfo info() const = 0;
    virtual Counts counts() const = 0;
    virtual signaling::Seq last_seq() const = 0;  // the newest durable one
    virtual bool has_member(const std::string& id) const = 0;
};

}  // namespace waaft::room
