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

// The files of one database, which may be opened more than once until there is space for them.
class Files {
public:
    explicit Files(SqliteOptions options) : options_(std::move(options)) {
        const fs::path path(options_.path);
        directory_ = path.has_parent_path() ? path.parent_path().string() : ".";
    }

    // `opening` says what was found, also where it fails.
    Result<std::unique_ptr<Engine>> open(Opening& opening);
    // What can be read of it without any space; nullptr: that is not possible, or somebody else may write to it.
    std::unique_ptr<Engine> open_for_reading();

private:
    std::optional<Error> take_lock();
    bool has_log() const;
    std::unique_ptr<Engine> engine_on(Database database) const {
        return std::make_unique<SqliteEngine>(std::move(database), lock_, options_.wipe_after);
    }

    SqliteOptions options_;
    std::string directory_;
    std::shared_ptr<const FileLock> lock_;  // held from the first time on that it could be had
};

std::optional<Error> Files::take_lock() {
    if (lock_) return std::nullopt;
    auto lock = FileLock::take((fs::path(directory_) / "waaft.lock").string());
    if (!lock) return lock.error();
    lock_ = std::make_shared<const FileLock>(std::move(*lock));
    return std::nullopt;
}

Result<std::unique_ptr<Engine>> Files::open(Opening& opening) {
    if (const auto error = make_private_directory(directory_)) return *error;
    if (const auto error = take_lock()) return *error;
    const bool is_new = !fs::exists(options_.path);
    if (const auto error = make_private_file(options_.path)) return *error;

    auto database = open_database(options_);
    if (!database && database.error().code == "store_corrupt") {
        const auto aside = move_aside(options_.path, read_clocks().wall);
        if (!aside) return aside.error();
        opening.moved_aside = *aside;
        if (const auto error = make_private_file(options_.path)) return *error;
        database = open_database(options_);
    }
    if (!database) return database.error();
    if (is_new || !opening.moved_aside.empty()) {
        if (const auto error = sync_path(directory_)) return *error;
    }
    opening.migrated_copy = std::move(database->migrated_copy);
    return engine_on(std::move(database->database));
}

// Whether the file alone is not all.
bool Files::has_log() const {
    for (const char* suffix : {"-wal", "-journal"}) {
        std::error_code error;
        if (fs::file_size(options_.path + suffix, error) > 0 && !error) return true;
    }
    return false;
}

std::unique_ptr<Engine> Files::open_for_reading() {
    std::error_code error;
    const bool is_there = fs::exists(options_.path, error) && fs::file_size(options_.path, error) > 0;
    if (error || has_log()) return nullptr;
    if (!is_there) return make_memory_engine();
    if (!lock_) return nullptr;
    Database database = Database::open_for_reading(options_.path);
    if (!database.opened()) return nullptr;
    const auto version = database.number("PRAGMA user_version");
    if (!version || *version != migrations().back().version) return nullptr;
    return engine_on(std::move(database));
}

}  // namespace

Result<Opened> open_sqlite_store(SqliteOptions options) {
    const auto files = std::make_shared<Files>(options);
    Opened opened;
    auto engine = files->open(opened);
    if (engine) {
        opened.store = std::make_unique<QueuedStore>(std::move(*engine), options.queue_max);
        return opened;
    }
    if (!options.on_opening || engine.error().code != "store_full") return engine.error();
    auto reading = files->open_for_reading();
    opened.waits_for = engine.error();
    opened.readable = reading != nullptr;
    const auto again = [files, told = options.on_opening, readable = opened.readable]() -> std::unique_ptr<Engine> {
        Opening opening;
        auto made = files->open(opening);
        if (!made) {
            opening.waits_for = made.error();
            opening.readable = readable;
        }
        told(opening);
        return made ? std::move(*made) : nullptr;
    };
    opened.store = std::make_unique<QueuedStore>(std::move(reading), options.queue_max,
                                                 QueuedStore::Later{again, options.open_again});
    return opened;
}

}  // namespace waaft::store
