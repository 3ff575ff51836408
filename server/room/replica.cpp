#include "server/room/replica.h"

#include "server/room/replica_state.h"

#include <algorithm>
#include <set>

namespace waaft::room {

using signaling::CloseCode;
using signaling::ErrorCode;

namespace {

constexpr std::size_t inputs_max = 4096;
constexpr std::size_t told_max = 4096;
constexpr Duration retry_after = std::chrono::seconds(1);
// As long as servers need to say that they are alive after the store was away.
constexpr Duration servers_return_within = std::chrono::seconds(8);

// Of what is posted to the log; empty for everything else.
struct NonceOf {
    std::string operator()(const signaling::Chat& message) const { return message.nonce; }
    std::string operator()(const signaling::Delete& message) const { return message.nonce; }
    std::string operator()(const signaling::React& message) const { return message.nonce; }
    template <class Message>
    std::string operator()(const Message&) const {
        return {};
    }
};

}  // namespace

Replica::Impl::Impl(std::string server, const Options& options, Snapshot snapshot, Randoms with, Now now)
    : self(std::move(server)),
      randoms(std::move(with)),
      room(snapshot.settings, options, Kept{}, now),
      alive_trusted_from(now.steady + servers_return_within) {
    inside().bare_welcome = true;
    inside().precedence = Precedence::holder;
    inside().empty_since.reset();  // the store forgets rooms that nobody uses
    resync(std::move(snapshot), now);
    outputs.clear();  // nobody is here to hear it
    pump(now);
}

bool Replica::Impl::is_going(ConnectionId connection) const {
    return has_input([&](const Input& input) {
        const auto* going = std::get_if<Going>(&input);
        return going != nullptr && going->connection == connection;
    });
}

bool Replica::Impl::is_coming(ConnectionId connection) const {
    return has_input([&](const Input& input) {
        const auto* coming = std::get_if<Coming>(&input);
        return coming != nullptr && coming->admission.connection == connection;
    });
}

void Replica::Impl::queue(Input input, Now now) {
    if (finished) {
        inputs.push_back(std::move(input));
        refuse_rest();
        return;
    }
    const bool asked = std::holds_alternative<Coming>(input) || std::holds_alternative<Saying>(input);
    if (asked && inputs.size() >= inputs_max) {
        refuse_input(input, ErrorCode::busy);
        return;
    }
    inputs.push_back(std::move(input));
    pump(now);
}

void Replica::Impl::refuse_input(const Input& input, ErrorCode code) {
    if (const auto* coming = std::get_if<Coming>(&input)) {
        outputs.push_back(Close{coming->admission.connection, CloseCode::busy});
    } else if (const auto* saying = std::get_if<Saying>(&input)) {
        const std::string nonce = std::visit(NonceOf{}, saying->message);
        const ErrorCode fitting = nonce.empty() ? ErrorCode::busy : code;
        outputs.push_back(Send{saying->from, signaling::ErrorMessage{fitting, {}, nonce}});
    }
}

// What somebody posted before hearing that the post before it is refused is refused with it: it shall not overtake that
// one, which comes again.
void Replica::Impl::refuse_batch() {
    std::deque<Input> kept;
    std::set<ConnectionId> refused;
    for (Input& input : batch->inputs) {
        const auto* saying = std::get_if<Saying>(&input);
        if (saying != nullptr) refused.insert(saying->from);
        if (saying != nullptr || std::holds_alternative<Coming>(input))
            refuse_input(input, ErrorCode::chat_unavailable);
        else
            kept.push_back(std::move(input));
    }
    for (Input& input : inputs) {
        const auto* saying = std::get_if<Saying>(&input);
        const bool follows = saying != nullptr && refused.contains(saying->from);
        if (follows && !std::visit(NonceOf{}, saying->message).empty())
            refuse_input(input, ErrorCode::chat_unavailable);
        else
            kept.push_back(std::move(input));
    }
    inputs = std::move(kept);
    batch.reset();
}

Replica::Replica(std::string server, Options options, Snapshot snapshot, Randoms randoms, Now now)
    : impl_(std::make_unique<Impl>(std::move(server), options, std::move(snapshot), std::move(randoms), now)) {}
Replica::~Replica() = default;

void Replica::join(Admission admission, Now now) {
    // Somebody who came in on another server a moment ago is not known here yet: look before saying no.
    const bool is_news = admission.resume && impl_->inside().members.find(admission.resume->member) == nullptr;
    impl_->missed |= is_news;
    impl_->queue(Impl::Coming{std::move(admission)}, now);
    if (is_news) impl_->advance(now);
}

bool Replica::withdraw(ConnectionId connection) {
    return std::erase_if(impl_->inputs, [&](const Impl::Input& input) {
               const auto* coming = std::get_if<Impl::Coming>(&input);
               return coming != nullptr && coming->admission.connection == connection;
           }) > 0;
}

void Replica::handle(ConnectionId from, signaling::ClientMessage message, Now now) {
    const bool changes_nothing = std::holds_alternative<signaling::Signal>(message) ||
                                 std::holds_alternative<signaling::HistoryRequest>(message);
    if (changes_nothing) {
        impl_->room.handle(from, std::move(message), now);
        impl_->drain_room();
        return;
    }
    impl_->queue(Impl::Saying{from, std::move(message)}, now);
}

void Replica::disconnected(ConnectionId connection, Away why, Now now) {
    impl_->queue(Impl::Going{connection, why}, now);
}

void Replica::on_lookup(std::uint64_t token, std::optional<signaling::Record> record, Now now) {
    impl_->queue(Impl::Found{token, std::move(record)}, now);
}

void Replica::end(Now now) { impl_->queue(Impl::Ending{}, now); }

void Replica::on_deadline(Now now) {
    Impl& impl = *impl_;
    if (impl.finished) return;
    if (impl.hole_until && *impl.hole_until <= now.steady) {
        impl.hole_until.reset();
        impl.missed = true;
    }
    if (impl.retry_at && *impl.retry_at <= now.steady) impl.retry_at.reset();
    const auto due = impl.room.deadline();
    if (due && *due <= now.steady && !impl.is_queued<Impl::Due>()) impl.inputs.push_back(Impl::Due{});
    impl.advance(now);
}

std::optional<TimePoint> Replica::deadline() const {
    if (impl_->finished) return std::nullopt;
    std::optional<TimePoint> earliest = impl_->hole_until;
    const auto consider = [&](std::optional<TimePoint> at) {
        if (at && (!earliest || *at < *earliest)) earliest = at;
    };
    consider(impl_->retry_at);
    // While it is under way or waits there is nothing more to be woken for.
    if (!impl_->is_queued<Impl::Due>() && !impl_->batch) consider(impl_->room.deadline());
    return earliest;
}

std::optional<Output> Replica::poll_output() {
    if (impl_->outputs.empty()) return std::nullopt;
    std::optional<Output> output(std::move(impl_->outputs.front()));
    impl_->outputs.pop_front();
    return output;
}

std::optional<Request> Replica::poll_request() {
    if (impl_->requests.empty()) return std::nullopt;
    std::optional<Request> request(std::move(impl_->requests.front()));
    impl_->requests.pop_front();
    return request;
}

void Replica::on_answer(Answer answer, Now now) {
    Impl& impl = *impl_;
    if (!impl.batch || impl.batch->answer) return;
    Impl::Batch& batch = *impl.batch;
    batch.asked = false;
    switch (answer.outcome) {
        case Answer::Outcome::done:
            // Undone: something that should have collided was told meanwhile, or the connection was lost.
            if (batch.undone) impl.missed = true;
            batch.answer = std::move(answer);
            break;
        case Answer::Outcome::conflict:
            // Refused although nothing had happened that was not known: then what is known is wrong.
            if (batch.lost_connection || answer.revision <= batch.known) impl.missed = true;
            impl.take_back(now);
            impl.decide_from = answer.revision;
            break;
        case Answer::Outcome::gone: impl.over(now); return;
        case Answer::Outcome::away:
            impl.undo(batch, now);
            batch.lost_connection = true;
            if (impl.up) impl.ask();
            return;
        case Answer::Outcome::full:
        case Answer::Outcome::failed:
            impl.undo(batch, now);
            impl.refuse_batch();
            impl.retry_at = now.steady + retry_after;
            break;
    }
    impl.advance(now);
}

void Replica::on_told(Told told, Now now) {
    Impl& impl = *impl_;
    // Before it is read again nobody knows whether the store went back to an earlier revision.
    if (impl.finished || (told.revision <= impl.revision && !impl.missed)) return;
    if (impl.told.size() >= told_max) {
        impl.told.clear();
        impl.missed = true;
    }
    impl.told.emplace(told.revision, std::move(told));
    impl.advance(now);
}

void Replica::on_whisper(const Word& word) {
    const MemberState* member = impl_->inside().members.find(word.to);
    const auto* message = std::get_if<signaling::ServerMessage>(&word.what);
    if (member == nullptr || message == nullptr || !member->connected() || is_stand_in(member->connection)) return;
    impl_->outputs.push_back(Send{member->connection, *message});
}

void Replica::on_read(std::optional<Snapshot> snapshot, Now now) {
    Impl& impl = *impl_;
    if (!impl.reading || impl.finished) return;
    impl.reading = false;
    if (!snapshot) {
        impl.over(now);
        return;
    }
    impl.missed = false;
    impl.resync(*std::move(snapshot), now);
    impl.advance(now);
}

void Replica::on_read_failed(Now now) {
    impl_->reading = false;
    impl_->missed = true;
    impl_->retry_at = now.steady + retry_after;
}

void Replica::on_missed(Now now) {
    impl_->missed = true;
    impl_->advance(now);
}

void Replica::on_servers(const std::set<std::string>& alive, Now now) {
    Impl& impl = *impl_;
    impl.alive = alive;
    const bool some_are_gone = std::any_of(impl.confirmed.begin(), impl.confirmed.end(), [&](const auto& entry) {
        const std::string& server = entry.second.member.server;
        return server != impl.self && !alive.contains(server);
    });
    if (some_are_gone && now.steady >= impl.alive_trusted_from && !impl.is_queued<Impl::Adopting>()) {
        impl.queue(Impl::Adopting{}, now);
    }
}

void Replica::on_connection(bool up, Now now) {
    Impl& impl = *impl_;
    if (impl.up == up || impl.finished) return;
    impl.up = up;
    impl.outputs.push_back(SendAll{signaling::Waiting{!up}, 0});
    impl.reading = false;
    impl.missed = true;
    if (!up) return;
    impl.alive_trusted_from = now.steady + servers_return_within;
    impl.told.clear();  // perhaps of what the store has lost since
    if (impl.batch && !impl.batch->asked && !impl.batch->answer) impl.ask();
    impl.advance(now);
}

const Settings& Replica::settings() const { return impl_->inside().settings; }

signaling::RoomInfo Replica::info() const { return impl_->room.info(); }

Counts Replica::counts() const {
    Counts counts;
    counts.pending = static_cast<std::uint32_t>(impl_->inputs.size());
    counts.everywhere = static_cast<std::uint32_t>(impl_->inside().members.size());
    impl_->inside().members.for_each([&](const MemberState& member) {
        if (!member.mine) return;
        ++counts.members;
        counts.away += member.connected() ? 0 : 1;
        counts.on_air += member.on_air() ? 1 : 0;
    });
    return counts;
}

signaling::Seq Replica::last_seq() const { return impl_->room.last_seq(); }

bool Replica::has_member(const std::string& id) const { return impl_->room.has_member(id); }

bool Replica::idle() const { return !impl_->batch && impl_->inputs.empty() && counts().members == 0; }

}  // namespace waaft::room
