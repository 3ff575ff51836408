// What shards say to each other: plain values, small enough to be queued by the thousand.
//
// Thread: made on one shard, read on another; a mail has one owner at a time. Ownership: values.
// Units: RoomHandle names one life of a room inside this process; `bytes`: of what a client sent that the mail holds.
#pragma once

#include "server/auth/tokens.h"
#include "server/base/bytes.h"
#include "server/net/server.h"
#include "server/room/engine.h"
#include "server/signaling/messages.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace waaft::app {

using room::ConnectionId;
using RoomHandle = std::uint64_t;  // 0: none
using ShardIndex = std::uint32_t;

// The shard that a connection lives on stands in its id's upper bits.
constexpr int connection_shard_shift = 48;
constexpr ShardIndex shard_of(ConnectionId connection) {
    return static_cast<ShardIndex>(connection >> connection_shard_shift);
}

// ---- to a room's home ----

struct JoinMail {
    ConnectionId connection = 0;
    std::size_t bytes = 0;
    signaling::Join join;
    std::optional<auth::ResumeToken> returning;  // its token is signed, and for this room
    std::string address_key;
    std::string network_key;
    bool loopback = false;
    signaling::Ice ice;
};
struct ClientMail {
    ConnectionId connection = 0;
    RoomHandle room = 0;
    std::size_t bytes = 0;
    std::unique_ptr<signaling::ClientMessage> message;
};
struct GoneMail {
    ConnectionId connection = 0;
    ShardIndex home = 0;
    std::string room;       // as it was asked for, or
    RoomHandle handle = 0;  // of a room that counts a connection which is not there
};

// Who calls the REST API, as far as the shard that took the request can tell.
struct Caller {
    std::string bearer;      // the Authorization header's token, may be empty
    std::string api_key;     // the name of the valid API key that `bearer` is, may be empty
    bool origin_ok = false;  // came from our own page
    std::string address_key;
    std::string network_key;
    std::vector<std::string> origins;  // to give to others, "https://host:port", the best first; never empty
};
struct CreateRoom {
    std::string name;  // empty: an unguessable one is made
    signaling::RoomKind kind = signaling::RoomKind::call;
    std::string password;
    std::uint32_t members_max = 0;
};
struct ShowRoom {};
struct EndRoom {};
struct MakeLink {
    signaling::Role role = signaling::Role::viewer;
    std::string name;
    std::int64_t expires_in_ms = 0;
};
struct ListLinks {};
struct RevokeLink {
    std::string id;
};
struct VoidLinks {};  // all of the room
struct ReadChat {
    signaling::Seq before = 0;
    std::uint32_t limit = 100;
};
struct ShowIce {
    std::string host;  // as the page was addressed: for the STUN address
};
using RestCommand =
    std::variant<CreateRoom, ShowRoom, EndRoom, MakeLink, ListLinks, RevokeLink, VoidLinks, ReadChat, ShowIce>;

struct RestMail {
    ShardIndex reply_to = 0;
    std::size_t bytes = 0;
    std::uint64_t request = 0;
    std::string room;
    Caller caller;
    RestCommand command;
};

// ---- to the shard of a connection ----

struct AttachMail {
    ConnectionId connection = 0;
    RoomHandle room = 0;
    bool on_air = false;
};
struct FrameMail {
    ConnectionId connection = 0;
    SharedBytes frame;
    bool droppable = false;  // one member's signal to another one: never a reason to close a slow reader
};
struct BroadcastMail {
    RoomHandle room = 0;
    ConnectionId except = 0;
    SharedBytes frame;
};
struct CloseMail {
    ConnectionId connection = 0;
    signaling::CloseCode code = signaling::CloseCode::left;
    std::uint32_t retry_ms = 0;  // as in signaling::Bye
};
struct RestReplyMail {
    std::uint64_t request = 0;
    std::unique_ptr<net::Response> response;
};

// Large and rare ones are boxed, so that a queue of thousands stays small.
using Mail = std::variant<std::monostate, std::unique_ptr<JoinMail>, ClientMail, std::unique_ptr<GoneMail>,
                          std::unique_ptr<RestMail>, AttachMail, FrameMail, BroadcastMail, CloseMail, RestReplyMail>;

// What a mail holds besides itself, about.
std::size_t bytes_of(const Mail& mail);

}  // namespace waaft::app
