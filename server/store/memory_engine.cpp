// The engine that keeps everything in memory: tests, and `--data none`.
#include "server/store/page.h"
#include "server/store/queued_store.h"

#include <algorithm>
#include <map>
#include <set>

namespace waaft::store {
namespace {

struct Kept {
    Record record;
    std::string nonce;
};

struct Room {
    std::int64_t number = 0;
    RoomRow row;
    std::map<Seq, Kept> log;
    std::map<std::string, MemberMark> marks;
    std::set<std::string> banned_addresses;
    std::map<std::string, LinkRow> links;  // by id
};

void empty_text(Record& record) {
    if (record.kind != Record::Kind::chat) return;
    record.text.clear();
    record.deleted = true;
}

class MemoryEngine final : public Engine {
public:
    Outcome begin(bool) override { return {}; }
    Outcome commit() override { return {}; }
    bool in_batch() const override { return true; }

    Outcome create_room(const RoomRow& row) override;
    Outcome update_room(const RoomRow& row) override;
    Outcome mark_member(const std::string& name, const MemberMark& mark, const std::string& address) override;
    Outcome append(const Append& append) override;
    Outcome revoke_link(const std::string& id, UnixMs expires_at) override;
    Result<Recorded, StoreError> record_link(const std::string& name, const std::string& life,
                                             const LinkRow& link) override;
    Result<std::vector<LinkRow>, StoreError> void_links(const std::string& name, const std::string& life,
                                                        UnixMs until) override;
    Result<std::optional<LoadedRoom>, StoreError> load_room(const std::string& name, std::uint32_t tail_max,
                                                            UnixMs nonces_since) override;
    Result<Page, StoreError> history(const std::string& name, Seq before, std::uint32_t limit) override;
    Result<Page, StoreError> since(const std::string& name, Seq after, std::uint32_t limit) override;
    Result<std::vector<std::string>, StoreError> revoked_links(UnixMs now) override;
    Result<std::vector<LinkRow>, StoreError> links(const std::string& name, const std::string& life) override;
    Outcome sweep(const Retention& retention, UnixMs now, SweepProgress& progress) override;

private:
    Room* find(const std::string& name);
    Room* find_open(const std::string& name, const std::string& life);
    bool is_revoked(const std::string& room, const std::string& link) const;
    Room* first_after(std::int64_t number);

