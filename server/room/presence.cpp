#include "server/room/room_state.h"

#include <algorithm>

namespace waaft::room {

using signaling::CloseCode;
using signaling::LeftWhy;

namespace {

CloseCode close_code_of(LeftWhy why) {
    switch (why) {
        case LeftWhy::removed: return CloseCode::removed;
        case LeftWhy::banned: return CloseCode::banned;
        case LeftWhy::left:
        case LeftWhy::lost: break;
    }
    return CloseCode::left;
}

}  // namespace

void Room::Impl::disconnected(ConnectionId connection, Away why, Now now) {
    MemberState* member = members.find_connection(connection);
    if (member == nullptr) {
        return;
    }
    members.set_connection(*member, 0);
    // As if it had been lost some time ago: so it is gone soon, for whichever server looks after it then.
    const Duration kept =
        why == Away::closed ? std::min(options.reload_window, options.resume_window) : options.resume_window;
    member->lost_at = now.steady - (options.resume_window - kept);
    set_timer(*member, now.steady + std::min(options.away_shown_after, kept));
}

void Room::Impl::set_timer(MemberState& member, TimePoint at) {
    member.timer = at;
    timers.emplace(std::pair(at, member.order), &member);
}

void Room::Impl::clear_timer(const MemberState& member) { timers.erase({member.timer, member.order}); }

void Room::Impl::on_deadline(Now now) {
    while (!timers.empty() && timers.begin()->first.first <= now.steady) {
        MemberState& member = *timers.begin()->second;
        clear_timer(member);
        run_timer(member, now);
    }
    if (empty_since && *empty_since + options.empty_after <= now.steady) {
        end();
    }
}

void Room::Impl::run_timer(MemberState& member, Now now) {
    const TimePoint dropped_at = member.lost_at + options.resume_window;
    if (dropped_at <= now.steady) {
        drop(member, LeftWhy::lost, SaveMark{member.id(), SaveMark::Kind::removed, {}, {}}, now);
        return;
    }
    member.shown.away = true;
    touch(member);
    set_timer(member, dropped_at);
}

std::optional<TimePoint> Room::Impl::deadline() const {
    std::optional<TimePoint> earliest;
    if (!timers.empty()) {
        earliest = timers.begin()->first.first;
    }
    if (empty_since) {
        const TimePoint ends_at = *empty_since + options.empty_after;
        earliest = earliest ? std::min(*earliest, ends_at) : ends_at;
    }
    return earliest;
}

void Room::Impl::drop(MemberState& member, LeftWhy why, std::optional<SaveMark> mark, Now now) {
    if (is_recovering(now)) {
        removed.insert(member.id());
    }
    if (mark) {
        outputs.push_back(*std::move(mark));
    }
    if (member.connected()) {
        outputs.push_back(Close{member.connection, close_code_of(why)});
    }
    const std::string id = member.id();
    if (host == &member) {
        host = nullptr;
    }
    clear_timer(member);
    untouch(member);
    members.remove(member);
    send_all(signaling::Left{id, why});
    settle_places();
    if (members.empty()) {
        empty_since = now.steady;
    }
}

void Room::Impl::end() {
    if (settings.ended) {
        return;
    }
    settings.ended = true;
    members.for_each([&](const MemberState& member) {
        if (member.connected()) {
            outputs.push_back(Close{member.connection, CloseCode::ended});
        }
    });
    host = nullptr;
    touched.clear();
    timers.clear();
    lookups.clear();
    empty_since.reset();
    members.clear();
    outputs.push_back(SaveRoom{settings});
    outputs.push_back(Ended{});
}

void Room::Impl::on(MemberState& from, const signaling::Leave&, Now now) {
    drop(from, LeftWhy::left, SaveMark{from.id(), SaveMark::Kind::removed, {}, {}}, now);
}

void Room::Impl::on(MemberState& from, const signaling::End&, Now) {
    if (!is_host(from)) {
        refuse(from, signaling::ErrorCode::not_allowed, "end");
        return;
    }
    end();
}

}  // namespace waaft::room
