#include "server/room/places.h"

#include <algorithm>
#include <tuple>

namespace waaft::room {

namespace {

// What settling needs to know, of one pass over the members.
struct Survey {
    std::uint32_t taken = 0;
    MemberState* next = nullptr;           // the one without a place who is due
    MemberState* newest_viewer = nullptr;  // with a place
    MemberState* youngest = nullptr;       // with a place, the last to join
};

bool joined_before(const MemberState& a, const MemberState& b) {
    return std::tie(a.shown.joined, a.order) < std::tie(b.shown.joined, b.order);
}

bool is_before(const MemberState& a, const MemberState& b, signaling::RoomKind kind) {
    if (kind == signaling::RoomKind::broadcast && a.may_publish() != b.may_publish()) {
        return a.may_publish();
    }
    return joined_before(a, b);
}

Survey survey(const Members& members, signaling::RoomKind kind) {
    Survey result;
    members.for_each([&](MemberState& member) {
        if (!member.shown.place) {
            if (result.next == nullptr || is_before(member, *result.next, kind)) {
                result.next = &member;
            }
            return;
        }
        ++result.taken;
        if (result.youngest == nullptr || joined_before(*result.youngest, member)) {
            result.youngest = &member;
        }
        if (!member.may_publish() && (result.newest_viewer == nullptr || member.order > result.newest_viewer->order)) {
            result.newest_viewer = &member;
        }
    });
    return result;
}

// Who has to give up the place for `now.next`, if anybody.
MemberState* displaced(const Survey& now, signaling::RoomKind kind, Precedence precedence) {
    if (kind == signaling::RoomKind::broadcast && now.next->may_publish()) {
        return now.newest_viewer;
    }
    const bool older = precedence == Precedence::by_age && kind == signaling::RoomKind::call &&
                       now.youngest != nullptr && joined_before(*now.next, *now.youngest);
    return older ? now.youngest : nullptr;
}

}  // namespace

std::vector<MemberState*> settle_places(const Members& members, signaling::RoomKind kind, std::uint32_t mesh_max,
                                        Precedence precedence) {
    std::vector<MemberState*> changed;
    while (true) {
        const Survey now = survey(members, kind);
        if (now.next == nullptr) {
            return changed;
        }
        if (now.taken >= mesh_max) {
            MemberState* loser = displaced(now, kind, precedence);
            if (loser == nullptr) {
                return changed;
            }
            loser->shown.place = false;
            changed.push_back(loser);
        }
        now.next->shown.place = true;
        changed.push_back(now.next);
    }
}

const MemberState* next_for_place(const Members& members, signaling::RoomKind kind, std::uint32_t mesh_max,
                                  Precedence precedence) {
    const Survey now = survey(members, kind);
    const bool fits = now.taken < mesh_max || (now.next != nullptr && displaced(now, kind, precedence) != nullptr);
    return fits ? now.next : nullptr;
}

}  // namespace waaft::room
