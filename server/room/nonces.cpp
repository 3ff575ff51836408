#include "server/room/nonces.h"

#include <utility>

namespace waaft::room {

namespace {

// Neither member ids nor nonces have a space.
std::string key_of(std::string_view member, std::string_view nonce) {
    std::string key;
    key.reserve(member.size() + 1 + nonce.size());
    key += member;
    key += ' ';
    key += nonce;
    return key;
}

}  // namespace

bool Nonces::is_pending(std::string_view member, std::string_view nonce) const {
    return pending_.contains(key_of(member, nonce));
}

std::optional<signaling::Seq> Nonces::find(std::string_view member, std::string_view nonce) const {
    const auto found = seqs_.find(key_of(member, nonce));
    return found == seqs_.end() ? std::nullopt : std::optional(found->second);
}

void Nonces::begin(std::string_view member, std::string_view nonce) { pending_.insert(key_of(member, nonce)); }

void Nonces::accept(std::string_view member, std::string_view nonce, signaling::Seq seq, TimePoint now) {
    std::string key = key_of(member, nonce);
    pending_.erase(key);
    const auto [entry, added] = seqs_.try_emplace(std::move(key), seq);
    if (added) {
        by_age_.push_back({now, &entry->first});
    }
    if (by_age_.size() > max_) {
        drop_oldest();
    }
}

void Nonces::forget(std::string_view member, std::string_view nonce) { pending_.erase(key_of(member, nonce)); }

void Nonces::expire(TimePoint now) {
    while (!by_age_.empty() && by_age_.front().at + keep_ <= now) {
        drop_oldest();
    }
}

void Nonces::drop_oldest() {
    seqs_.erase(seqs_.find(*by_age_.front().key));
    by_age_.pop_front();
}

}  // namespace waaft::room
