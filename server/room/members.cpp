#include "server/room/members.h"

#include <algorithm>
#include <utility>

namespace waaft::room {

MemberState& Members::add(signaling::Member shown) {
    auto member = std::make_unique<MemberState>();
    member->shown = std::move(shown);
    member->order = next_order_++;
    MemberState& added = *member;
    by_id_.emplace(added.id(), std::move(member));
    mark(added);
    return added;
}

void Members::remove(MemberState& member) {
    set_connection(member, 0);
    mark(member);
    by_id_.erase(by_id_.find(member.id()));
}

void Members::clear() {
    for_each([&](const MemberState& member) { mark(member); });
    by_connection_.clear();
    by_id_.clear();
}

MemberState* Members::find(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second.get();
}

MemberState* Members::find_connection(ConnectionId connection) const {
    const auto found = by_connection_.find(connection);
    return found == by_connection_.end() ? nullptr : found->second;
}

void Members::set_connection(MemberState& member, ConnectionId connection) {
    if (member.connected()) {
        by_connection_.erase(member.connection);
    }
    member.connection = connection;
    if (member.connected()) {
        by_connection_[connection] = &member;
    }
    mark(member);
}

void Members::watch(bool on) {
    watched_ = on;
    changed_.clear();
}

void Members::mark(const MemberState& member) {
    if (watched_) {
        changed_.insert(member.id());
    }
}

std::set<std::string> Members::take_changed() { return std::exchange(changed_, {}); }

std::vector<MemberState*> Members::in_order() const {
    std::vector<MemberState*> members;
    members.reserve(by_id_.size());
    for_each([&](MemberState& member) { members.push_back(&member); });
    std::sort(members.begin(), members.end(),
              [](const MemberState* a, const MemberState* b) { return a->order < b->order; });
    return members;
}

}  // namespace waaft::room
