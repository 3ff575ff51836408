// open_sqlite_store(): from a path to a store that runs, or to the reason why not.
#include "server/store/file.h"
#include "server/store/queued_store.h"
#include "server/store/schema.h"
#include "server/store/sqlite_engine.h"

#include <filesystem>
#include <utility>

namespace waaft::store {
namespace {

namespace fs = std::filesystem;

// A check reads the whole file; larger ones rely on the errors of what is read later.
constexpr std::uintmax_t check_size_max = 256ULL * 1024 * 1024;

// The last connection that closes removes the WAL, so one that is there is from a crash.
bool was_not_closed(const std::string& file) {
    std::error_code error;
    const auto wal = fs::file_size(file + "-wal", error);
    if (error || wal == 0) return false;
    return fs::file_size(file, error) < check_size_max && !error;
}

int set_up(Database& database) {
    // secure_delete: a message that was deleted is overwritten, also where its page becomes free.
    return database.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;"
        "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;");
}

struct OpenedDatabase {
    Database database;
    std::string migrated_copy;
};

Result<OpenedDatabase> open_database(const SqliteOptions& options) {
    static constexpr int busy_timeout_ms = 5000;  // somebody may look into the file with sqlite3(1)
    const bool check = was_not_closed(options.path);
    Database database = Database::open(options.path, options.vfs);
    if (!database.opened()) return open_error(database, database.code(), options.path);
    sqlite3_busy_timeout(database.handle(), busy_timeout_ms);
    if (check) {
        const auto found = database.text("PRAGMA quick_check(1)");
        if (!found) return open_error(database, found.error(), options.path);
        if (*found != "ok") return Error{"store_corrupt", "The database is damaged: " + *found + ".", options.path, ""};
    }
    auto copy = upgrade_schema(database, options.path, migrations());
    if (!copy) return copy.error();
    const int code = set_up(database);
    if (code != SQLITE_OK) return open_error(database, code, options.path);
    return OpenedDatabase{std::move(database), std::move(*copy)};
}

}  // namespace

Result<Opened> open_sqlite_store(SqliteOptions options) {
    const fs::path path(options.path);
    const std::string directory = path.has_parent_path() ? path.parent_path().string() : ".";
    if (const auto error = make_private_directory(directory)) return *error;
    auto lock = FileLock::take((fs::path(directory) / "waaft.lock").string());
    if (!lock) return lock.error();
    const bool is_new = !fs::exists(path);
    if (const auto error = make_private_file(options.path)) return *error;

    Opened opened;
    auto database = open_database(options);
    if (!database && database.error().code == "store_corrupt") {
        const auto aside = move_aside(options.path, read_clocks().wall);
        if (!aside) return aside.error();
        opened.moved_aside = *aside;
        if (const auto error = make_private_file(options.path)) return *error;
        database = open_database(options);
    }
    if (!database) return database.error();
    if (is_new || !opened.moved_aside.empty()) {
        if (const auto error = sync_path(directory)) return *error;
    }
    opened.migrated_copy = std::move(database->migrated_copy);
    auto engine = std::make_unique<SqliteEngine>(std::move(database->database), std::move(*lock), options.wipe_after);
    opened.store = std::make_unique<QueuedStore>(std::move(engine), options.queue_max);
    return opened;
}

}  // namespace waaft::store
