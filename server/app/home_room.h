// A room as its home shard keeps it; private to home*.cpp.
//
// Thread: the home shard. Ownership: Home owns it.
#pragma once

#include "server/app/home.h"

namespace waaft::app {

struct Home::HomeRoom {
    store::RoomRow row;
    RoomHandle handle = 0;
    room::Room engine;
    std::unordered_set<ConnectionId> attached;
    std::vector<std::uint32_t> attached_by_shard;
    std::optional<TimePoint> deadline;
    // While a join runs: what the Welcome that it causes is completed with.
    const JoinMail* joining = nullptr;
    std::string resume_token;
    room::Counts counted;  // what the counters include of this room
    bool over = false;
};

// JSON bodies of REST answers.
net::Response json_response(unsigned status, std::string body);
net::Response rest_error(unsigned status, std::string_view code, std::string_view message);
net::Response rest_error(signaling::ErrorCode code);

}  // namespace waaft::app
