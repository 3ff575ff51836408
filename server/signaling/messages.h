// The messages of the wire protocol (PROTOCOL.md) as plain values, without their JSON.
//
// Thread: any. Ownership: values. Units: `at` and `joined` are UnixMs, `within` and `retryMs`
// milliseconds, sizes bytes of UTF-8. Errors: ErrorCode. Source: PROTOCOL.md.
#pragma once

#include "server/base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waaft::signaling {

using Seq = std::uint64_t;

enum class Role : std::uint8_t { host, speaker, viewer };
enum class RoomKind : std::uint8_t { call, broadcast };
enum class LeftWhy : std::uint8_t { left, lost, removed, banned };

enum class ErrorCode : std::uint8_t {
    bad_message,
    unknown_message,
    not_joined,
    already_joined,
    rate_limited,
    room_unknown,
    room_ended,
    room_full,
    room_locked,
    password_required,
    password_wrong,
    banned,
    link_bad,
    link_expired,
    link_revoked,
    host_key_bad,
    resume_bad,
    not_allowed,
    member_unknown,
    target_unknown,
    name_bad,
    text_bad,
    chat_unavailable,
    server_full,
    busy,
};

// The application's close codes; 1xxx are RFC 6455's.
enum class CloseCode : std::uint16_t {
    protocol_error = 1002,
    invalid_utf8 = 1007,
    too_big = 1009,
    restarting = 1012,
    bad_message = 4000,
    slow = 4001,
    silent = 4002,
    removed = 4003,
    banned = 4004,
    ended = 4005,
    replaced = 4006,
    rate_limited = 4007,
    join_timeout = 4008,
    left = 4009,
    refused = 4010,
    busy = 4011,
};

std::string_view to_string(Role role);
std::string_view to_string(RoomKind kind);
std::string_view to_string(LeftWhy why);
std::string_view to_string(ErrorCode code);  // "room_full"
std::string_view to_string(CloseCode code);  // "slow"
std::string_view sentence(ErrorCode code);   // "The room is full."
std::string_view sentence(CloseCode code);
bool retry_makes_sense(CloseCode code);
std::optional<Role> parse_role(std::string_view text);
std::optional<RoomKind> parse_room_kind(std::string_view text);
std::optional<LeftWhy> parse_left_why(std::string_view text);
std::optional<ErrorCode> parse_error_code(std::string_view text);
std::optional<CloseCode> parse_close_code(std::string_view text);

struct Live {
    bool mic = false;
    bool cam = false;
    bool screen = false;
    friend bool operator==(const Live&, const Live&) = default;
};

struct Member {
    std::string id;
    std::string name;
    Role role = Role::speaker;
    bool place = false;
    bool away = false;
    Live live;
    UnixMs joined = 0;
    friend bool operator==(const Member&, const Member&) = default;
};

struct RoomInfo {
    std::string id;
    RoomKind kind = RoomKind::call;
    bool locked = false;
    bool password = false;
    std::uint32_t mesh_max = 6;
    std::uint32_t members_max = 0;
    friend bool operator==(const RoomInfo&, const RoomInfo&) = default;
};

// A position in a room's log.
struct Position {
    std::string epoch;
    Seq seq = 0;
    friend bool operator==(const Position&, const Position&) = default;
};

// Records first..last (both included) that cannot be had any more.
struct Gap {
    Seq from = 0;
    Seq to = 0;
    friend bool operator==(const Gap&, const Gap&) = default;
};

// A durable record of a room's log; which fields mean something depends on `kind`.
struct Record {
    enum class Kind : std::uint8_t { chat, remove, react, erase };  // "chat", "delete", "react", "erase"
    Kind kind = Kind::chat;
    Seq seq = 0;
    UnixMs at = 0;
    std::string from;                                           // member id
    std::string name;                                           // chat: the author's name then
    std::string text;                                           // chat
    Seq target = 0;                                             // remove, react
    std::string emoji;                                          // react
    bool on = false;                                            // react
    bool deleted = false;                                       // chat, in items only
    std::map<std::string, std::vector<std::string>> reactions;  // chat, in items only: emoji -> member ids
    friend bool operator==(const Record&, const Record&) = default;
};

// ---- from the client ----

