#include "server/room/replica_state.h"

#include <set>

namespace waaft::room {

namespace {

// The connection that it is for alone; 0: there is none.
struct ReceiverOf {
    ConnectionId operator()(const Output& output) const { return std::visit(*this, output); }
    template <class One>
    ConnectionId operator()(const One& one) const {
        if constexpr (requires { one.to; })
            return one.to;
        else if constexpr (requires { one.connection; })
            return one.connection;
        else
            return 0;
    }
};

}  // namespace

// The change is taken: now everybody here may hear of it.
void Replica::Impl::release(Now now) {
    Room::Impl& state = inside();
    Batch taken = *std::move(batch);
    batch.reset();
    const Answer& answer = *taken.answer;
    const bool late = taken.undone;  // the whole room was read again: that told everybody what changed
    if (!late) {
        for (const Change::MemberChange& change : taken.change.members) {
            if (change.now)
                confirmed[change.id] = {*change.now, answer.revision};
            else {
                confirmed.erase(change.id);
                forget_stand_in(change.id);
            }
        }
    } else {
        state.lookups = std::move(taken.lookups_after);
    }
    say_held(taken);
    for (std::size_t i = 0; i < taken.change.records.size() && i < answer.records.size(); ++i) {
        written(taken.change.records[i], answer.records[i], late, now);
    }
    state.posts.restart(state.tail.last_seq());
    drain_room();
    if (taken.change.settings && taken.change.settings->epoch != taken.settings.epoch) {
        close_all(signaling::CloseCode::busy);
    }
    if (!taken.change.members.empty()) settle_soon();
    if (!taken.change.ends) return;
    finished = true;
    refuse_rest();
    outputs.push_back(Ended{});
}

// Whoever comes in hears the welcome first, which tells all that this change did, then what is for them alone.
void Replica::Impl::say_held(Batch& taken) {
    std::set<ConnectionId> arriving;
    for (const Held& held : taken.held) {
        if (const auto* welcome = std::get_if<LateWelcome>(&held)) arriving.insert(welcome->to);
    }
    std::vector<Held> theirs;
    for (Held& held : taken.held) {
        if (arriving.contains(std::visit(ReceiverOf{}, held)))
            theirs.push_back(std::move(held));
        else
            say(held, taken.undone);
    }
    for (Held& held : theirs) say(held, taken.undone);
}

void Replica::Impl::say(Held& held, bool late) {
    if (const auto* welcome = std::get_if<LateWelcome>(&held)) {
        let_in(*welcome, late);
        return;
    }
    Output& output = std::get<Output>(held);
    const auto* attached = std::get_if<Attach>(&output);
    if (attached == nullptr) {
        if (!late || !std::holds_alternative<SendAll>(output)) outputs.push_back(std::move(output));
        return;
    }
    MemberState* member = inside().members.find_connection(attached->connection);
    if (member == nullptr || is_going(member->connection)) return;
    inside().attach(*member);
    drain_room();
}

void Replica::Impl::let_in(const LateWelcome& welcome, bool late) {
    const Room::Impl& state = inside();
    const MemberState* member = state.members.find_connection(welcome.to);
    if (member == nullptr) {
        // Others undid it before it was known here.
        if (late) outputs.push_back(Close{welcome.to, signaling::CloseCode::busy});
        return;
    }
    // Everything up to this change is known here: who has seen more saw what the store has lost since.
    const std::string& epoch = state.settings.epoch;
    if (welcome.seen && welcome.seen->epoch == epoch && welcome.seen->seq > state.tail.last_seq()) {
        inputs.push_front(Renewing{epoch});
        outputs.push_back(Close{welcome.to, signaling::CloseCode::busy});
        return;
    }
    for (signaling::ServerMessage& piece : state.welcome(*member, welcome.resumed, welcome.seen)) {
        outputs.push_back(Send{welcome.to, std::move(piece)});
    }
}

void Replica::Impl::written(const Persist& persist, const Written& result, bool late, Now now) {
    Room::Impl& state = inside();
    signaling::Record record = persist.record;
    record.seq = result.seq;
    const MemberState* author = state.members.find(record.from);
    // What was read has the nonces too, unless what was written is lost since.
    if (!late && !persist.nonce.empty()) state.nonces.accept(record.from, persist.nonce, result.seq, now.steady);
    if (!late && !result.repeated) take_record(std::move(record));
    if (author != nullptr && !persist.nonce.empty()) state.ack(*author, persist.nonce, result.seq);
}

}  // namespace waaft::room
