#include "server/store/schema.h"

#include "server/store/file.h"

#include <array>
#include <filesystem>

namespace waaft::store {
namespace {

constexpr std::int64_t application_id = 0x77616166;  // "waaf"

// records has no rowid: a room's log is then one run of pages, read in order without an index.
constexpr std::string_view version_1 = R"(
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    kind INTEGER NOT NULL,
    host_key_hash TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    locked INTEGER NOT NULL,
    members_max INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL
);
CREATE TABLE records (
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    sender TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    target INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    is_on INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    PRIMARY KEY (room, seq)
) WITHOUT ROWID;
CREATE INDEX records_chat ON records (room, seq) WHERE kind = 0;
CREATE INDEX records_target ON records (room, target) WHERE kind = 2;
CREATE INDEX records_at ON records (room, at);
CREATE TABLE marks (
    room INTEGER NOT NULL,
    member TEXT NOT NULL,
    kind INTEGER NOT NULL,
    role INTEGER NOT NULL,
    PRIMARY KEY (room, member)
) WITHOUT ROWID;
CREATE TABLE banned_addresses (
    room INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (room, address)
) WITHOUT ROWID;
CREATE TABLE revoked_links (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
)";

// A reaction is what a member last said of a message with one emoji: only that is read for a page, however often it was
// said. Earlier ones count as taken back.
constexpr std::string_view version_2 = R"(
UPDATE records SET is_on = 0 WHERE kind = 2 AND is_on = 1 AND (room, seq) NOT IN
    (SELECT room, max(seq) FROM records WHERE kind = 2 GROUP BY room, target, sender, emoji);
DROP INDEX records_target;
ALTER TABLE marks ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX records_reaction ON records (room, target, sender, emoji) WHERE kind = 2 AND is_on = 1;
)";

// The links that were made, so that a host can see and void them. Those of before are not known.
constexpr std::string_view version_3 = R"(
CREATE TABLE links (
    room INTEGER NOT NULL,
    id TEXT NOT NULL,
    role INTEGER NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    host_key TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (room, id)
) WITHOUT ROWID;
)";

constexpr std::array<Migration, 3> all_migrations{{{1, version_1}, {2, version_2}, {3, version_3}}};

Error newer(const std::string& file, std::int64_t found, int known) {
    return {"store_newer",
            "The database has schema version " + std::to_string(found) + ", this waaft knows version " +
                std::to_string(known) + " and older.",
            file, "Run the newer waaft again, or give this one another data directory."};
}

Error foreign(const std::string& file) {
    return {"store_unreadable", "The file is another program's SQLite database.", file,
            "Give waaft a data directory of its own."};
}

int apply(Database& database, std::int64_t from, std::span<const Migration> steps) {
    std::string sql = "BEGIN IMMEDIATE;";
    for (const Migration& step : steps) {
        if (step.version > from) sql += step.sql;
    }
    sql += "PRAGMA application_id = " + std::to_string(application_id) + ";";
    sql += "PRAGMA user_version = " + std::to_string(steps.back().version) + ";COMMIT;";
    const int code = database.execute(sql);
    if (code != SQLITE_OK && !database.is_autocommit()) database.execute("ROLLBACK");
    return code;
}

// Nothing is in the file yet, so its steps need no syncs of their own: one at the end covers all.
int create(Database& database, std::span<const Migration> steps) {
    int code = database.execute("PRAGMA synchronous = OFF");
    if (code == SQLITE_OK) code = apply(database, 0, steps);
    if (code == SQLITE_OK) code = database.execute("PRAGMA journal_mode = WAL");
    if (code == SQLITE_OK) code = database.sync();
    return code;
}

// VACUUM INTO also takes what still is in the WAL.
Result<std::string> copy_before_migration(Database& database, const std::string& file, std::int64_t version) {
    const std::string copy = file + ".v" + std::to_string(version) + ".bak";
    std::error_code ignored;
    std::filesystem::remove(copy, ignored);  // of a migration that didn't come to its end
    // On a full disk it would take the last space and then fail, again and again.
    const auto size = std::filesystem::file_size(file, ignored);
    const auto space = std::filesystem::space(std::filesystem::path(file).parent_path(), ignored);
    if (!ignored && space.available < size) return disk_full(copy);
    if (const auto error = make_private_file(copy)) return *error;
    Query vacuum = database.query("VACUUM INTO ?1", copy);
    if (!vacuum.run()) return open_error(database, vacuum.code(), copy);
    if (const auto error = sync_path(copy)) return *error;
    return {boost::system::in_place_value, copy};
}

}  // namespace

std::span<const Migration> migrations() { return all_migrations; }

Result<std::string> upgrade_schema(Database& database, const std::string& file, std::span<const Migration> steps) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) return open_error(database, version.error(), file);
    const auto tables = database.number("SELECT count(*) FROM sqlite_master");
    if (!tables) return open_error(database, tables.error(), file);
    const auto application = database.number("PRAGMA application_id");
    if (!application) return open_error(database, application.error(), file);

    if (*tables == 0 && *version == 0) {
        const int code = create(database, steps);
        if (code != SQLITE_OK) return open_error(database, code, file);
        return {boost::system::in_place_value, ""};
    }
    if (*application != application_id) return foreign(file);
    if (*version > steps.back().version) return newer(file, *version, steps.back().version);
    if (*version == steps.back().version) return {boost::system::in_place_value, ""};
    auto copy = copy_before_migration(database, file, *version);
    if (!copy) return copy;
    const int code = apply(database, *version, steps);
    if (code != SQLITE_OK) return open_error(database, code, file);
    return copy;
}

Error open_error(const Database& database, int code, const std::string& file) {
    if (database.opened() && database.error_of(code) == StoreError::full) return disk_full(file);
    // Of a file beside the database that it could not make, SQLite does not tell why.
    if ((code & 0xFF) == SQLITE_CANTOPEN && no_space_for_file(file + "-probe")) return disk_full(file);
    const std::string said = database.opened() ? sqlite3_errmsg(database.handle()) : sqlite3_errstr(code);
    switch (code & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return {"store_corrupt", "The database is damaged: " + said + ".", file, ""};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {"store_locked", "Another process uses the database.", file,
                    "End it, or use another data directory."};
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
            return {"store_unreadable", "The database can't be opened: " + said + ".", file,
                    "Give the user that runs waaft the right to write this file and its directory."};
        default:
            return {"store_io", "The database failed: " + said + ".", file, "Check the disk: space, mount, dmesg."};
    }
}

}  // namespace waaft::store