    std::map<std::string, Room> rooms_;
    std::map<std::string, UnixMs> revoked_;
    std::int64_t next_number_ = 1;
};

Room* MemoryEngine::find(const std::string& name) {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : &found->second;
}

Room* MemoryEngine::first_after(std::int64_t number) {
    Room* first = nullptr;
    for (auto& [name, room] : rooms_) {
        if (room.number > number && (first == nullptr || room.number < first->number)) first = &room;
    }
    return first;
}

Outcome MemoryEngine::create_room(const RoomRow& row) {
    const Room* room = find(row.name);
    if (room != nullptr && room->row.ended_at == 0) return StoreError::exists;
    rooms_.insert_or_assign(row.name, Room{next_number_++, row, {}, {}, {}, {}});
    return {};
}

Outcome MemoryEngine::update_room(const RoomRow& row) {
    Room* room = find(row.name);
    if (room == nullptr || (!row.epoch.empty() && row.epoch != room->row.epoch)) return StoreError::conflict;
    RoomRow updated = row;
    updated.epoch = room->row.epoch;
    updated.created_at = room->row.created_at;
    updated.last_seq = room->row.last_seq;
    room->row = std::move(updated);
    if (row.ended_at != 0) room->links.clear();
    return {};
}

Outcome MemoryEngine::mark_member(const std::string& name, const MemberMark& mark, const std::string& address) {
    Room* room = find(name);
    if (room == nullptr) return StoreError::conflict;
    room->marks.insert_or_assign(mark.member, mark);
    if (!address.empty()) room->banned_addresses.insert(address);
    return {};
}

Outcome MemoryEngine::append(const Append& append) {
    Room* room = find(append.room);
    const Record& record = append.record;
    if (room == nullptr || room->row.epoch != append.epoch || record.seq <= room->row.last_seq) {
        return StoreError::conflict;
    }
    if (record.kind == Record::Kind::remove) {
        const auto target = room->log.find(record.target);
        if (target != room->log.end()) empty_text(target->second.record);
    } else if (record.kind == Record::Kind::erase) {
        for (auto& [seq, kept] : room->log) empty_text(kept.record);
    }
    room->log.emplace(record.seq, Kept{record, append.nonce});
    room->row.last_seq = record.seq;
    room->row.last_active_at = std::max(room->row.last_active_at, record.at);
    return {};
}

Outcome MemoryEngine::revoke_link(const std::string& id, UnixMs expires_at) {
    revoked_.insert_or_assign(id, expires_at);
    return {};
}

Room* MemoryEngine::find_open(const std::string& name, const std::string& life) {
    Room* room = find(name);
    return room != nullptr && room->row.epoch == life && room->row.ended_at == 0 ? room : nullptr;
}

bool MemoryEngine::is_revoked(const std::string& room, const std::string& link) const {
    return revoked_.contains(revoked_link_id(room, link));
}

Result<Recorded, StoreError> MemoryEngine::record_link(const std::string& name, const std::string& life,
                                                       const LinkRow& link) {
    Room* room = find_open(name, life);
    if (room == nullptr) return Recorded::gone;
    std::erase_if(room->links, [&](const auto& entry) { return entry.second.expires_at <= link.made_at; });
    if (room->links.size() >= links_max) {
        std::erase_if(room->links, [&](const auto& entry) {
            const LinkRow& other = entry.second;
            const bool of_earlier_host = other.role == Role::host && other.host_key != link.host_key;
            return of_earlier_host || is_revoked(name, other.id);
        });
    }
    if (room->links.size() >= links_max) return Recorded::too_many;
    room->links.insert_or_assign(link.id, link);
    return Recorded::done;
}

Result<std::vector<LinkRow>, StoreError> MemoryEngine::links(const std::string& name, const std::string& life) {
    std::vector<LinkRow> found;
    const Room* room = find_open(name, life);
    if (room == nullptr) return found;
    for (const auto& [id, link] : room->links) {
        found.push_back(link);
        found.back().revoked = is_revoked(name, id);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const LinkRow& one, const LinkRow& other) { return one.made_at < other.made_at; });
    return found;
}

Result<std::vector<LinkRow>, StoreError> MemoryEngine::void_links(const std::string& name, const std::string& life,
                                                                  UnixMs until) {
    auto voided = links(name, life);
    std::erase_if(*voided, [](const LinkRow& link) { return link.revoked; });
    for (LinkRow& link : *voided) {
        link.revoked = true;
        revoked_.insert_or_assign(revoked_link_id(name, link.id), until);
    }
    revoked_.insert_or_assign(unrecorded_links_id(name, life), until);
    return voided;
}

Result<std::optional<LoadedRoom>, StoreError> MemoryEngine::load_room(const std::string& name, std::uint32_t tail_max,
                                                                      UnixMs nonces_since) {
    const Room* room = find(name);
    if (room == nullptr) return std::optional<LoadedRoom>();
    LoadedRoom loaded;
    loaded.row = room->row;
    if (room->row.ended_at != 0) return std::optional(std::move(loaded));
    const Seq last = room->row.last_seq;
    for (const auto& [seq, kept] : room->log) {
        if (seq > (last > tail_max ? last - tail_max : 0)) loaded.tail.push_back(kept.record);
        if (!kept.nonce.empty() && kept.record.at >= nonces_since) {
            loaded.nonces.push_back({kept.record.from, kept.nonce, seq, kept.record.at});
        }
    }
    for (const auto& [member, mark] : room->marks) loaded.marks.push_back(mark);
    loaded.banned_addresses.assign(room->banned_addresses.begin(), room->banned_addresses.end());
    return std::optional(std::move(loaded));
}

Result<Page, StoreError> MemoryEngine::history(const std::string& name, Seq before, std::uint32_t limit) {
    Page page;
    const Room* room = find(name);
    if (room == nullptr) return page;
    std::vector<Record> reactions;
    for (auto it = std::make_reverse_iterator(room->log.lower_bound(before)); it != room->log.rend(); ++it) {
        if (it->second.record.kind != Record::Kind::chat) continue;
        page.more = page.items.size() == limit;
        if (page.more) break;
        page.items.push_back(it->second.record);
    }
    std::reverse(page.items.begin(), page.items.end());
    for (const auto& [seq, kept] : room->log) {
        if (kept.record.kind == Record::Kind::react) reactions.push_back(kept.record);
    }
    apply_later(page.items, reactions);
    return page;
}

Result<Page, StoreError> MemoryEngine::since(const std::string& name, Seq after, std::uint32_t limit) {
    Page page;
    const Room* room = find(name);
    if (room == nullptr) return page;
    for (auto it = room->log.upper_bound(after); it != room->log.end(); ++it) {
        page.more = page.items.size() == limit;
        if (page.more) break;
        page.items.push_back(it->second.record);
    }
    return page;
}

Result<std::vector<std::string>, StoreError> MemoryEngine::revoked_links(UnixMs now) {
    std::vector<std::string> ids;
    for (const auto& [id, expires_at] : revoked_) {
        if (expires_at > now) ids.push_back(id);
    }
    return ids;
}

// The first seq that stays when only the newest `keep` chat records do.
Seq first_kept(const Room& room, std::uint32_t keep) {
    std::uint32_t seen = 0;
    for (auto it = room.log.rbegin(); it != room.log.rend(); ++it) {
        if (it->second.record.kind == Record::Kind::chat && ++seen == keep) return it->first;
    }
    return 0;
}

// One room a step.
Outcome MemoryEngine::sweep(const Retention& retention, UnixMs now, SweepProgress& progress) {
    if (progress.room == 0)
        progress.removed += std::erase_if(revoked_, [&](const auto& link) { return link.second <= now; });
    Room* room = first_after(progress.room);
    progress.finished = room == nullptr;
    if (room == nullptr) return {};
    progress.room = room->number;
    const RoomRow& row = room->row;
    if (is_outlived(retention, row.ended_at, row.last_active_at, now)) {
        progress.removed += room->log.size() + 1;
        rooms_.erase(std::string(row.name));
        return {};
    }
    if (retention.marks_age_ms != 0) {
        std::erase_if(room->marks, [&](const auto& entry) {
            return entry.second.kind != MemberMark::Kind::banned && entry.second.at < now - retention.marks_age_ms;
        });
    }
    std::erase_if(room->links, [&](const auto& entry) { return entry.second.expires_at <= now; });
    const Seq first = retention.chat_messages == 0 ? 0 : first_kept(*room, retention.chat_messages);
    const UnixMs oldest = retention.chat_age_ms == 0 ? 0 : now - retention.chat_age_ms;
    progress.removed += std::erase_if(
        room->log, [&](const auto& entry) { return entry.first < first || entry.second.record.at < oldest; });
    return {};
}

}  // namespace

std::unique_ptr<Engine> make_memory_engine() { return std::make_unique<MemoryEngine>(); }

std::unique_ptr<Store> open_memory_store() {
    return std::make_unique<QueuedStore>(make_memory_engine(), Budget::Max{});
}

}  // namespace waaft::store
