// The members of a room, found by id and by connection.
//
// Thread: the room's. Ownership: owns the members; pointers stay valid until remove().
// Errors: lookups give nullptr. Bounds: the room's members_max, checked by the caller.
#pragma once

#include "server/base/time.h"
#include "server/room/engine.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace waaft::room {

struct MemberState {
    signaling::Member shown;      // what others know; `away` only after away_shown_after
    ConnectionId connection = 0;  // 0: the connection is lost
    std::uint64_t order = 0;      // rises with every member that comes in
    TimePoint lost_at;            // connection == 0: since when
    TimePoint timer;              // connection == 0: when it is shown as away, then when it is dropped
    std::vector<std::string> ban_keys;
    bool invited = false;
    bool mine = true;  // this server watches its timers; false only in a Replica
    // What the last Attach said.
    bool attached_on_air = false;
    signaling::Role attached_role = signaling::Role::viewer;

    const std::string& id() const { return shown.id; }
    bool connected() const { return connection != 0; }
    bool may_publish() const { return shown.role != signaling::Role::viewer; }
    bool on_air() const { return shown.place && (shown.live.mic || shown.live.cam || shown.live.screen); }
};

class Members {
public:
    MemberState& add(signaling::Member shown);
    void remove(MemberState& member);
    void clear();

    MemberState* find(std::string_view id) const;
    MemberState* find_connection(ConnectionId connection) const;
    // 0 takes the connection away.
    void set_connection(MemberState& member, ConnectionId connection);

    // While changes are watched: the ids of those that were added, removed, connected or marked.
    void watch(bool on);
    void mark(const MemberState& member);
    std::set<std::string> take_changed();

    std::size_t size() const { return by_id_.size(); }
    bool empty() const { return by_id_.empty(); }
    // In the order in which they came.
    std::vector<MemberState*> in_order() const;

    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& entry : by_id_) {
            visit(*entry.second);
        }
    }

private:
    // The key is the member's own id.
    std::unordered_map<std::string_view, std::unique_ptr<MemberState>> by_id_;
    std::unordered_map<ConnectionId, MemberState*> by_connection_;
    std::uint64_t next_order_ = 1;
    bool watched_ = false;
    std::set<std::string> changed_;
};

}  // namespace waaft::room
