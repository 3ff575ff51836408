#include "server/room/replica_state.h"

#include <algorithm>

namespace waaft::room {

using signaling::ErrorCode;

namespace {

constexpr std::size_t batch_max = 512;

bool is_removal(const Word& word) {
    const auto* message = std::get_if<signaling::ServerMessage>(&word.what);
    const auto* left = message != nullptr ? std::get_if<signaling::Left>(message) : nullptr;
    return left != nullptr && (left->why == signaling::LeftWhy::removed || left->why == signaling::LeftWhy::banned);
}

}  // namespace

void Replica::Impl::pump(Now now) {
    while (!batch && up && !reading && !missed && !retry_at && revision >= decide_from && !inputs.empty()) {
        Batch decided = decide(now);
        batch = std::move(decided);
        if (!batch->change.empty()) {
            batch->change.number = ++number;
            ask();
            return;
        }
        batch->answer = Answer{Answer::Outcome::done, revision, rules, {}};
        release(now);
    }
}

void Replica::Impl::ask() {
    batch->asked = true;
    requests.push_back(Commit{batch->change});
}

Replica::Impl::Batch Replica::Impl::decide(Now now) {
    Room::Impl& state = inside();
    Batch decided;
    decided.known = revision;
    decided.settings = state.settings;
    decided.bans = state.ban_keys;
    decided.lookups = state.lookups;
    bool renews = false;  // those who come meanwhile come to the new epoch
    while (!inputs.empty() && !renews && decided.inputs.size() < batch_max) {
        renews = std::holds_alternative<Renewing>(inputs.front());
        decided.inputs.push_back(std::move(inputs.front()));
        inputs.pop_front();
    }
    state.members.watch(true);
    for (const Input& input : decided.inputs) {
        run(input, now);
        collect(decided, input);
    }
    compose(decided, now);
    return decided;
}

void Replica::Impl::run(const Input& input, Now now) {
    std::visit([&](const auto& which) { run(which, now); }, input);
}

void Replica::Impl::run(const Coming& input, Now now) { room.join(input.admission, now); }
void Replica::Impl::run(const Saying& input, Now now) { room.handle(input.from, input.message, now); }
void Replica::Impl::run(const Going& input, Now now) { room.disconnected(input.connection, input.why, now); }
void Replica::Impl::run(const Found& input, Now now) { room.on_lookup(input.token, input.record, now); }
void Replica::Impl::run(const Due&, Now now) { room.on_deadline(now); }
void Replica::Impl::run(const Ending&, Now now) { room.end(now); }

// Whose server is dead is watched by this one from now on, as if the connection were lost now.
void Replica::Impl::run(const Adopting&, Now now) {
    Room::Impl& state = inside();
    for (const auto& [id, known] : confirmed) {
        MemberState* member = state.members.find(id);
        if (member == nullptr || member->mine || alive.contains(known.member.server)) continue;
        member->mine = true;
        if (member->connected()) {
            room.disconnected(member->connection, Away::lost, now);
            continue;
        }
        const Duration left = member->shown.away ? state.options.resume_window : state.options.away_shown_after;
        state.set_timer(*member, member->lost_at + left);
        state.members.mark(*member);
    }
}

void Replica::Impl::run(const Settling&, Now) {
    inside().settle_places();
    inside().flush();
}

void Replica::Impl::run(const Renewing& input, Now) {
    Room::Impl& state = inside();
    if (state.settings.epoch != input.lost_epoch) return;
    state.settings.epoch = randoms.epoch();
    state.outputs.push_back(SaveRoom{state.settings});
}

// ---- what the room said becomes a part of the change, of what is held, or both ----

void Replica::Impl::collect(Batch& into, const Input& cause) {
    while (auto output = room.poll_output()) {
        std::visit([&](auto& which) { collect(into, cause, std::move(which)); }, *output);
    }
}

void Replica::Impl::collect(Batch& into, const Input& cause, Send output) {
    if (is_stand_in(output.to)) {
        into.change.words.push_back({stood_for.at(output.to), std::move(output.message)});
        return;
    }
    const auto* welcome = std::get_if<signaling::Welcome>(&output.message);
    if (welcome == nullptr) {
        into.held.push_back(Output{std::move(output)});
        return;
    }
    const auto* coming = std::get_if<Coming>(&cause);
    into.held.push_back(LateWelcome{output.to, welcome->you, welcome->resumed,
                                    coming != nullptr ? coming->admission.seen : std::nullopt});
}

void Replica::Impl::collect(Batch& into, const Input&, SendAll output) {
    into.change.words.push_back({{}, output.message});
    into.held.push_back(Output{std::move(output)});
}

// The member's own server sees from the change that it is on air.
void Replica::Impl::collect(Batch& into, const Input&, const Attach& output) {
    if (!is_stand_in(output.connection)) into.held.push_back(Output{output});
}

void Replica::Impl::collect(Batch& into, const Input&, const Close& output) {
    if (is_stand_in(output.connection))
        into.change.words.push_back({stood_for.at(output.connection), output.code});
    else
        into.held.push_back(Output{output});
}

void Replica::Impl::collect(Batch& into, const Input&, Persist output) {
    into.change.records.push_back(std::move(output));
}

void Replica::Impl::collect(Batch& into, const Input&, const SaveRoom& output) {
    into.change.settings = output.settings;
}

// Roles stand with the members here, and who was removed is not there any more.
void Replica::Impl::collect(Batch& into, const Input&, const SaveMark& output) {
    into.change.bans.insert(into.change.bans.end(), output.ban_keys.begin(), output.ban_keys.end());
}

void Replica::Impl::collect(Batch& into, const Input& cause, const RotateHostKey& output) {
    into.change.host_key = randoms.key();
    collect(into, cause, Send{output.to, signaling::HostKey{into.change.host_key}});
}

void Replica::Impl::collect(Batch& into, const Input&, const ReadHistory& output) {
    into.held.push_back(Output{output});
}
void Replica::Impl::collect(Batch& into, const Input&, const Lookup& output) { into.held.push_back(Output{output}); }

void Replica::Impl::collect(Batch& into, const Input&, const Ended&) { into.change.ends = true; }

void Replica::Impl::compose(Batch& decided, Now now) {
    Room::Impl& state = inside();
    Change& change = decided.change;
    decided.changed = state.members.take_changed();
    decided.lookups_after = state.lookups;
    change.rules = rules;
    change.epoch = decided.settings.epoch;
    state.empty_since.reset();  // the store forgets rooms that nobody uses
    bool somebody_came = false;
    for (const std::string& id : decided.changed) {
        const MemberState* member = state.members.find(id);
        const auto before = confirmed.find(id);
        const bool was_there = before != confirmed.end();
        if (member == nullptr && !was_there) continue;
        std::optional<SharedMember> is;
        if (member != nullptr) is = exported(*member, now);
        if (was_there && is && *is == before->second.member) continue;
        somebody_came |= is && !was_there;
        change.members.push_back({id, was_there ? before->second.version : 0, std::move(is)});
    }
    // The host comes in however many there are.
    const auto size = static_cast<std::uint32_t>(state.members.size());
    if (somebody_came) change.members_max = std::max(state.members_max(), size);
    change.raises_rules = raises_rules(change);
}

bool Replica::Impl::raises_rules(const Change& change) const {
    const bool of_the_room = change.settings || !change.bans.empty() || change.ends || !change.host_key.empty();
    if (of_the_room || std::any_of(change.words.begin(), change.words.end(), is_removal)) return true;
    return std::any_of(change.members.begin(), change.members.end(), [&](const Change::MemberChange& member) {
        const auto before = confirmed.find(member.id);
        const auto* was = before != confirmed.end() ? &before->second.member.shown : nullptr;
        const auto* is = member.now ? &member.now->shown : nullptr;
        const bool place_changes = (was != nullptr && was->place) != (is != nullptr && is->place);
        const bool role_changes = was != nullptr && is != nullptr
                                      ? was->role != is->role
                                      : (is != nullptr && is->role == signaling::Role::host);
        return place_changes || role_changes;
    });
}

void Replica::Impl::undo(Batch& decided, Now now) {
    if (decided.undone) return;
    decided.undone = true;
    Room::Impl& state = inside();
    state.outputs.clear();
    state.touched.clear();
    for (const std::string& id : decided.changed) {
        const auto before = confirmed.find(id);
        if (before == confirmed.end())
            remove(id);
        else
            put(before->second.member, now);
    }
    state.settings = decided.settings;
    state.ban_keys = decided.bans;
    state.lookups = decided.lookups;
    state.posts.restart(state.tail.last_seq());
    state.nonces.forget_pending();
}

void Replica::Impl::take_back(Now now) {
    undo(*batch, now);
    std::move(batch->inputs.rbegin(), batch->inputs.rend(), std::front_inserter(inputs));
    batch.reset();
}

}  // namespace waaft::room
