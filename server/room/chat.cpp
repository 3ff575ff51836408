#include "server/room/room_state.h"

#include <algorithm>

namespace waaft::room {

using signaling::ErrorCode;
using signaling::Record;
using signaling::Seq;

namespace {

constexpr std::size_t lookups_max = 1024;
constexpr std::uint32_t history_limit_max = 100;

Record new_record(Record::Kind kind, const MemberState& from, Now now) {
    Record record;
    record.kind = kind;
    record.at = now.wall;
    record.from = from.id();
    return record;
}

}  // namespace

void Room::Impl::on(MemberState& from, signaling::Chat& message, Now now) {
    if (is_repeated(from, message.nonce, now)) {
        return;
    }
    if (message.text.empty() || message.text.size() > options.text_bytes_max) {
        refuse(from, ErrorCode::text_bad, message.nonce);
        return;
    }
    Record record = new_record(Record::Kind::chat, from, now);
    record.name = from.shown.name;
    record.text = std::move(message.text);
    post(from, std::move(record), message.nonce, message.nonce);
}

void Room::Impl::on(MemberState& from, signaling::Delete& message, Now now) { with_target(from, message, now); }

void Room::Impl::on(MemberState& from, signaling::React& message, Now now) { with_target(from, message, now); }

void Room::Impl::on(MemberState& from, const signaling::Erase&, Now now) {
    if (!is_host(from)) {
        refuse(from, ErrorCode::not_allowed, "erase");
        return;
    }
    post(from, new_record(Record::Kind::erase, from, now), {}, "erase");
}

void Room::Impl::on(MemberState& from, const signaling::HistoryRequest& message, Now) {
    outputs.push_back(ReadHistory{from.connection, message.before, std::min(message.limit, history_limit_max)});
}

// A nonce that is still pending needs nothing: its ack goes to the connection that the member has then.
bool Room::Impl::is_repeated(const MemberState& from, const std::string& nonce, Now now) {
    nonces.expire(now.steady);
    if (nonces.is_pending(from.id(), nonce)) {
        return true;
    }
    const std::optional<Seq> seq = nonces.find(from.id(), nonce);
    if (seq) {
        ack(from, nonce, *seq);
    }
    return seq.has_value();
}

void Room::Impl::post(const MemberState& from, Record record, std::string nonce, std::string_view re) {
    if (posts.size() >= options.pending_max) {
        refuse(from, ErrorCode::busy, re);
        return;
    }
    if (!nonce.empty()) {
        nonces.begin(from.id(), nonce);
    }
    const Post& begun = posts.begin(std::move(record), std::move(nonce));
    outputs.push_back(Persist{begun.record, begun.nonce});
}

void Room::Impl::ack(const MemberState& to, std::string nonce, Seq seq) {
    send(to, signaling::Ack{std::move(nonce), settings.epoch, seq});
}

void Room::Impl::ack_unchanged(const MemberState& to, const std::string& nonce, Seq seq, Now now) {
    nonces.accept(to.id(), nonce, seq, now.steady);
    ack(to, nonce, seq);
}

template <class Message>
void Room::Impl::with_target(MemberState& from, Message& message, Now now) {
    if (is_repeated(from, message.nonce, now)) {
        return;
    }
    if (const Record* target = tail.find(message.target)) {
        apply(from, message, *target, now);
        return;
    }
    if (message.target > tail.floor() || message.target <= tail.erased_through()) {
        refuse(from, ErrorCode::target_unknown, message.nonce);
        return;
    }
    if (lookups.size() >= lookups_max) {
        refuse(from, ErrorCode::busy, message.nonce);
        return;
    }
    const Seq target = message.target;
    lookups.emplace(next_lookup, WaitingForTarget{from.id(), std::move(message)});
    outputs.push_back(Lookup{next_lookup++, target});
}

void Room::Impl::apply(MemberState& from, signaling::Delete& message, const Record& target, Now now) {
    if (target.kind != Record::Kind::chat) {
        refuse(from, ErrorCode::target_unknown, message.nonce);
        return;
    }
    if (target.from != from.id() && !is_host(from)) {
        refuse(from, ErrorCode::not_allowed, message.nonce);
        return;
    }
    if (target.deleted) {
        ack_unchanged(from, message.nonce, target.seq, now);
        return;
    }
    Record record = new_record(Record::Kind::remove, from, now);
    record.target = message.target;
    post(from, std::move(record), message.nonce, message.nonce);
}

void Room::Impl::apply(MemberState& from, signaling::React& message, const Record& target, Now now) {
    if (target.kind != Record::Kind::chat || target.deleted) {
        refuse(from, ErrorCode::target_unknown, message.nonce);
        return;
    }
    const bool is_settled = !posts.has_reaction(from.id(), message.target);
    if (is_settled && has_reaction(target, message.emoji, from.id()) == message.on) {
        ack_unchanged(from, message.nonce, target.seq, now);
        return;
    }
    if (message.on && !takes_reaction(target, message.emoji)) {
        refuse(from, ErrorCode::busy, message.nonce);
        return;
    }
    Record record = new_record(Record::Kind::react, from, now);
    record.target = message.target;
    record.emoji = std::move(message.emoji);
    record.on = message.on;
    post(from, std::move(record), message.nonce, message.nonce);
}

void Room::Impl::on_persisted(Seq seq, bool durable, Now now) {
    posts.settle(seq, durable);
    while (std::optional<Post> post = posts.take_settled()) {
        const MemberState* author = members.find(post->record.from);
        if (post->outcome == Post::Outcome::failed) {
            nonces.forget(post->record.from, post->nonce);
            if (author != nullptr) {
                refuse(*author, ErrorCode::chat_unavailable, post->nonce.empty() ? "erase" : post->nonce);
            }
            continue;
        }
        const Seq written = post->record.seq;
        if (!post->nonce.empty()) {
            nonces.accept(post->record.from, post->nonce, written, now.steady);
        }
        if (!settings.ended) {
            send_all(signaling::RecordAdded{post->record});
        }
        tail.append(std::move(post->record));
        if (author != nullptr && !post->nonce.empty()) {
            ack(*author, std::move(post->nonce), written);
        }
    }
}

void Room::Impl::on_lookup(std::uint64_t token, const std::optional<Record>& record, Now now) {
    auto entry = lookups.extract(token);
    MemberState* from = entry.empty() ? nullptr : members.find(entry.mapped().member);
    if (from == nullptr) {
        return;
    }
    std::visit(
        [&](auto& message) {
            if (is_repeated(*from, message.nonce, now)) {
                return;
            }
            if (!record || record->seq != message.target) {
                refuse(*from, ErrorCode::target_unknown, message.nonce);
                return;
            }
            apply(*from, message, *record, now);
        },
        entry.mapped().message);
}

}  // namespace waaft::room
