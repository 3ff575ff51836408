#include "server/room/replica_state.h"

#include <algorithm>

namespace waaft::room {

using signaling::CloseCode;

namespace {

// A change comes a moment after a later one at most; after this it does not come at all.
constexpr Duration hole_max = std::chrono::milliseconds(500);

// The id is the key under which the member is found, so it stays the object that it is.
void assign(signaling::Member& to, const signaling::Member& from) {
    to.name = from.name;
    to.role = from.role;
    to.place = from.place;
    to.away = from.away;
    to.live = from.live;
    to.joined = from.joined;
}

std::chrono::milliseconds millis(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

}  // namespace

// ---- the copy ----

SharedMember Replica::Impl::exported(const MemberState& member, Now now) const {
    const auto known = confirmed.find(member.id());
    SharedMember result;
    result.shown = member.shown;
    result.server = member.mine || known == confirmed.end() ? self : known->second.member.server;
    if (member.connected()) {
        const bool elsewhere = is_stand_in(member.connection) && known != confirmed.end();
        result.connection = elsewhere ? known->second.member.connection : member.connection;
    } else {
        result.lost_at = now.wall - millis(now.steady - member.lost_at).count();
    }
    result.invited = member.invited;
    result.ban_keys = member.ban_keys;
    return result;
}

ConnectionId Replica::Impl::stand_in(const std::string& id) {
    ConnectionId& connection = stand_ins[id];
    if (connection == 0) {
        connection = next_stand_in++;
        stood_for[connection] = id;
    }
    return connection;
}

void Replica::Impl::put(const SharedMember& member, Now now) {
    Room::Impl& state = inside();
    MemberState* known = state.members.find(member.shown.id);
    MemberState& kept = known != nullptr ? *known : state.members.add(member.shown);
    assign(kept.shown, member.shown);
    state.clear_timer(kept);
    kept.mine = member.server == self;
    kept.invited = member.invited;
    kept.ban_keys = member.ban_keys;
    ConnectionId connection = member.connection;
    if (connection != 0 && !kept.mine) connection = stand_in(member.shown.id);
    state.members.set_connection(kept, connection);
    if (connection == 0) {
        kept.lost_at = now.steady - std::chrono::milliseconds(std::max<UnixMs>(0, now.wall - member.lost_at));
        const Options& options = state.options;
        const Duration shown_after = std::min(options.away_shown_after, options.resume_window);
        if (kept.mine) state.set_timer(kept, kept.lost_at + (kept.shown.away ? options.resume_window : shown_after));
    }
    if (kept.shown.role == signaling::Role::host)
        state.host = &kept;
    else if (state.host == &kept)
        state.host = nullptr;
}

void Replica::Impl::remove(const std::string& id) {
    Room::Impl& state = inside();
    forget_stand_in(id);
    MemberState* member = state.members.find(id);
    if (member == nullptr) return;
    state.clear_timer(*member);
    state.untouch(*member);
    if (state.host == member) state.host = nullptr;
    state.members.remove(*member);
}

void Replica::Impl::forget_stand_in(const std::string& id) {
    const auto entry = stand_ins.find(id);
    if (entry == stand_ins.end()) return;
    stood_for.erase(entry->second);
    stand_ins.erase(entry);
}

void Replica::Impl::attach_again(MemberState& member) {
    const bool here = member.connected() && !is_stand_in(member.connection);
    const bool old = member.attached_on_air != member.on_air() || member.attached_role != member.shown.role;
    if (here && old && !is_going(member.connection)) inside().attach(member);
}

void Replica::Impl::drain_room() {
    while (auto output = room.poll_output()) {
        const auto* send = std::get_if<Send>(&*output);
        if (send == nullptr || !is_stand_in(send->to))
            outputs.push_back(*std::move(output));
        else if (const auto member = stood_for.find(send->to); member != stood_for.end())
            requests.push_back(Whisper{{member->second, send->message}});
    }
}

// ---- in order ----

void Replica::Impl::advance(Now now) {
    if (finished) return;
    while (!missed && take_next(now)) {
    }
    watch_hole(now);
    const bool under_way = batch && !batch->answer;
    if (missed && up && !reading && !retry_at && !under_way) {
        reading = true;
        requests.push_back(ReadAgain{});
    }
    pump(now);
}

bool Replica::Impl::take_next(Now now) {
    if (batch && batch->answer && batch->answer->revision == revision + 1) {
        revision = batch->answer->revision;
        rules = batch->answer->rules;
        told.erase(revision);
        release(now);
        return true;
    }
    const auto next = told.find(revision + 1);
    if (next == told.end() || (next->second.server == self && batch)) return false;
    Told change = std::move(next->second);
    told.erase(next);
    if (batch && !batch->undone && collides(change)) {
        undo(*batch, now);
        missed = batch->answer.has_value();  // it was taken all the same
    }
    take(std::move(change), now);
    return true;
}

void Replica::Impl::watch_hole(Now now) {
    if (!missed) told.erase(told.begin(), told.upper_bound(revision));
    const bool later_is_known = !told.empty() || (batch && batch->answer) || decide_from > revision;
    const bool own_is_next = batch && !batch->answer && !told.empty() && told.begin()->first == revision + 1;
    if (!later_is_known || own_is_next || missed)
        hole_until.reset();
    else if (!hole_until)
        hole_until = now.steady + hole_max;
}

// What is under way was decided without it, and will be refused for it.
bool Replica::Impl::collides(const Told& change) const {
    if (change.rules > rules) return true;
    return std::any_of(change.members.begin(), change.members.end(),
                       [&](const auto& member) { return batch->changed.contains(member.first); });
}

void Replica::Impl::take(Told change, Now now) {
    revision = change.revision;
    rules = change.rules;
    hole_until.reset();
    if (change.ends) {
        over(now);
        return;
    }
    std::set<ConnectionId> closed;
    for (const Word& word : change.words) {
        if (std::holds_alternative<CloseCode>(word.what)) take_word(word, closed);
    }
    for (const auto& [id, is] : change.members) take_member(id, is, closed, change.revision, now);
    inside().ban_keys.insert(change.bans.begin(), change.bans.end());
    for (const Word& word : change.words) {
        if (!std::holds_alternative<CloseCode>(word.what)) take_word(word, closed);
    }
    for (signaling::Record& record : change.records) take_record(std::move(record));
    inside().posts.restart(inside().tail.last_seq());
    drain_room();
    if (change.settings) take_settings(*change.settings);
    if (!change.members.empty()) settle_soon();
}

void Replica::Impl::take_word(const Word& word, std::set<ConnectionId>& closed) {
    if (word.to.empty()) {
        if (const auto* message = std::get_if<signaling::ServerMessage>(&word.what)) inside().send_all(*message);
        return;
    }
    const MemberState* member = inside().members.find(word.to);
    if (member == nullptr || !member->connected() || is_stand_in(member->connection)) return;
    if (const auto* message = std::get_if<signaling::ServerMessage>(&word.what)) {
        inside().send(*member, *message);
        return;
    }
    closed.insert(member->connection);
    inside().outputs.push_back(Close{member->connection, std::get<CloseCode>(word.what)});
}

// Who was there by what was last agreed, and by what is known now may not come in.
bool Replica::Impl::is_banned(const std::string& id) const {
    const auto was = confirmed.find(id);
    if (was == confirmed.end()) return false;
    const auto& keys = was->second.member.ban_keys;
    return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return inside().ban_keys.contains(key); });
}

