#include "server/store/sqlite_engine.h"

#include "server/signaling/wire_size.h"
#include "server/store/page.h"

#include <algorithm>
#include <limits>

namespace waaft::store {
namespace {

#define RECORD_COLUMNS "seq, kind, at, sender, name, text, target, emoji, is_on, deleted"

// SQLite's integers are signed; a seq that large was never given out.
std::int64_t to_sql(Seq seq) {
    return static_cast<std::int64_t>(std::min<Seq>(seq, std::numeric_limits<std::int64_t>::max()));
}

template <class Enum>
std::int64_t to_sql_enum(Enum value) {
    return static_cast<std::int64_t>(value);
}

Record read_record(const Query& row) {
    Record record;
    record.seq = static_cast<Seq>(row.integer(0));
    record.kind = static_cast<Record::Kind>(row.integer(1));
    record.at = row.integer(2);
    record.from = row.text(3);
    record.name = row.text(4);
    record.text = row.text(5);
    record.target = static_cast<Seq>(row.integer(6));
    record.emoji = row.text(7);
    record.on = row.integer(8) != 0;
    record.deleted = row.integer(9) != 0;
    return record;
}

RoomRow read_room(const Query& row, const std::string& name) {
    RoomRow room;
    room.name = name;
    room.epoch = row.text(1);
    room.kind = static_cast<RoomKind>(row.integer(2));
    room.host_key_hash = row.text(3);
    room.password_hash = row.text(4);
    room.locked = row.integer(5) != 0;
    room.members_max = static_cast<std::uint32_t>(row.integer(6));
    room.created_at = row.integer(7);
    room.ended_at = row.integer(8);
    room.last_active_at = row.integer(9);
    room.last_seq = static_cast<Seq>(row.integer(10));
    return room;
}

// One record more than the limit was asked for; it only says that there is more.
bool take_surplus(std::vector<Record>& items, std::uint32_t limit) {
    if (items.size() <= limit) return false;
    items.pop_back();
    return true;
}

}  // namespace

StoreError SqliteEngine::failed(int code) {
    lost_ = database_.error_of(code);
    return lost_;
}

template <class... Args>
Result<std::vector<Record>, StoreError> SqliteEngine::records(std::string_view sql, const Args&... args) {
    Query query = database_.query(sql, args...);
    std::vector<Record> found;
    while (query.next()) found.push_back(read_record(query));
    if (!query.ok()) return failed(query.code());
    return found;
}

Outcome SqliteEngine::begin(bool writes) {
    // What is written to a file that was removed or moved away, nobody would ever find again.
    int moved = 0;
    sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (writes && moved != 0) return StoreError::io;
    return run(writes ? "BEGIN IMMEDIATE" : "BEGIN");
}

Outcome SqliteEngine::commit() {
    // SQLite itself rolls back after some failures of a statement.
    if (!in_batch()) return lost_;
    const Outcome outcome = run("COMMIT");
    if (!outcome && in_batch()) {
        const StoreError why = lost_;
        if (!run("ROLLBACK")) lost_ = why;
        return why;
    }
    return outcome;
}

Result<std::int64_t, StoreError> SqliteEngine::find_room(const std::string& name) {
    Query query = database_.query("SELECT id FROM rooms WHERE name = ?1", name);
    if (query.next()) return query.integer(0);
    if (!query.ok()) return failed(query.code());
    return 0;
}

Outcome SqliteEngine::create_room(const RoomRow& row) {
    return atomically([&]() -> Outcome {
        Query query = database_.query("SELECT id, ended_at FROM rooms WHERE name = ?1", row.name);
        const bool found = query.next();
        if (!found && !query.ok()) return failed(query.code());
        if (found) {
            if (query.integer(1) == 0) return StoreError::exists;
            if (const Outcome outcome = delete_room(query.integer(0)); !outcome) return outcome;
        }
        return insert_room(row);
    });
}

Outcome SqliteEngine::insert_room(const RoomRow& row) {
    return run(
        "INSERT INTO rooms (name, epoch, kind, host_key_hash, password_hash, locked, members_max, created_at, "
        "ended_at, last_active_at, last_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        row.name, row.epoch, to_sql_enum(row.kind), row.host_key_hash, row.password_hash, std::int64_t{row.locked},
        std::int64_t{row.members_max}, row.created_at, row.ended_at, row.last_active_at, to_sql(row.last_seq));
}

Outcome SqliteEngine::delete_room(std::int64_t room) {
    for (const std::string_view sql :
         {std::string_view("DELETE FROM records WHERE room = ?1"),
          std::string_view("DELETE FROM marks WHERE room = ?1"),
          std::string_view("DELETE FROM banned_addresses WHERE room = ?1"),
          std::string_view("DELETE FROM links WHERE room = ?1"), std::string_view("DELETE FROM rooms WHERE id = ?1")}) {
        if (const Outcome outcome = run(sql, room); !outcome) return outcome;
    }
    return {};
}

Outcome SqliteEngine::update_room(const RoomRow& row) {
    return atomically([&]() -> Outcome {
        const auto changed = change(
            "UPDATE rooms SET kind = ?3, host_key_hash = ?4, password_hash = ?5, locked = ?6, members_max = ?7, "
            "ended_at = ?8, last_active_at = ?9 WHERE name = ?1 AND (?2 = '' OR epoch = ?2)",
            row.name, row.epoch, to_sql_enum(row.kind), row.host_key_hash, row.password_hash, std::int64_t{row.locked},
            std::int64_t{row.members_max}, row.ended_at, row.last_active_at);
        if (!changed) return changed.error();
        if (*changed == 0) return StoreError::conflict;
        if (row.ended_at == 0) return {};
        return run("DELETE FROM links WHERE room = (SELECT id FROM rooms WHERE name = ?1)", row.name);
    });
}

Outcome SqliteEngine::mark_member(const std::string& room, const MemberMark& mark, const std::string& address) {
    return atomically([&]() -> Outcome {
        const auto id = find_room(room);
        if (!id) return id.error();
        if (*id == 0) return StoreError::conflict;
        const Outcome marked = run("REPLACE INTO marks (room, member, kind, role, at) VALUES (?1, ?2, ?3, ?4, ?5)", *id,
                                   mark.member, to_sql_enum(mark.kind), to_sql_enum(mark.role), mark.at);
        if (!marked || address.empty()) return marked;
        return run("REPLACE INTO banned_addresses (room, address) VALUES (?1, ?2)", *id, address);
    });
}

Outcome SqliteEngine::append(const Append& append) {
    return atomically([&]() -> Outcome {
        const Record& record = append.record;
        std::int64_t room = 0;
        {
            Query query = database_.query(
                "UPDATE rooms SET last_seq = ?1, last_active_at = max(last_active_at, ?2) "
                "WHERE name = ?3 AND epoch = ?4 AND last_seq < ?1 RETURNING id",
                to_sql(record.seq), record.at, append.room, append.epoch);
            if (query.next()) room = query.integer(0);
            if (!query.run()) return failed(query.code());
        }
        if (room == 0) return StoreError::conflict;
        if (const Outcome emptied = empty_texts(room, record); !emptied) return emptied;
        if (const Outcome outdated = take_back_reaction(room, record); !outdated) return outdated;
        return insert_record(room, append);
    });
}

void SqliteEngine::must_wipe() {
    if (!wipe_at_) wipe_at_ = Clock::now() + wipe_after_;
}

// Source: sqlite3_wal_checkpoint_v2; secure_delete has overwritten the text in the pages that go to the database.
void SqliteEngine::on_deadline(TimePoint now) {
    static constexpr Duration wipe_again = std::chrono::seconds(5);
    if (!wipe_at_ || now < *wipe_at_) return;
    const int code =
        sqlite3_wal_checkpoint_v2(database_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    wipe_at_ = code == SQLITE_OK ? std::nullopt : std::optional(now + wipe_again);
}

Outcome SqliteEngine::empty_texts(std::int64_t room, const Record& by) {
    if (by.kind == Record::Kind::remove || by.kind == Record::Kind::erase) must_wipe();
    if (by.kind == Record::Kind::remove) {
        return run("UPDATE records SET text = '', deleted = 1 WHERE room = ?1 AND seq = ?2 AND kind = 0", room,
                   to_sql(by.target));
    }
    if (by.kind == Record::Kind::erase) {
        return run(
            "UPDATE records SET text = '', deleted = 1 WHERE room = ?1 AND seq < ?2 AND kind = 0 AND deleted = 0", room,
            to_sql(by.seq));
    }
    return {};
}

// What this member said before with this emoji counts no more.
Outcome SqliteEngine::take_back_reaction(std::int64_t room, const Record& by) {
    if (by.kind != Record::Kind::react) return {};
    return run(
        "UPDATE records INDEXED BY records_reaction SET is_on = 0 "
        "WHERE room = ?1 AND kind = 2 AND is_on = 1 AND target = ?2 AND sender = ?3 AND emoji = ?4",
        room, to_sql(by.target), by.from, by.emoji);
}

Outcome SqliteEngine::insert_record(std::int64_t room, const Append& append) {
    const Record& record = append.record;
    return run(
        "INSERT INTO records (room, seq, kind, at, sender, name, text, target, emoji, is_on, deleted, nonce) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        room, to_sql(record.seq), to_sql_enum(record.kind), record.at, record.from, record.name, record.text,
        to_sql(record.target), record.emoji, std::int64_t{record.on}, std::int64_t{record.deleted}, append.nonce);
}

Outcome SqliteEngine::revoke_link(const std::string& id, UnixMs expires_at) {
    return atomically(
        [&] { return run("REPLACE INTO revoked_links (id, expires_at) VALUES (?1, ?2)", id, expires_at); });
}

Result<std::vector<std::string>, StoreError> SqliteEngine::revoked_links(UnixMs now) {
    Query query = database_.query("SELECT id FROM revoked_links WHERE expires_at > ?1", now);
    std::vector<std::string> ids;
    while (query.next()) ids.push_back(query.text(0));
    if (!query.ok()) return failed(query.code());
    return ids;
}

Result<std::optional<LoadedRoom>, StoreError> SqliteEngine::load_room(const std::string& name, std::uint32_t tail_max,
                                                                      UnixMs nonces_since) {
    LoadedRoom loaded;
    std::int64_t room = 0;
    {
        Query query = database_.query(
            "SELECT id, epoch, kind, host_key_hash, password_hash, locked, members_max, created_at, ended_at, "
            "last_active_at, last_seq FROM rooms WHERE name = ?1",
            name);
        if (!query.next()) {
            if (!query.ok()) return failed(query.code());
            return std::optional<LoadedRoom>();
        }
        room = query.integer(0);
        loaded.row = read_room(query, name);
    }
    if (loaded.row.ended_at == 0) {
        if (const Outcome rest = load_rest(room, loaded, tail_max, nonces_since); !rest) return rest.error();
    }
    return std::optional(std::move(loaded));
}

Outcome SqliteEngine::load_rest(std::int64_t room, LoadedRoom& loaded, std::uint32_t tail_max, UnixMs nonces_since) {
    const Seq last = loaded.row.last_seq;
    auto tail = records("SELECT " RECORD_COLUMNS " FROM records WHERE room = ?1 AND seq > ?2 ORDER BY seq", room,
                        to_sql(last > tail_max ? last - tail_max : 0));
    if (!tail) return tail.error();
    loaded.tail = std::move(*tail);
    Query nonces = database_.query(
        "SELECT sender, nonce, seq, at FROM records WHERE room = ?1 AND at >= ?2 AND nonce <> '' ORDER BY seq", room,
        nonces_since);
    while (nonces.next()) {
        loaded.nonces.push_back(
            {nonces.text(0), nonces.text(1), static_cast<Seq>(nonces.integer(2)), nonces.integer(3)});
    }
    if (!nonces.ok()) return failed(nonces.code());
    return load_marks(room, loaded);
}

Outcome SqliteEngine::load_marks(std::int64_t room, LoadedRoom& loaded) {
    Query marks = database_.query("SELECT member, kind, role, at FROM marks WHERE room = ?1", room);
    while (marks.next()) {
        loaded.marks.push_back({marks.text(0), static_cast<MemberMark::Kind>(marks.integer(1)),
                                static_cast<Role>(marks.integer(2)), marks.integer(3)});
    }
    if (!marks.ok()) return failed(marks.code());
    Query addresses = database_.query("SELECT address FROM banned_addresses WHERE room = ?1", room);
    while (addresses.next()) loaded.banned_addresses.push_back(addresses.text(0));
    if (!addresses.ok()) return failed(addresses.code());
    return {};
}

Result<Page, StoreError> SqliteEngine::history(const std::string& name, Seq before, std::uint32_t limit) {
    Page page;
    const auto room = find_room(name);
    if (!room) return room.error();
    auto items = records("SELECT " RECORD_COLUMNS
                         " FROM records INDEXED BY records_chat "
                         "WHERE room = ?1 AND kind = 0 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
                         *room, to_sql(before), std::int64_t{limit} + 1);
    if (!items) return items.error();
    page.more = take_surplus(*items, limit);
    std::size_t size = 0;
    for (Record& message : *items) {
        const Outcome read = read_reactions(*room, message);
        if (!read) return read.error();
        size += signaling::wire_size(message);
        // No more is read than a page may hold.
        if (size > page_bytes_max && !page.items.empty()) {
            page.more = true;
            break;
        }
        page.items.push_back(std::move(message));
    }
    std::reverse(page.items.begin(), page.items.end());
    return page;
}

Outcome SqliteEngine::read_reactions(std::int64_t room, Record& message) {
    if (message.deleted) return {};
    Query query = database_.query(
        "SELECT emoji, sender FROM records INDEXED BY records_reaction "
        "WHERE room = ?1 AND kind = 2 AND is_on = 1 AND target = ?2 ORDER BY seq",
        room, to_sql(message.seq));
    while (query.next()) message.reactions[query.text(0)].push_back(query.text(1));
    if (!query.ok()) return failed(query.code());
    return {};
}

Result<Page, StoreError> SqliteEngine::since(const std::string& name, Seq after, std::uint32_t limit) {
    Page page;
    const auto room = find_room(name);
    if (!room) return room.error();
    auto items = records("SELECT " RECORD_COLUMNS " FROM records WHERE room = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
                         *room, to_sql(after), std::int64_t{limit} + 1);
    if (!items) return items.error();
    page.items = std::move(*items);
    page.more = take_surplus(page.items, limit);
    return page;
}

}  // namespace waaft::store
