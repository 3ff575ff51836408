#include "server/room/room_state.h"
#include "server/signaling/text.h"
#include "server/signaling/wire_size.h"

#include <algorithm>
#include <iterator>

namespace waaft::room {

using signaling::ErrorCode;
using signaling::Role;

namespace {

// What stands in a Welcome beside members and items: the room, a token, ICE servers, limits.
constexpr std::uint32_t welcome_frame = 4096;

struct Budget {
    std::size_t bytes = 0;
    bool take(std::size_t size) {
        if (size > bytes) return false;
        bytes -= size;
        return true;
    }
};

// What a returning member has missed, from the oldest on.
void fill_missed(const Tail& tail, signaling::Seq seen, Budget left, signaling::Welcome& message,
                 std::vector<signaling::ServerMessage>& later) {
    message.gap = tail.gap_after(seen);
    message.more = seen > tail.erased_through() || message.gap.has_value();
    message.seq = message.gap ? message.gap->to : seen;
    bool fits = true;
    for (signaling::Record& record : tail.since(seen)) {
        fits = fits && left.take(signaling::wire_size(record));
        if (fits) {
            message.seq = record.seq;
            message.items.push_back(std::move(record));
        } else {
            later.emplace_back(signaling::RecordAdded{std::move(record)});
        }
    }
    if (fits) message.seq = tail.last_seq();
}

void fill_items(const Tail& tail, const std::string& epoch, std::size_t items_max,
                const std::optional<signaling::Position>& seen, Budget left, signaling::Welcome& message,
                std::vector<signaling::ServerMessage>& later) {
    if (seen && seen->epoch == epoch && seen->seq <= tail.last_seq()) {
        fill_missed(tail, seen->seq, left, message, later);
        return;
    }
    Tail::Latest latest = tail.latest(items_max);
    auto first = latest.items.end();
    while (first != latest.items.begin() && left.take(signaling::wire_size(*std::prev(first)))) {
        --first;
    }
    message.more = latest.more || first != latest.items.begin();
    message.items.assign(std::make_move_iterator(first), std::make_move_iterator(latest.items.end()));
    if (seen) {
        message.gap = signaling::Gap{1, tail.last_seq()};
    }
}

}  // namespace

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
    // A token from long before the end is of somebody who was lost by then, and would have been dropped.
    const auto oldest =
        alive_until -
        std::chrono::duration_cast<std::chrono::milliseconds>(options.resume_window + options.token_age).count();
    return is_recovering(now) && claim.issued >= oldest && !removed.contains(claim.member);
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
    send_welcome(member, true, admission.seen);
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
    send_welcome(member, resumed, admission.seen);
    send_all(signaling::Joined{member.shown}, member.connection);
}

Role Room::Impl::role_for(const Admission& admission) const {
    if (admission.host) {
        return Role::host;
    }
    if (admission.resume) {
        const auto changed = roles.find(admission.resume->member);
        const Role role = changed == roles.end() ? admission.resume->role : changed->second;
        // Who is host is proven by a key or a link; a token only says who somebody was.
        return role == Role::host ? Role::speaker : role;
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

void Room::Impl::send_welcome(const MemberState& member, bool resumed, const std::optional<signaling::Position>& seen) {
    if (bare_welcome) {
        signaling::Welcome message;
        message.you = member.id();
        message.resumed = resumed;
        send(member, std::move(message));
        return;
    }
    for (signaling::ServerMessage& piece : welcome(member, resumed, seen)) {
        send(member, std::move(piece));
    }
}

std::vector<signaling::ServerMessage> Room::Impl::welcome(const MemberState& member, bool resumed,
                                                          const std::optional<signaling::Position>& seen) const {
    signaling::Welcome message;
    message.you = member.id();
    message.resumed = resumed;
    message.room = info();
    message.epoch = settings.epoch;
    message.seq = tail.last_seq();
    std::vector<signaling::ServerMessage> later;
    Budget left{options.welcome_bytes / 2};
    left.take(signaling::wire_size(member.shown));  // itself is told in any case
    for (const MemberState* each : members.in_order()) {
        if (each == &member || left.take(signaling::wire_size(each->shown))) {
            message.members.push_back(each->shown);
        } else {
            later.emplace_back(signaling::Joined{each->shown});
        }
    }
    left.bytes += options.welcome_bytes / 2 - std::min(options.welcome_bytes / 2, welcome_frame);
    fill_items(tail, settings.epoch, options.welcome_items, seen, left, message, later);
    later.insert(later.begin(), std::move(message));
    return later;
}

}  // namespace waaft::room