void Replica::Impl::take_member(const std::string& id, const std::optional<SharedMember>& is,
                                std::set<ConnectionId>& closed, Revision version, Now now) {
    Room::Impl& state = inside();
    const MemberState* before = state.members.find(id);
    const ConnectionId had = before != nullptr && !is_stand_in(before->connection) ? before->connection : 0;
    const bool stays = is && is->server == self && is->connection == had;
    if (had != 0 && !stays && closed.insert(had).second) {
        // Another server took the member over, or thought that this one was dead: then it comes back.
        const CloseCode elsewhere = is && is->connection != 0 ? CloseCode::replaced : CloseCode::busy;
        const CloseCode gone = is_banned(id) ? CloseCode::banned : CloseCode::removed;
        state.outputs.push_back(Close{had, is ? elsewhere : gone});
    }
    if (!is) {
        confirmed.erase(id);
        remove(id);
        return;
    }
    confirmed[id] = {*is, version};
    put(*is, now);
    if (stays) attach_again(*state.members.find(id));
}

void Replica::Impl::take_settings(const Settings& settings) {
    const bool renewed = settings.epoch != inside().settings.epoch;
    inside().settings = settings;
    if (renewed) close_all(CloseCode::busy);
}

void Replica::Impl::take_record(signaling::Record record) {
    Room::Impl& state = inside();
    if (record.seq <= state.tail.last_seq()) return;
    state.send_all(signaling::RecordAdded{record});
    state.tail.append(std::move(record));
}

// ---- the whole room, read again ----

void Replica::Impl::resync(Snapshot snapshot, Now now) {
    if (batch) undo(*batch, now);
    revision = snapshot.revision;
    rules = snapshot.rules;
    decide_from = std::min(decide_from, revision);
    told.erase(told.begin(), told.upper_bound(revision));
    hole_until.reset();
    Room::Impl& state = inside();
    state.ban_keys = {snapshot.bans.begin(), snapshot.bans.end()};
    resync_members(snapshot, now);
    resync_log(snapshot, now);
    drain_room();
    settle_soon();
    if (batch && batch->answer) {
        // It is part of what was read, if it was taken.
        if (batch->answer->revision <= revision)
            release(now);
        else
            take_back(now);
    }
}

