// A room as its home shard keeps it; private to home*.cpp.
//
// Thread: the home shard. Ownership: Home owns it.
#pragma once

#include "server/app/home.h"

#include <map>

namespace waaft::room {
class Room;
class Replica;
}  // namespace waaft::room

namespace waaft::app {

// What the Welcome of a connection that wants to join is completed with.
struct Arriving {
    signaling::Ice ice;
    std::string resume_token;
    std::optional<std::string> link;  // by which it comes: others may revoke it while the room is asked
};

// Who a connection is, as its resume token says.
struct Attached {
    std::string member;
    std::string name;
    signaling::Role role = signaling::Role::viewer;
    UnixMs joined = 0;
};

struct Home::HomeRoom {
    store::RoomRow row;
    RoomHandle handle = 0;
    std::unique_ptr<room::Engine> engine;
    room::Room* own = nullptr;         // the engine, if this server alone has the room
    room::Replica* replica = nullptr;  // the engine, if others may have it open too
    std::unordered_map<ConnectionId, Attached> attached;
    std::unordered_set<ConnectionId> closing;  // their page said that it goes
    std::vector<std::uint32_t> attached_by_shard;
    std::optional<TimePoint> deadline;
    std::map<ConnectionId, Arriving> arriving;
    room::Counts counted;  // what the counters include of this room
    bool over = false;
    TimePoint opened_at;
    // Of a replica.
    std::optional<store::RoomRow> committing_row;
    bool committing_people = false;
    TimePoint kept_at;
    std::uint32_t idle_rounds = 0;
};

// JSON bodies of REST answers.
net::Response json_response(unsigned status, std::string body);
net::Response rest_error(unsigned status, std::string_view code, std::string_view message);
net::Response rest_error(signaling::ErrorCode code);
// Too much to do for one room more; counted.
net::Response room_refusal(ShardLoad& load, ShardCounters& counters, TimePoint now);

room::Settings settings_of(const store::RoomRow& row);

}  // namespace waaft::app
