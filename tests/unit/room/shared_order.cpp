#include "tests/unit/room/shared_order.h"

#include <algorithm>

namespace waaft::room::test {

using Outcome = Answer::Outcome;

SharedOrder::Result SharedOrder::commit(const std::string& server, const Change& change, UnixMs now) {
    if (ended_) return {answer(Outcome::gone), std::nullopt};
    const auto before = last_.find(server);
    if (before != last_.end() && before->second.first == change.number) return {before->second.second, std::nullopt};
    if (const auto outcome = refusal(change)) return {answer(*outcome), std::nullopt};

    ++revision_;
    if (change.raises_rules) rules_ = revision_;
    Told told;
    told.server = server;
    for (const auto& member : change.members) {
        told.members.emplace_back(member.id, member.now);
        if (member.now)
            members_[member.id] = {*member.now, revision_};
        else
            members_.erase(member.id);
    }
    if (change.settings) settings_ = *change.settings;
    end_may_be_lost = false;
    bans_.insert(bans_.end(), change.bans.begin(), change.bans.end());
    Answer result = answer(Outcome::done);
    for (const Persist& persist : change.records) result.records.push_back(write(persist, now, told));
    told.revision = revision_;
    told.rules = rules_;
    told.settings = change.settings;
    told.bans = change.bans;
    told.words = change.words;
    told.ends = ended_ = change.ends;
    last_[server] = {change.number, result};
    return {result, told};
}

std::optional<Outcome> SharedOrder::refusal(const Change& change) const {
    if (change.rules != rules_ || change.epoch != settings_.epoch) return Outcome::conflict;
    const bool renews = change.settings && change.settings->epoch != settings_.epoch;
    if (end_may_be_lost && !renews) return Outcome::conflict;
    std::size_t count = members_.size();
    for (const auto& member : change.members) {
        const auto known = members_.find(member.id);
        if ((known == members_.end() ? 0 : known->second.second) != member.version) return Outcome::conflict;
        count += (member.now ? 1 : 0);
        count -= (known == members_.end() ? 0 : 1);
    }
    // A server decides again about who is let in, as after a conflict.
    if (change.members_max != 0 && count > change.members_max) return Outcome::conflict;
    if (memory_is_full) return Outcome::full;
    return std::nullopt;
}

Written SharedOrder::write(const Persist& persist, UnixMs now, Told& told) {
    const auto same = std::find_if(log_.begin(), log_.end(), [&](const Kept& kept) {
        return !persist.nonce.empty() && kept.nonce == persist.nonce && kept.record.from == persist.record.from;
    });
    if (same != log_.end()) return {same->record.seq, true};
    Kept kept{persist.record, persist.nonce, now};
    kept.record.seq = log_.size() + 1;
    told.records.push_back(kept.record);
    log_.push_back(std::move(kept));
    return {log_.size(), false};
}

std::optional<Snapshot> SharedOrder::read() const {
    if (ended_) return std::nullopt;
    Snapshot snapshot;
    snapshot.revision = revision_;
    snapshot.rules = rules_;
    snapshot.settings = settings_;
    for (const auto& [id, member] : members_) snapshot.members.push_back(member);
    snapshot.bans = bans_;
    snapshot.last_seq = log_.size();
    snapshot.end_may_be_lost = end_may_be_lost;
    for (std::size_t i = log_.size() - std::min(log_.size(), tail_max); i < log_.size(); ++i) {
        const Kept& kept = log_[i];
        snapshot.tail.push_back(kept.record);
        if (!kept.nonce.empty()) snapshot.nonces.push_back({kept.record.from, kept.nonce, kept.record.seq, kept.at});
    }
    return snapshot;
}

std::optional<signaling::Record> SharedOrder::find(signaling::Seq seq) const {
    if (seq == 0 || seq > log_.size()) return std::nullopt;
    return log_[seq - 1].record;
}

}  // namespace waaft::room::test
