// What server/store/shared.h promises about one room, in memory and as the room's own values.
//
// Thread: one. Ownership: values; a copy is the state of that moment, to which a failover may go back. Units: UnixMs.
// Errors: as Answer; nothing is ever `away` here.
#pragma once

#include "server/room/shared.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace waaft::room::test {

class SharedOrder {
public:
    explicit SharedOrder(Settings settings) : settings_(std::move(settings)) {}

    struct Result {
        Answer answer;
        std::optional<Told> told;  // for everybody, if it was taken now
    };
    Result commit(const std::string& server, const Change& change, UnixMs now);
    std::optional<Snapshot> read() const;
    // Its numbers start anew.
    void forget(const std::string& server) { last_.erase(server); }

    struct Kept {
        signaling::Record record;
        std::string nonce;
        UnixMs at = 0;
    };
    const std::vector<Kept>& log() const { return log_; }
    std::optional<signaling::Record> find(signaling::Seq seq) const;
    const std::map<std::string, std::pair<SharedMember, Revision>>& members() const { return members_; }
    const Settings& settings() const { return settings_; }
    Revision revision() const { return revision_; }
    bool has_ended() const { return ended_; }

    bool memory_is_full = false;
    bool end_may_be_lost = false;  // until there is a new epoch
    std::size_t tail_max = 1000;

private:
    std::optional<Answer::Outcome> refusal(const Change& change) const;
    Written write(const Persist& persist, UnixMs now, Told& told);
    Answer answer(Answer::Outcome outcome) const { return {outcome, revision_, rules_, {}}; }

    Settings settings_;
    Revision revision_ = 1;
    Revision rules_ = 1;
    bool ended_ = false;
    std::map<std::string, std::pair<SharedMember, Revision>> members_;  // with its version
    std::vector<std::string> bans_;
    std::vector<Kept> log_;
    std::map<std::string, std::pair<std::uint64_t, Answer>> last_;  // by server: its newest change
};

}  // namespace waaft::room::test
