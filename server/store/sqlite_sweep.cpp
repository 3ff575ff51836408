// The retention of SqliteEngine: what is too old or too much goes, a few hundred rows a step.
#include "server/store/sqlite_engine.h"

namespace waaft::store {
namespace {

constexpr std::uint32_t rooms_per_step = 50;

}  // namespace

Result<SqliteEngine::RoomToSweep, StoreError> SqliteEngine::next_room(std::int64_t after) {
    Query query =
        database_.query("SELECT id, ended_at, last_active_at FROM rooms WHERE id > ?1 ORDER BY id LIMIT 1", after);
    if (query.next()) return RoomToSweep{query.integer(0), query.integer(1), query.integer(2)};
    if (!query.ok()) return failed(query.code());
    return RoomToSweep{};
}

// Never more than `budget` rows, so that nobody's message waits for an old room's end.
Result<std::uint32_t, StoreError> SqliteEngine::sweep_ended(std::int64_t room, std::uint32_t budget) {
    const auto removed = change(
        "DELETE FROM records WHERE room = ?1 AND seq IN "
        "(SELECT seq FROM records WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3)",
        room, std::int64_t{0}, std::int64_t{budget});
    if (!removed || *removed == budget) return removed;
    if (const Outcome outcome = delete_room(room); !outcome) return outcome.error();
    return *removed + 1;
}

// What is older than the oldest message that stays can't be for one that does.
Result<std::uint32_t, StoreError> SqliteEngine::sweep_count(std::int64_t room, std::uint32_t keep,
                                                            std::uint32_t budget) {
    std::int64_t first = 0;
    {
        Query query = database_.query(
            "SELECT seq FROM records INDEXED BY records_chat WHERE room = ?1 AND kind = 0 "
            "ORDER BY seq DESC LIMIT 1 OFFSET ?2",
            room, std::int64_t{keep} - 1);
        if (query.next()) first = query.integer(0);
        if (!query.run()) return failed(query.code());
    }
    if (first == 0) return 0U;
    return change(
        "DELETE FROM records WHERE room = ?1 AND seq IN "
        "(SELECT seq FROM records WHERE room = ?1 AND seq < ?2 ORDER BY seq LIMIT ?3)",
        room, first, std::int64_t{budget});
}

Result<std::uint32_t, StoreError> SqliteEngine::sweep_room(const RoomToSweep& swept, const Retention& retention,
                                                           UnixMs now, std::uint32_t budget) {
    const std::int64_t room = swept.id;
    if (is_outlived(retention, swept.ended_at, swept.last_active_at, now)) return sweep_ended(room, budget);
    std::uint32_t removed = 0;
    if (retention.marks_age_ms != 0) {
        constexpr std::int64_t banned = static_cast<std::int64_t>(MemberMark::Kind::banned);
        const auto outdated = change("DELETE FROM marks WHERE room = ?1 AND kind <> ?2 AND at < ?3", room, banned,
                                     now - retention.marks_age_ms);
        if (!outdated) return outdated;
    }
    if (const Outcome expired = run("DELETE FROM links WHERE room = ?1 AND expires_at <= ?2", room, now); !expired)
        return expired.error();
    if (retention.chat_age_ms != 0) {
        const auto aged = change(
            "DELETE FROM records WHERE room = ?1 AND seq IN "
            "(SELECT seq FROM records INDEXED BY records_at WHERE room = ?1 AND at < ?2 LIMIT ?3)",
            room, now - retention.chat_age_ms, std::int64_t{budget});
        if (!aged) return aged;
        removed = *aged;
    }
    if (retention.chat_messages == 0 || removed >= budget) return removed;
    const auto surplus = sweep_count(room, retention.chat_messages, budget - removed);
    if (!surplus) return surplus;
    return removed + *surplus;
}

// The rooms after `progress.room` until the step is used up; `progress` counts what went.
Outcome SqliteEngine::sweep_rooms(const Retention& retention, UnixMs now, SweepProgress& progress) {
    std::uint32_t budget = sweep_step;
    for (std::uint32_t rooms = 0; rooms < rooms_per_step; ++rooms) {
        const auto room = next_room(progress.room);
        if (!room) return room.error();
        progress.finished = room->id == 0;
        if (progress.finished) return {};
        const auto removed = sweep_room(*room, retention, now, budget);
        if (!removed) return removed.error();
        progress.removed += *removed;
        if (*removed >= budget) return {};  // the room may have more
        budget -= *removed;
        progress.room = room->id;
    }
    return {};
}

Outcome SqliteEngine::sweep(const Retention& retention, UnixMs now, SweepProgress& progress) {
    SweepProgress next = progress;
    const Outcome outcome = atomically([&]() -> Outcome {
        if (next.room == 0) {
            const auto links = change("DELETE FROM revoked_links WHERE expires_at <= ?1", now);
            if (!links) return links.error();
            next.removed += *links;
        }
        return sweep_rooms(retention, now, next);
    });
    if (outcome && next.removed > progress.removed) must_wipe();
    if (outcome) progress = next;
    return outcome;
}

}  // namespace waaft::store
