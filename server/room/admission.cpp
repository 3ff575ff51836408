#include "server/room/impl.h"
#include "server/signaling/text.h"

namespace waaft::room {

using signaling::ErrorCode;
using signaling::Role;

void Room::Impl::join(Admission admission, Now now) {
    if (members.find_connection(admission.connection) != nullptr) {
        refuse(admission.connection, ErrorCode::already_joined, "join");
        return;
    }
    if (const auto code = refusal(admission, now)) {
        refuse(admission.connection, *code, "join");
        outputs.push_back(Close{admission.connection, signaling::CloseCode::refused});
        return;
    }
    if (!is_recovering(now)) {
        roles.clear();
        removed.clear();
        precedence = Precedence::holder;
    }
    tail.forget_before(now.wall - std::chrono::duration_cast<std::chrono::milliseconds>(options.chat_keep).count());
    empty_since.reset();
    MemberState* known = admission.resume ? members.find(admission.resume->member) : nullptr;
    if (known != nullptr) {
        resume(*known, std::move(admission), now);
    } else {
        admit(std::move(admission), now);
    }
}

std::optional<ErrorCode> Room::Impl::refusal(const Admission& admission, Now now) const {
    if (settings.ended) {
        return ErrorCode::room_ended;
    }
    if (is_banned(admission.ban_keys)) {
        return ErrorCode::banned;
    }
    const bool resumes = admission.resume.has_value();
    if (resumes && !can_resume(*admission.resume, now)) {
        return ErrorCode::resume_bad;
    }
    if (settings.locked && !admission.host && !resumes) {
        return ErrorCode::room_locked;
    }
    if (settings.password && !admission.password_passed) {
        return admission.password_given ? ErrorCode::password_wrong : ErrorCode::password_required;
    }
    const bool is_here = resumes && members.find(admission.resume->member) != nullptr;
    if (members.size() >= members_max() && !admission.host && !is_here) {
        return ErrorCode::room_full;
    }
    if (!resumes && !signaling::clean_name(admission.name)) {
        return ErrorCode::name_bad;
    }
    if (!resumes && members.find(admission.new_member_id) != nullptr) {
        return ErrorCode::busy;
    }
    return std::nullopt;
}

bool Room::Impl::can_resume(const Admission::Claim& claim, Now now) const {
    if (members.find(claim.member) != nullptr) {
        return true;
    }
    return is_recovering(now) && !removed.contains(claim.member);
}

void Room::Impl::resume(MemberState& member, Admission admission, Now now) {
    clear_timer(member);
    if (member.connected()) {
        outputs.push_back(Close{member.connection, signaling::CloseCode::replaced});
    }
    members.set_connection(member, admission.connection);
    member.mine = true;
    member.ban_keys = std::move(admission.ban_keys);
    if (member.shown.away) {
        member.shown.away = false;
        touch(member, admission.connection);
    }
    if (admission.host) {
        make_host(member, now);
    }
    attach(member);
    send(member, welcome(member, true, admission.seen));
}

void Room::Impl::admit(Admission admission, Now now) {
    const bool resumed = admission.resume.has_value();
    signaling::Member shown;
    shown.id = resumed ? admission.resume->member : admission.new_member_id;
    shown.name = resumed ? admission.resume->name : *signaling::clean_name(admission.name);
    shown.role = role_for(admission);
    shown.joined = resumed ? admission.resume->joined : now.wall;

    MemberState& member = members.add(std::move(shown));
    members.set_connection(member, admission.connection);
    member.ban_keys = std::move(admission.ban_keys);
    if (member.shown.role == Role::host) {
        make_host(member, now);
    }
    correct_mark(member);
    settle_places();
    untouch(member);
    attach(member);
    send(member, welcome(member, resumed, admission.seen));
    send_all(signaling::Joined{member.shown}, member.connection);
}

Role Room::Impl::role_for(const Admission& admission) const {
    if (admission.host) {
        return Role::host;
    }
    if (admission.resume) {
        const auto changed = roles.find(admission.resume->member);
        const Role role = changed == roles.end() ? admission.resume->role : changed->second;
        // Somebody came back sooner, with the host key.
        return role == Role::host && host != nullptr ? Role::speaker : role;
    }
    const Role usual = settings.kind == signaling::RoomKind::call ? Role::speaker : Role::viewer;
    return admission.link_role.value_or(usual);
}

// A mark counts more than a token, so it must not say what is no longer so.
void Room::Impl::correct_mark(const MemberState& member) {
    const auto mark = roles.find(member.id());
    if (mark != roles.end() && mark->second != member.shown.role) {
        mark->second = member.shown.role;
        outputs.push_back(SaveMark{member.id(), SaveMark::Kind::role, member.shown.role, {}});
    }
}

signaling::Welcome Room::Impl::welcome(const MemberState& member, bool resumed,
                                       const std::optional<signaling::Position>& seen) const {
    if (!bare_welcome) return full_welcome(member, resumed, seen);
    signaling::Welcome message;
    message.you = member.id();
    message.resumed = resumed;
    return message;
}

signaling::Welcome Room::Impl::full_welcome(const MemberState& member, bool resumed,
                                            const std::optional<signaling::Position>& seen) const {
    signaling::Welcome message;
    message.you = member.id();
    message.resumed = resumed;
    message.room = info();
    message.epoch = settings.epoch;
    message.seq = tail.last_seq();
    message.members.reserve(members.size());
    for (const MemberState* each : members.in_order()) {
        message.members.push_back(each->shown);
    }
    fill_items(message, seen);
    return message;
}

void Room::Impl::fill_items(signaling::Welcome& message, const std::optional<signaling::Position>& seen) const {
    if (seen && seen->epoch == settings.epoch && seen->seq <= tail.last_seq()) {
        message.items = tail.since(seen->seq);
        message.gap = tail.gap_after(seen->seq);
        message.more = seen->seq > tail.erased_through() || message.gap.has_value();
        return;
    }
    Tail::Latest latest = tail.latest(options.welcome_items);
    message.items = std::move(latest.items);
    message.more = latest.more;
    if (seen) {
        message.gap = signaling::Gap{1, tail.last_seq()};
    }
}

}  // namespace waaft::room
