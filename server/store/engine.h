// What a storage engine does, call by call, without threads: QueuedStore calls it from its one thread.
//
// Thread: one. Ownership: the engine owns its data. Units: as in store.h. Errors: StoreError.
// A batch is begin(), any calls, commit(). A write that fails leaves the rest of the batch as it was,
// unless in_batch() is false afterwards: then all that the batch had written is lost.
#pragma once

#include "server/store/store.h"

namespace waaft::store {

using Outcome = Result<void, StoreError>;
inline constexpr std::size_t links_max = LinkStore::links_max;

// Where a sweep stands: it goes from room to room by their internal numbers.
struct SweepProgress {
    std::int64_t room = 0;  // rooms with a number up to this one are done
    std::uint64_t removed = 0;
    bool finished = false;
};

class Engine {
public:
    virtual ~Engine() = default;

    virtual Outcome begin(bool writes) = 0;
    // If it fails nothing of the batch was kept.
    virtual Outcome commit() = 0;
    virtual bool in_batch() const = 0;

    virtual Outcome create_room(const RoomRow& row) = 0;
    virtual Outcome update_room(const RoomRow& row) = 0;
    virtual Outcome mark_member(const std::string& room, const MemberMark& mark, const std::string& address) = 0;
    virtual Outcome append(const Append& append) = 0;
    virtual Outcome revoke_link(const std::string& id, UnixMs expires_at) = 0;
    virtual Result<Recorded, StoreError> record_link(const std::string& room, const std::string& life,
                                                     const LinkRow& link) = 0;
    virtual Result<std::vector<LinkRow>, StoreError> void_links(const std::string& room, const std::string& life,
                                                                UnixMs until) = 0;

    virtual Result<std::optional<LoadedRoom>, StoreError> load_room(const std::string& name, std::uint32_t tail_max,
                                                                    UnixMs nonces_since) = 0;
    virtual Result<Page, StoreError> history(const std::string& room, Seq before, std::uint32_t limit) = 0;
    virtual Result<Page, StoreError> since(const std::string& room, Seq after, std::uint32_t limit) = 0;
    virtual Result<std::vector<std::string>, StoreError> revoked_links(UnixMs now) = 0;
    virtual Result<std::vector<LinkRow>, StoreError> links(const std::string& room, const std::string& life) = 0;

    // Removes about `sweep_step` rows at most.
    virtual Outcome sweep(const Retention& retention, UnixMs now, SweepProgress& progress) = 0;

    // What has to be done at a time, between two batches.
    virtual std::optional<TimePoint> deadline() const { return std::nullopt; }
    virtual void on_deadline(TimePoint) {}

    static constexpr std::uint32_t sweep_step = 500;
};

std::unique_ptr<Engine> make_memory_engine();

// Whether the room goes with all that is its.
inline bool is_outlived(const Retention& retention, UnixMs ended_at, UnixMs last_active_at, UnixMs now) {
    const UnixMs age = ended_at != 0 ? retention.room_age_ms : retention.unused_age_ms;
    return age != 0 && (ended_at != 0 ? ended_at : last_active_at) < now - age;
}

}  // namespace waaft::store
