#include "server/room/tail.h"

#include <algorithm>
#include <utility>

namespace waaft::room {

using signaling::Record;
using signaling::Seq;

namespace {

constexpr std::size_t emojis_max = 20;
constexpr std::size_t reactions_max = 4096;
constexpr std::size_t reaction_bytes = 64;  // a member id in a vector, about

std::size_t reaction_count(const Record& record) {
    std::size_t count = 0;
    for (const auto& entry : record.reactions) {
        count += entry.second.size();
    }
    return count;
}

std::size_t bytes_of(const Record& record) {
    return sizeof(Record) + record.from.size() + record.name.size() + record.text.size() + record.emoji.size() +
           reaction_count(record) * reaction_bytes;
}

bool seq_less(const Record& record, Seq seq) { return record.seq < seq; }

}  // namespace

Tail::Tail(Bounds bounds, Seq last_seq, std::vector<Record> kept) : bounds_(bounds) {
    floor_ = kept.empty() ? last_seq : kept.front().seq - 1;
    for (Record& record : kept) {
        append(std::move(record));
    }
    last_seq_ = std::max(last_seq_, last_seq);
}

void Tail::append(Record record) {
    apply(record);
    last_seq_ = record.seq;
    bytes_ += bytes_of(record);
    records_.push_back(std::move(record));
    evict();
}

const Record* Tail::find(Seq seq) const {
    const auto found = std::lower_bound(records_.begin(), records_.end(), seq, seq_less);
    return found == records_.end() || found->seq != seq ? nullptr : &*found;
}

std::vector<Record> Tail::since(Seq seq) const {
    const auto first = std::lower_bound(records_.begin(), records_.end(), seq + 1, seq_less);
    std::vector<Record> items(first, records_.end());
    for (Record& record : items) {
        record.reactions.clear();  // the react records follow
    }
    return items;
}

std::optional<signaling::Gap> Tail::gap_after(Seq seq) const {
    if (seq >= floor_) {
        return std::nullopt;
    }
    return signaling::Gap{seq + 1, records_.empty() ? last_seq_ : records_.front().seq - 1};
}

Tail::Latest Tail::latest(std::size_t count) const {
    Latest result;
    result.more = floor_ > erased_through_;
    for (auto record = records_.rbegin(); record != records_.rend() && record->seq > erased_through_; ++record) {
        if (record->kind != Record::Kind::chat) {
            continue;
        }
        if (result.items.size() == count) {
            result.more = true;
            break;
        }
        result.items.push_back(*record);
    }
    std::reverse(result.items.begin(), result.items.end());
    return result;
}

void Tail::apply(const Record& record) {
    switch (record.kind) {
        case Record::Kind::chat: return;
        case Record::Kind::remove:
            if (Record* target = find_chat(record.target)) {
                blank(*target);
            }
            return;
        case Record::Kind::react: apply_reaction(record); return;
        case Record::Kind::erase:
            erased_through_ = record.seq;
            for (Record& each : records_) {
                if (each.kind == Record::Kind::chat) {
                    blank(each);
                }
            }
            return;
    }
}

void Tail::apply_reaction(const Record& record) {
    Record* target = find_chat(record.target);
    if (target == nullptr || target->deleted || has_reaction(*target, record.emoji, record.from) == record.on) {
        return;
    }
    std::vector<std::string>& members = target->reactions[record.emoji];
    if (record.on) {
        members.push_back(record.from);
        bytes_ += reaction_bytes;
        return;
    }
    std::erase(members, record.from);
    bytes_ -= reaction_bytes;
    if (members.empty()) {
        target->reactions.erase(record.emoji);
    }
}

void Tail::blank(Record& record) {
    bytes_ -= bytes_of(record);
    record.text = std::string();
    record.reactions.clear();
    record.deleted = true;
    bytes_ += bytes_of(record);
}

void Tail::evict() {
    while (!records_.empty() && (records_.size() > bounds_.records_max || bytes_ > bounds_.bytes_max)) {
        drop_oldest();
    }
}

void Tail::forget_before(UnixMs at) {
    while (!records_.empty() && records_.front().at < at) {
        drop_oldest();
    }
}

void Tail::drop_oldest() {
    bytes_ -= bytes_of(records_.front());
    floor_ = records_.front().seq;
    records_.pop_front();
}

Record* Tail::find_chat(Seq seq) {
    const auto found = std::lower_bound(records_.begin(), records_.end(), seq, seq_less);
    const bool chat = found != records_.end() && found->seq == seq && found->kind == Record::Kind::chat;
    return chat ? &*found : nullptr;
}

bool has_reaction(const Record& chat, const std::string& emoji, const std::string& member) {
    const auto found = chat.reactions.find(emoji);
    return found != chat.reactions.end() &&
           std::find(found->second.begin(), found->second.end(), member) != found->second.end();
}

bool takes_reaction(const Record& chat, const std::string& emoji) {
    if (reaction_count(chat) >= reactions_max) {
        return false;
    }
    return chat.reactions.contains(emoji) || chat.reactions.size() < emojis_max;
}

}  // namespace waaft::room