struct Join {
    std::string room;
    std::string name;
    std::optional<std::string> host_key;
    std::optional<std::string> password;
    std::optional<std::string> link;
    std::optional<std::string> resume;
    std::optional<std::string> client;  // a random id that the browser keeps; bans use it
    std::optional<Position> seen;
};
struct Chat {
    std::string nonce;
    std::string text;
};
struct Delete {
    std::string nonce;
    Seq target = 0;
};
struct React {
    std::string nonce;
    Seq target = 0;
    std::string emoji;
    bool on = false;
};
struct HistoryRequest {
    Seq before = 0;
    std::uint32_t limit = 0;
};
// `payload` is a JSON object with the known fields of the message as it came, checked, without "t"
// and "to": {"description":{...},"call":0}. encode() adds "t" and "from"; only the two clients read it.
struct Signal {
    std::string to;
    std::string payload;
};
struct State {
    Live live;
};
struct Accept {};
struct Decline {};
struct Invite {
    std::string member;
};
struct SetRole {
    std::string member;
    Role role = Role::viewer;
};
struct Mute {
    std::string member;
    Live off;  // true: turn this off
};
struct Remove {
    std::string member;
};
struct Ban {
    std::string member;
};
struct Lock {
    bool on = false;
};
struct Handover {
    std::string member;
};
struct Erase {};
struct End {};
struct Leave {};
struct Going {};  // the page is being closed or loaded again
struct Pong {};

using ClientMessage = std::variant<Join, Chat, Delete, React, HistoryRequest, Signal, State, Accept, Decline, Invite,
                                   SetRole, Mute, Remove, Ban, Lock, Handover, Erase, End, Leave, Going, Pong>;

// ---- from the server ----

struct IceServer {
    std::vector<std::string> urls;
    std::string username;    // empty: none
    std::string credential;  // empty: none
    friend bool operator==(const IceServer&, const IceServer&) = default;
};
struct Ice {
    std::vector<IceServer> servers;
    bool relay_only = false;
    friend bool operator==(const Ice&, const Ice&) = default;
};
struct Limits {
    std::uint32_t text_bytes = 0;
    std::uint32_t message_bytes = 0;
    std::uint32_t messages_per_second = 0;
};
struct Welcome {
    std::string you;
    std::string resume;
    bool resumed = false;
    RoomInfo room;
    std::string epoch;
    Seq seq = 0;
    std::vector<Member> members;
    std::vector<Record> items;
    bool more = false;
    std::optional<Gap> gap;
    Ice ice;
    Limits limits;
};
struct Joined {
    Member member;
};
struct MemberChanged {
    Member member;
};
struct Left {
    std::string id;
    LeftWhy why = LeftWhy::left;
};
struct RoomChanged {
    RoomInfo room;
};
struct RecordAdded {
    Record record;
};
struct Ack {
    std::string nonce;
    std::string epoch;
    Seq seq = 0;
};
struct History {
    Seq before = 0;
    std::vector<Record> items;
    bool more = false;
};
struct SignalFrom {
    std::string from;
    std::string payload;  // see Signal
};
struct Invited {
    std::string by;
};
struct Muted {
    std::string by;
    Live off;
};
struct HostKey {
    std::string key;
};
struct Resume {
    std::string token;  // instead of the one before
};
struct Ping {
    std::uint32_t within = 0;
};
struct Restarting {
    std::uint32_t retry_ms = 0;
    bool move = false;  // other servers have the room: connect anew after that time, then leave this connection
};
// What keeps the rooms is away: chat waits (on), or goes on again.
struct Waiting {
    bool on = false;
};
struct Bye {
    CloseCode code = CloseCode::left;
    std::uint32_t retry_ms = 0;  // when to come again; 0: the server does not say
};
struct ErrorMessage {
    ErrorCode code = ErrorCode::bad_message;
    std::string detail;  // added to the sentence, may be empty
    std::string re;      // nonce or "t", may be empty
};

using ServerMessage =
    std::variant<Welcome, Joined, MemberChanged, Left, RoomChanged, RecordAdded, Ack, History, SignalFrom, Invited,
                 Muted, HostKey, Resume, Ping, Restarting, Waiting, Bye, ErrorMessage>;

}  // namespace waaft::signaling
