#include "server/room/room_state.h"

#include <algorithm>

namespace waaft::room {

using signaling::ErrorCode;
using signaling::LeftWhy;

void Room::Impl::on(MemberState& from, const signaling::Mute& message, Now) {
    MemberState* target = target_of_host(from, message.member, "mute");
    if (target == nullptr) {
        return;
    }
    send(*target, signaling::Muted{from.id(), message.off});
    signaling::Live& live = target->shown.live;
    const signaling::Live left{live.mic && !message.off.mic, live.cam && !message.off.cam,
                               live.screen && !message.off.screen};
    if (live != left) {
        live = left;
        touch(*target);
    }
}

void Room::Impl::on(MemberState& from, const signaling::Remove& message, Now now) {
    MemberState* target = target_of_host(from, message.member, "remove");
    if (target == nullptr) {
        return;
    }
    if (target == &from) {
        refuse(from, ErrorCode::not_allowed, "remove");
        return;
    }
    drop(*target, LeftWhy::removed, SaveMark{target->id(), SaveMark::Kind::removed, {}, {}}, now);
}

// A key that the host has too (the same address behind a router) is left out: it would ban the host.
void Room::Impl::on(MemberState& from, const signaling::Ban& message, Now now) {
    MemberState* target = target_of_host(from, message.member, "ban");
    if (target == nullptr) {
        return;
    }
    if (target == &from) {
        refuse(from, ErrorCode::not_allowed, "ban");
        return;
    }
    std::vector<std::string> keys = target->ban_keys;
    std::erase_if(keys, [&](const std::string& key) {
        return std::find(from.ban_keys.begin(), from.ban_keys.end(), key) != from.ban_keys.end();
    });
    ban_keys.insert(keys.begin(), keys.end());
    drop(*target, LeftWhy::banned, SaveMark{target->id(), SaveMark::Kind::banned, {}, std::move(keys)}, now);
    for (MemberState* member : members.in_order()) {
        if (member != &from && is_banned(member->ban_keys)) {
            drop(*member, LeftWhy::banned, SaveMark{member->id(), SaveMark::Kind::removed, {}, {}}, now);
        }
    }
}

void Room::Impl::on(MemberState& from, const signaling::Lock& message, Now) {
    if (!is_host(from)) {
        refuse(from, ErrorCode::not_allowed, "lock");
        return;
    }
    if (settings.locked == message.on) {
        return;
    }
    settings.locked = message.on;
    outputs.push_back(SaveRoom{settings});
    send_all(signaling::RoomChanged{info()});
}

bool Room::Impl::is_banned(const std::vector<std::string>& keys) const {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return ban_keys.contains(key); });
}

MemberState* Room::Impl::target_of_host(const MemberState& from, std::string_view id, std::string_view re) {
    if (!is_host(from)) {
        refuse(from, ErrorCode::not_allowed, re);
        return nullptr;
    }
    MemberState* target = members.find(id);
    if (target == nullptr) {
        refuse(from, ErrorCode::member_unknown, re);
    }
    return target;
}

}  // namespace waaft::room
