// The engine on an SQLite file: WAL, synchronous=FULL, a savepoint per write.
//
// Thread: one at a time. Ownership: owns the connection and the lock on the data directory.
// Units: as in store.h. Errors: StoreError; SQLITE_FULL and ENOSPC are `full`. Source: sqlite.org/wal.html.
#pragma once

#include "server/store/engine.h"
#include "server/store/file.h"
#include "server/store/sqlite_database.h"

namespace waaft::store {

class SqliteEngine final : public Engine {
public:
    // `database` has the current schema.
    SqliteEngine(Database database, std::shared_ptr<const FileLock> lock, Duration wipe_after)
        : lock_(std::move(lock)), database_(std::move(database)), wipe_after_(wipe_after) {}

    Outcome begin(bool writes) override;
    Outcome commit() override;
    bool in_batch() const override { return !database_.is_autocommit(); }

    Outcome create_room(const RoomRow& row) override;
    Outcome update_room(const RoomRow& row) override;
    Outcome mark_member(const std::string& room, const MemberMark& mark, const std::string& address) override;
    Outcome append(const Append& append) override;
    Outcome revoke_link(const std::string& id, UnixMs expires_at) override;
    Result<Recorded, StoreError> record_link(const std::string& room, const std::string& life,
                                             const LinkRow& link) override;
    Result<std::vector<LinkRow>, StoreError> void_links(const std::string& room, const std::string& life,
                                                        UnixMs until) override;
    Result<std::optional<LoadedRoom>, StoreError> load_room(const std::string& name, std::uint32_t tail_max,
                                                            UnixMs nonces_since) override;
    Result<Page, StoreError> history(const std::string& room, Seq before, std::uint32_t limit) override;
    Result<Page, StoreError> since(const std::string& room, Seq after, std::uint32_t limit) override;
    Result<std::vector<std::string>, StoreError> revoked_links(UnixMs now) override;
    Result<std::vector<LinkRow>, StoreError> links(const std::string& room, const std::string& life) override;
    Outcome sweep(const Retention& retention, UnixMs now, SweepProgress& progress) override;
    std::optional<TimePoint> deadline() const override { return wipe_at_; }
    void on_deadline(TimePoint now) override;

private:
    // Runs a statement without rows; the rows that it changed.
    template <class... Args>
    Result<std::uint32_t, StoreError> change(std::string_view sql, const Args&... args);
    template <class... Args>
    Outcome run(std::string_view sql, const Args&... args);
    template <class... Args>
    Result<std::vector<Record>, StoreError> records(std::string_view sql, const Args&... args);
    template <class Work>
    Outcome atomically(Work work);
    StoreError failed(int code);
    void must_wipe();

    // 0: no such room.
    Result<std::int64_t, StoreError> find_room(const std::string& name);
    // 0: it has ended, or that life of it.
    Result<std::int64_t, StoreError> find_open(const std::string& name, const std::string& life);
    Outcome make_space_for_link(std::int64_t room, const std::string& name, const LinkRow& link, bool& has_space);
    Outcome insert_link(std::int64_t room, const LinkRow& link);
    Outcome insert_room(const RoomRow& row);
    Outcome insert_record(std::int64_t room, const Append& append);
    Outcome empty_texts(std::int64_t room, const Record& by);
    Outcome take_back_reaction(std::int64_t room, const Record& by);
    Outcome read_reactions(std::int64_t room, Record& message);
    Outcome delete_room(std::int64_t room);
    Outcome load_rest(std::int64_t room, LoadedRoom& loaded, std::uint32_t tail_max, UnixMs nonces_since);
    Outcome load_marks(std::int64_t room, LoadedRoom& loaded);
    struct RoomToSweep {
        std::int64_t id = 0;  // 0: there is none
        UnixMs ended_at = 0;
        UnixMs last_active_at = 0;
    };
    Result<RoomToSweep, StoreError> next_room(std::int64_t after);
    Outcome sweep_rooms(const Retention& retention, UnixMs now, SweepProgress& progress);
    // How many rows of the room went, at most `budget`.
    Result<std::uint32_t, StoreError> sweep_room(const RoomToSweep& room, const Retention& retention, UnixMs now,
                                                 std::uint32_t budget);
    Result<std::uint32_t, StoreError> sweep_ended(std::int64_t room, std::uint32_t budget);
    Result<std::uint32_t, StoreError> sweep_count(std::int64_t room, std::uint32_t keep, std::uint32_t budget);

    std::shared_ptr<const FileLock> lock_;  // released after the database is closed
    Database database_;
    StoreError lost_ = StoreError::io;  // why the batch was lost, if it was
    // Texts that were deleted still stand in the write-ahead log; it is emptied then. At the start that of before.
    const Duration wipe_after_;
    std::optional<TimePoint> wipe_at_ = Clock::now() + wipe_after_;
};

template <class... Args>
Outcome SqliteEngine::run(std::string_view sql, const Args&... args) {
    Query query = database_.query(sql, args...);
    if (!query.run()) return failed(query.code());
    return {};
}

template <class... Args>
Result<std::uint32_t, StoreError> SqliteEngine::change(std::string_view sql, const Args&... args) {
    if (const Outcome outcome = run(sql, args...); !outcome) return outcome.error();
    return static_cast<std::uint32_t>(sqlite3_changes(database_.handle()));
}

// Undoes all of `work` if it fails, and nothing else of the batch.
template <class Work>
Outcome SqliteEngine::atomically(Work work) {
    if (const Outcome saved = run("SAVEPOINT one_call"); !saved) return saved;
    const Outcome outcome = work();
    if (!in_batch()) return outcome;
    if (!outcome) {
        if (const Outcome undone = run("ROLLBACK TO one_call"); !undone) return undone;
    }
    if (const Outcome released = run("RELEASE one_call"); !released) return released;
    return outcome;
}

}  // namespace waaft::store