void Replica::Impl::resync_members(const Snapshot& snapshot, Now now) {
    Room::Impl& state = inside();
    std::set<ConnectionId> closed;
    std::set<std::string> gone;
    for (const auto& entry : confirmed) gone.insert(entry.first);
    for (const auto& [member, version] : snapshot.members) {
        const auto known = confirmed.find(member.shown.id);
        const bool is_new = known == confirmed.end();
        const bool changed = is_new || known->second.member.shown != member.shown;
        gone.erase(member.shown.id);
        const MemberState* before = state.members.find(member.shown.id);
        const bool held = before != nullptr && before->connection == member.connection;
        // The store went back to when that connection was there.
        const bool is_lost = member.server == self && member.connection != 0 && !held;
        if (is_lost && !is_coming(member.connection)) inputs.push_back(Going{member.connection});
        take_member(member.shown.id, member, closed, version, now);
        if (is_new)
            state.send_all(signaling::Joined{member.shown});
        else if (changed)
            state.send_all(signaling::MemberChanged{member.shown});
    }
    for (const std::string& id : gone) {
        const auto why = is_banned(id) ? signaling::LeftWhy::banned : signaling::LeftWhy::left;
        take_member(id, std::nullopt, closed, 0, now);
        state.send_all(signaling::Left{id, why});
    }
    const bool room_changed = state.settings.locked != snapshot.settings.locked;
    const std::string epoch = state.settings.epoch;
    state.settings = snapshot.settings;
    state.settings.epoch = epoch;  // the log's
    if (room_changed) state.send_all(signaling::RoomChanged{state.info()});
}

void Replica::Impl::resync_log(Snapshot& snapshot, Now now) {
    Room::Impl& state = inside();
    const signaling::Seq last = state.tail.last_seq();
    const bool other = std::any_of(snapshot.tail.begin(), snapshot.tail.end(), [&](const signaling::Record& theirs) {
        const signaling::Record* ours = state.tail.find(theirs.seq);
        return ours != nullptr && (ours->from != theirs.from || ours->at != theirs.at);
    });
    const bool lost = snapshot.last_seq < last || other || snapshot.end_may_be_lost;
    const bool renewed = snapshot.settings.epoch != state.settings.epoch;
    const bool hole = loaded && !snapshot.tail.empty() && snapshot.tail.front().seq > last + 1;
    // What comes again of that which was lost is to be written again.
    if (lost) state.nonces = Nonces(state.options.nonce_keep);
    for (const Kept::Nonce& nonce : snapshot.nonces) {
        const auto age = std::chrono::milliseconds(std::max<UnixMs>(0, now.wall - nonce.at));
        state.nonces.accept(nonce.member, nonce.nonce, nonce.seq, now.steady - age);
    }
    if (lost || renewed || hole || !loaded) {
        const Options& options = state.options;
        state.tail =
            Tail({options.tail_records_max, options.tail_bytes_max}, snapshot.last_seq, std::move(snapshot.tail));
        state.settings.epoch = snapshot.settings.epoch;
        if (snapshot.end_may_be_lost || (lost && !renewed)) inputs.push_front(Renewing{snapshot.settings.epoch});
        // They come back with what they have seen, and are told what they missed. Where something was lost nothing more
        // of this epoch is for them: its numbers will be given again.
        if (loaded) close_all(CloseCode::busy);
    } else {
        for (signaling::Record& record : snapshot.tail) take_record(std::move(record));
    }
    loaded = true;
    state.posts.restart(state.tail.last_seq());
}

void Replica::Impl::settle_soon() {
    const Room::Impl& state = inside();
    const MemberState* next =
        next_for_place(state.members, state.settings.kind, state.options.mesh_max, state.precedence);
    // Its own server does it.
    if (next != nullptr && next->mine && !is_queued<Settling>()) inputs.push_back(Settling{});
}

void Replica::Impl::close_all(CloseCode code) {
    inside().members.for_each([&](const MemberState& member) {
        const bool here = member.connected() && !is_stand_in(member.connection);
        if (here) outputs.push_back(Close{member.connection, code});
    });
}

void Replica::Impl::over(Now now) {
    Room::Impl& state = inside();
    if (finished) return;
    if (batch) take_back(now);
    close_all(CloseCode::ended);
    state.settings.ended = finished = true;
    refuse_rest();
    outputs.push_back(Ended{});
}

void Replica::Impl::refuse_rest() {
    for (const Input& input : inputs) {
        if (const auto* coming = std::get_if<Coming>(&input)) {
            outputs.push_back(Send{coming->admission.connection,
                                   signaling::ErrorMessage{signaling::ErrorCode::room_ended, {}, "join"}});
            outputs.push_back(Close{coming->admission.connection, CloseCode::refused});
        }
    }
    inputs.clear();
}

}  // namespace waaft::room
