#include "server/room/room_state.h"

namespace waaft::room {

using signaling::ErrorCode;
using signaling::Role;
using signaling::RoomKind;

void Room::Impl::on(MemberState& from, const signaling::Invite& message, Now) {
    MemberState* target = target_of_host(from, message.member, "invite");
    if (target == nullptr) {
        return;
    }
    if (settings.kind != RoomKind::broadcast || target->shown.role != Role::viewer) {
        refuse(from, ErrorCode::not_allowed, "invite");
        return;
    }
    if (!target->connected()) {
        refuse(from, ErrorCode::member_unknown, "invite");
        return;
    }
    target->invited = true;
    members.mark(*target);
    send(*target, signaling::Invited{from.id()});
}

void Room::Impl::on(MemberState& from, const signaling::Accept&, Now now) {
    if (!from.invited) {
        refuse(from, ErrorCode::not_allowed, "accept");
        return;
    }
    set_role(from, Role::speaker, now);
}

void Room::Impl::on(MemberState& from, const signaling::Decline&, Now now) {
    if (from.invited) {
        from.invited = false;
        members.mark(from);
    } else if (settings.kind == RoomKind::broadcast && from.shown.role == Role::speaker) {
        set_role(from, Role::viewer, now);
    } else {
        refuse(from, ErrorCode::not_allowed, "decline");
    }
}

void Room::Impl::on(MemberState& from, const signaling::SetRole& message, Now now) {
    MemberState* target = target_of_host(from, message.member, "role");
    if (target == nullptr) {
        return;
    }
    if (is_host(*target) || message.role == Role::host) {
        refuse(from, ErrorCode::not_allowed, "role");
        return;
    }
    set_role(*target, message.role, now);
}

void Room::Impl::on(MemberState& from, const signaling::Handover& message, Now now) {
    MemberState* target = target_of_host(from, message.member, "handover");
    if (target == nullptr) {
        return;
    }
    if (is_host(*target)) {
        refuse(from, ErrorCode::not_allowed, "handover");
        return;
    }
    if (!target->connected()) {
        refuse(from, ErrorCode::member_unknown, "handover");
        return;
    }
    make_host(*target, now);
    outputs.push_back(RotateHostKey{target->connection});
}

void Room::Impl::set_role(MemberState& member, Role role, Now now) {
    if (member.shown.role == role) {
        return;
    }
    member.shown.role = role;
    member.invited = false;
    if (!member.may_publish()) {
        member.shown.live = {};
    }
    if (is_recovering(now)) {
        roles[member.id()] = role;
    }
    outputs.push_back(SaveMark{member.id(), SaveMark::Kind::role, role, {}});
    touch(member);
    settle_places();
}

// There is one host; the earlier one becomes a speaker.
void Room::Impl::make_host(MemberState& member, Now now) {
    MemberState* earlier = std::exchange(host, &member);
    if (earlier != nullptr && earlier != &member) {
        set_role(*earlier, Role::speaker, now);
    }
    set_role(member, Role::host, now);
}

}  // namespace waaft::room
